export { BufferPool, type BufferPoolOptions } from "./buffer-pool.js";
export type { Compressor } from "./compressor.js";
export { CompressionUnavailableError } from "./lz4.js";
export {
  MAXIMUM_MESSAGE_DATA,
  type MessageAddresses,
  MessageFlag,
  type MessageHeader,
  MessageStatus,
  MessageType,
  SESSION_PROTOCOL,
  SHORT_HEADER_LENGTH,
} from "./message.js";
export type { OnMessage } from "./message-reader.js";
export { type MessageSource, type MessageWriter, PRIORITIES, type Priority } from "./message-source.js";
export * from "./mover/index.js";
export { PacketDriver, type PacketDriverOptions } from "./packet-driver.js";
export { PacketDriverError, type PacketDriverErrorCode } from "./packet-driver-error.js";
export type { PacketDriverStatistics } from "./packet-driver-statistics.js";
export {
  LocalTransport,
  type Transport,
  type TransportDownReason,
  type TransportEvents,
  type TransportOptions,
  type TransportState,
} from "./transport.js";
export { WireError, type WireErrorCode } from "./wire-error.js";
export { DataWorker, DataWorkerError, type DataWorkerOptions } from "./worker/index.js";
