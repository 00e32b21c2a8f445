export { fieldMatch, match, setBits, setField, subfield } from "./build/match.js";
export { flowMod, groupMod, learn, output, packetOut } from "./build/message.js";
export { type ActionContext, checkActions } from "./check/action.js";
export { checkInstructions, type InstructionContext } from "./check/instruction.js";
export { checkMatch, type MatchContext } from "./check/match.js";
export { checkMessage } from "./check/message.js";
export { type Address, parseAddress } from "./connection/address.js";
export type { BundleOptions } from "./connection/bundle.js";
export { Connection, type ConnectionOptions } from "./connection/connection.js";
export type { TlsOptions } from "./connection/dial.js";
export {
  BundleError,
  DisconnectedError,
  OpenFlowError,
  ProtocolError,
  RequestTimeoutError,
  VersionError,
} from "./connection/errors.js";
export type { ReplyTo, RequestOptions } from "./connection/exchange.js";
export { Deframer } from "./connection/framing.js";
export { Keepalive } from "./connection/keepalive.js";
export { Listener, type ListenerEvents, type ListenerOptions } from "./connection/listener.js";
export { Peer, type PeerEvents } from "./connection/peer.js";
export { Reconnect, type ReconnectOptions } from "./connection/reconnect.js";
export { Session, type SessionOptions } from "./connection/session.js";
export { DecodeError, EncodeError, InvalidError, OpenFlowLibraryError, ParseError } from "./errors/error.js";
export { errorNames } from "./errors/names.js";
export {
  formatEthernet,
  formatIPv4,
  formatIPv6,
  parseEthernet,
  parseIPv4,
  parseIPv6,
  prefixLength,
  prefixMask,
} from "./fields/address.js";
export { canonicalMatch, matchKey } from "./fields/canonical.js";
export type { Field, FieldName } from "./fields/registry.js";
export { fieldByName, fields } from "./fields/registry.js";
export type { FieldHeader, FieldRow, Prerequisite, ValueKind } from "./fields/row.js";
export { formatValue, type Masked, parseValue, type ValueInput } from "./fields/value.js";
export { decode, decodeHeader, encode, type Header, headerSize } from "./messages/message.js";
export {
  actionList,
  instructionList,
  matchFieldList,
  matchStructure,
  type PartCodec,
} from "./messages/part.js";
export { parseSelectionMethod, selectionMethod } from "./messages/selection.js";
export type * from "./model/action.js";
export type * from "./model/bundle.js";
export * from "./model/constants.js";
export type * from "./model/enumeration.js";
export type * from "./model/flow.js";
export type * from "./model/group.js";
export type * from "./model/instruction.js";
export type * from "./model/legacy-action.js";
export type * from "./model/match.js";
export type * from "./model/message.js";
export type * from "./model/meter.js";
export type * from "./model/multipart.js";
export type * from "./model/nicira-action.js";
export { ConntrackFlag, LearnFlag, NatFlag } from "./model/nicira-action.js";
export type * from "./model/nicira-message.js";
export type * from "./model/port.js";
export type * from "./model/property.js";
export type * from "./model/queue.js";
export type * from "./model/switch.js";
export type * from "./model/table.js";
export { formatAction, formatActions } from "./text/action.js";
export { formatFlow, formatInstructions } from "./text/flow.js";
export { formatMatch } from "./text/match.js";
export { formatOxm, parseOxm } from "./text/oxm.js";
export type { ActionVersion, Version } from "./version.js";
export { OpenFlow13, OpenFlow14, OpenFlow15, versionName, versions } from "./version.js";
