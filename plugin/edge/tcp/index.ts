export { abort } from "./abort.js";
export { type Arrival, failing, type Onward } from "./application-socket.js";
export {
  type ConnectionCounts,
  type ConnectionsOptions,
  type Dial,
  type Interception,
  isTcp,
  TcpConnections,
} from "./connections.js";
export { INITIAL_CREDIT } from "./credit.js";
export { DSCP_MAX, DSCP_NAMES, type DscpName } from "./dscp.js";
export { endpointsKey } from "./endpoints.js";
export { descriptorOf } from "./handle.js";
export type { Inquiry } from "./inquiry.js";
export { EdgeMemory } from "./memory.js";
export { connectRewritten, RewrittenListener, rewrittenSocket } from "./rewritten.js";
export { SynAcks } from "./syn-acks.js";
export { CLASS_NAME_MAX, DEFAULT_CLASS, plainClass, type TrafficClass } from "./traffic-class.js";
export { type Translated, Translations } from "./translations.js";
export {
  dialTransparent,
  type ListenOptions,
  listenTransparent,
  type TransparentOptions,
} from "./transparent.js";
