export { formatFlow } from "openflow-ts";
export type { FlowStatus, ListedFlow } from "./controller/listing.js";
export type {
  LocalPort,
  RewriteOptions,
  SteeringEvents,
  SteeringOptions,
  SteeringState,
  SteeringStatus,
} from "./controller/options.js";
export { TooManyPeersError } from "./controller/policy.js";
export { NotAttachedError, Steering } from "./controller/steering.js";
export type { ConnectionTimeouts, Explanation, Flow, SwitchLayout } from "./pipeline/index.js";
export { EntryTooWideError, TableTooDeepError, TooManyDestinationsError } from "./pipeline/index.js";
export type {
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
} from "./table/index.js";
export { formatAddress, LookupTable, parseAddress, TableError } from "./table/index.js";
