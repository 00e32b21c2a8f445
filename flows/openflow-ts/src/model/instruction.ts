import type { Action } from "./action.js";

export type Instruction =
  | { readonly type: "goto_table"; readonly table: number }
  | { readonly type: "write_metadata"; readonly metadata: bigint; readonly mask: bigint }
  | { readonly type: "write_actions" | "apply_actions"; readonly actions: readonly Action[] }
  | { readonly type: "clear_actions" }
  /** OpenFlow 1.3 and 1.4; an action since 1.5. */
  | { readonly type: "meter"; readonly meter: number }
  /** OpenFlow 1.5. */
  | { readonly type: "stat_trigger"; readonly flags: number; readonly thresholds: FlowStats }
  | { readonly type: "experimenter"; readonly experimenter: number; readonly data: Uint8Array };

/**
 * Counters of a flow: OXS fields in OpenFlow 1.5, fixed fields before. On the wire they stand in the order of the
 * object's keys.
 */
export interface FlowStats {
  readonly duration?: Duration;
  readonly idleTime?: Duration;
  readonly flowCount?: number;
  readonly packetCount?: bigint;
  readonly byteCount?: bigint;
  readonly unknown?: readonly UnknownStat[];
}

export interface Duration {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** An OXS field that is not known here, or stands there a second time. */
export interface UnknownStat {
  readonly class: number;
  readonly number: number;
  readonly reserved: boolean;
  readonly data: Uint8Array;
  /** How many fields stand before it; absent: all others. */
  readonly position?: number;
}
