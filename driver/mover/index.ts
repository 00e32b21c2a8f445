export type {
  BufferSource,
  DataMover,
  DownReason,
  MoverEvents,
  MoverOptions,
  MoverState,
  MoverStats,
  PeerInfo,
  RateOptions,
  SecurityOptions,
  WayMode,
} from "./contract.js";
export type { PeerAddress } from "./demultiplexer.js";
export { DgramLink, DgramPort, type DgramPortOptions } from "./dgram/index.js";
export type { Stranger } from "./handshake/security.js";
export type { Link, LinkEndpoint, LinkStream, ReceivedBatch } from "./link.js";
export { Origin, SendBatch, Way, wayOf } from "./link.js";
export { Mover } from "./mover.js";
export { BUFFER_FIELD_BYTES } from "./wire/buffer-field.js";
