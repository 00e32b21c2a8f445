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
} from "./contract.js";
export type { Link, LinkEndpoint, ReceivedBatch } from "./link.js";
export { SendBatch } from "./link.js";
