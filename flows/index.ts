export type {
  ConnectionTimeouts,
  LocalPort,
  SteeringEvents,
  SteeringOptions,
  SteeringState,
  SteeringStatus,
  SwitchLayout,
} from "./controller/options.js";
export { Steering } from "./controller/steering.js";
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
