import type { TableReason } from "./enumeration.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

export interface TableVacancy {
  readonly down: number;
  readonly up: number;
  readonly current: number;
}

/** OpenFlow 1.4 on. */
export interface TableModProperties {
  readonly eviction?: { readonly flags: number };
  readonly vacancy?: TableVacancy;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface TableMod {
  readonly type: "table_mod";
  readonly table: number;
  readonly config: number;
  readonly properties: TableModProperties;
}

export interface TableDescription {
  readonly table: number;
  readonly config: number;
  readonly properties: TableModProperties;
}

/** OpenFlow 1.4 on. */
export interface TableStatus {
  readonly type: "table_status";
  readonly reason: TableReason;
  readonly description: TableDescription;
}

export interface TableStatistics {
  readonly table: number;
  readonly activeCount: number;
  readonly lookupCount: bigint;
  readonly matchedCount: bigint;
}

/** A type of action or instruction that a table supports, by number. */
export interface FeatureType {
  readonly type: number;
  /** With type 0xffff. */
  readonly experimenter?: number;
  /** What an experimenter adds. */
  readonly data?: Uint8Array;
}

/** An OXM header that a table supports. */
export interface FeatureField {
  readonly class: number;
  readonly number: number;
  readonly hasMask: boolean;
  readonly size: number;
  readonly experimenter?: number;
}

/** Properties of a table, on the wire in the order of the object's keys. `...Miss`: what its table-miss flow may do. */
export interface TableFeatureProperties {
  readonly instructions?: readonly FeatureType[];
  readonly instructionsMiss?: readonly FeatureType[];
  readonly nextTables?: readonly number[];
  readonly nextTablesMiss?: readonly number[];
  readonly writeActions?: readonly FeatureType[];
  readonly writeActionsMiss?: readonly FeatureType[];
  readonly applyActions?: readonly FeatureType[];
  readonly applyActionsMiss?: readonly FeatureType[];
  readonly match?: readonly FeatureField[];
  readonly wildcards?: readonly FeatureField[];
  readonly writeSetField?: readonly FeatureField[];
  readonly writeSetFieldMiss?: readonly FeatureField[];
  readonly applySetField?: readonly FeatureField[];
  readonly applySetFieldMiss?: readonly FeatureField[];
  /** The rest: OpenFlow 1.4 or 1.5. */
  readonly tableSyncFrom?: readonly number[];
  readonly writeCopyField?: readonly FeatureField[];
  readonly writeCopyFieldMiss?: readonly FeatureField[];
  readonly applyCopyField?: readonly FeatureField[];
  readonly applyCopyFieldMiss?: readonly FeatureField[];
  readonly packetTypes?: Uint8Array;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly experimenterMiss?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface TableFeatures {
  readonly table: number;
  /** OpenFlow 1.5; 0 before. */
  readonly command: number;
  readonly features: number;
  readonly name: string;
  readonly metadataMatch: bigint;
  readonly metadataWrite: bigint;
  readonly capabilities: number;
  readonly maxEntries: number;
  readonly properties: TableFeatureProperties;
}
