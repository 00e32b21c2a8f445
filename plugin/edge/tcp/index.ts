export { abort } from "./abort.js";
export {
  type ConnectionCounts,
  type ConnectionsOptions,
  type Dial,
  endpointsKey,
  isTcp,
  TcpConnections,
} from "./connections.js";
export { INITIAL_CREDIT } from "./credit.js";
export type { Inquiry } from "./inquiry.js";
export { EdgeMemory } from "./memory.js";
export { connectRewritten, RewrittenListener, rewrittenSocket } from "./rewritten.js";
export { type Translated, Translations } from "./translations.js";
export {
  dialTransparent,
  type ListenOptions,
  listenTransparent,
  type TransparentOptions,
} from "./transparent.js";
