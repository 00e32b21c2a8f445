import type { Action } from "./action.js";
import type {
  FlowModCommand,
  FlowMonitorCommand,
  FlowRemovedReason,
  FlowUpdateEvent,
  PacketInReason,
} from "./enumeration.js";
import type { FlowStats, Instruction } from "./instruction.js";
import type { Match } from "./match.js";

export interface FlowMod {
  readonly type: "flow_mod";
  readonly command: FlowModCommand;
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  /** For modify and delete: only flows whose cookie agrees with `cookie` in these bits. */
  readonly cookieMask: bigint;
  /** Seconds, 0 for none. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  /** Eviction order, OpenFlow 1.4 on; 0 before. */
  readonly importance: number;
  readonly bufferId: number;
  /** For delete: only flows that send there. */
  readonly outPort: number;
  readonly outGroup: number;
  /** Bits of `FlowFlag`. */
  readonly flags: number;
  readonly match: Match;
  readonly instructions: readonly Instruction[];
}

/** One flow of a flow description (`dump-flows`), and of the flow statistics of 1.3 and 1.4. */
export interface FlowDescription {
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly importance: number;
  readonly flags: number;
  readonly match: Match;
  readonly stats: FlowStats;
  readonly instructions: readonly Instruction[];
}

/** One flow of the short flow statistics of OpenFlow 1.5. */
export interface FlowStatistics {
  readonly table: number;
  /** 0: asked for; 1: a statistics trigger. */
  readonly reason: number;
  readonly priority: number;
  readonly match: Match;
  readonly stats: FlowStats;
}

/** Which flows a request is about. */
export interface FlowFilter {
  readonly table: number;
  readonly outPort: number;
  readonly outGroup: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly match: Match;
  /** What stands behind it, where nothing should; OVS passes over it. */
  readonly trailing?: Uint8Array;
}

export interface FlowRemoved {
  readonly type: "flow_removed";
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly reason: FlowRemovedReason;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly match: Match;
  readonly stats: FlowStats;
}

export interface PacketIn {
  readonly type: "packet_in";
  readonly bufferId: number;
  /** Bytes of the packet as it came, which may be more than `data`. */
  readonly totalLength: number;
  readonly reason: PacketInReason;
  readonly table: number;
  readonly cookie: bigint;
  /** The port and the packet's metadata. */
  readonly match: Match;
  readonly data: Uint8Array;
}

export interface PacketOut {
  readonly type: "packet_out";
  readonly bufferId: number;
  /** Before OpenFlow 1.5 only `in_port` can stand here; it is `Port.CONTROLLER` or `Port.ANY` for a packet of ours. */
  readonly match: Match;
  readonly actions: readonly Action[];
  readonly data: Uint8Array;
}

/** A request to be told of changes of flows. */
export interface FlowMonitorRequest {
  readonly monitor: number;
  readonly outPort: number;
  readonly outGroup: number;
  /** Bits of `FlowMonitorFlag`. */
  readonly flags: number;
  readonly table: number;
  readonly command: FlowMonitorCommand;
  readonly match: Match;
}

export type FlowUpdate =
  | {
      readonly event: Exclude<FlowUpdateEvent, "abbrev" | "paused" | "resumed" | number>;
      readonly table: number;
      readonly reason: FlowRemovedReason;
      readonly idleTimeout: number;
      readonly hardTimeout: number;
      readonly priority: number;
      readonly cookie: bigint;
      readonly match: Match;
      readonly instructions: readonly Instruction[];
    }
  /** A change that this controller asked for itself, by the xid of its request. */
  | { readonly event: "abbrev"; readonly xid: number }
  | { readonly event: "paused" }
  | { readonly event: "resumed" };
