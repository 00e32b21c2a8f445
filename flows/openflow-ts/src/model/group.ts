import type { Action } from "./action.js";
import type { GroupModCommand, GroupType } from "./enumeration.js";
import type { Duration } from "./instruction.js";
import type { Match } from "./match.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

/** One bucket. What it does not need is absent; properties stand on the wire in the order of the object's keys. */
export interface GroupBucket {
  /** OpenFlow 1.5. Absent: the place in the list. */
  readonly id?: number;
  /** Share of traffic; only of select groups. */
  readonly weight?: number;
  /** The bucket is live while this port is. */
  readonly watchPort?: number;
  /** The bucket is live while this group has a live bucket. */
  readonly watchGroup?: number;
  readonly actions: readonly Action[];
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

/** Properties of a group (OpenFlow 1.5). OVS takes how a select group chooses its bucket as an experimenter's property. */
export interface GroupProperties {
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

/** How a select group of OVS chooses its bucket: see `selectionMethod`. */
export interface SelectionMethod {
  /** "hash" or "dp_hash". */
  readonly method: string;
  readonly parameter: bigint;
  /** The fields that are hashed; their values are the bits that count. */
  readonly fields: Match;
}

export interface GroupMod {
  readonly type: "group_mod";
  readonly command: GroupModCommand;
  readonly groupType: GroupType;
  readonly group: number;
  /** Which bucket an insert or remove is about (OpenFlow 1.5). */
  readonly commandBucket: number;
  readonly buckets: readonly GroupBucket[];
  readonly properties: GroupProperties;
}

export interface GroupDescription {
  readonly groupType: GroupType;
  readonly group: number;
  readonly buckets: readonly GroupBucket[];
  readonly properties: GroupProperties;
}

export interface GroupStatistics {
  readonly group: number;
  readonly references: number;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly duration: Duration;
  readonly buckets: readonly { readonly packetCount: bigint; readonly byteCount: bigint }[];
}

/** By group type: all, select, indirect, fast-failover. */
export interface GroupFeatures {
  readonly types: number;
  readonly capabilities: number;
  readonly maxGroups: readonly [number, number, number, number];
  readonly actions: readonly [number, number, number, number];
}
