export { formatFlow } from "openflow-ts";
export type { HeldPacket } from "./controller/held-packets.js";
export type { FlowStatus, ListedFlow } from "./controller/listing.js";
export { NotAttachedError } from "./controller/not-attached.js";
export type {
  LocalPort,
  SteeringEvents,
  SteeringOptions,
  SteeringState,
  SteeringStatus,
  TrunkPort,
} from "./controller/options.js";
export { OWNER_KEY } from "./controller/owner.js";
export { TooManyPeersError } from "./controller/policy.js";
export { reach } from "./controller/reach.js";
export { Steering } from "./controller/steering.js";
export type {
  ConnectionTimeouts,
  Ends,
  Explanation,
  Fate,
  Flow,
  SwitchLayout,
  Translation,
} from "./pipeline/index.js";
export { EntryTooWideError, TableTooDeepError } from "./pipeline/index.js";
export type {
  Accept,
  Address,
  Entry,
  EntryAction,
  EntryField,
  EntryProblem,
  EntrySpec,
  Family,
  PortSpec,
  ProtocolName,
  ProtocolSpec,
  ShadowedEntry,
  Tuple,
  WhenPeerDown,
} from "./table/index.js";
export { formatAddress, LookupTable, parseAddress, TableError } from "./table/index.js";
