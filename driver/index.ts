export {
  type MessageAddresses,
  MessageFlag,
  type MessageHeader,
  MessageStatus,
  MessageType,
  SHORT_HEADER_LENGTH,
} from "./message.js";
export type { MessageSource, MessageWriter, Priority } from "./message-source.js";
export { WireError, type WireErrorCode } from "./wire-error.js";
