export type { Address, AddressSet, Family } from "./address.js";
export { ADDRESS_BITS, formatAddress, parseAddress } from "./address.js";
export type {
  Accept,
  Entry,
  EntryAction,
  EntryField,
  EntryProblem,
  EntrySpec,
  PortSpec,
  ProtocolName,
  ProtocolSpec,
  WhenPeerDown,
} from "./entry.js";
export type { ShadowedEntry, Tuple } from "./lookup-table.js";
export { LookupTable, TableError } from "./lookup-table.js";
