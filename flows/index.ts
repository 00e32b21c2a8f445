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
  Entry,
  EntryAction,
  EntryField,
  EntryProblem,
  EntrySpec,
  PortSpec,
  ProtocolName,
  ProtocolSpec,
  ShadowedEntry,
  Tuple,
} from "./table/index.js";
export { LookupTable, TableError } from "./table/index.js";
