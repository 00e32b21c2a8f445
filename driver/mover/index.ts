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
  WayMode,
} from "./contract.js";
export type { PeerAddress } from "./demultiplexer.js";
export { DgramLink, DgramPort, type DgramPortOptions } from "./dgram/index.js";
export type { Link, LinkEndpoint, LinkStream, ReceivedBatch } from "./link.js";
export { Origin, SendBatch, Way } from "./link.js";
export { Mover } from "./mover.js";
export { BUFFER_FIELD_BYTES } from "./wire/buffer-field.js";
