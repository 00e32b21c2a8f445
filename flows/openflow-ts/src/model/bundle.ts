import type { BundleControlType } from "./enumeration.js";
import type { Message } from "./message.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

/** Opens, closes, commits or discards a bundle. OpenFlow 1.4 on; in 1.3 an ONF extension. */
export interface BundleControl {
  readonly type: "bundle_control";
  readonly bundle: number;
  readonly control: BundleControlType;
  /** Bits of `BundleFlag`. */
  readonly flags: number;
  readonly properties: BundleProperties;
}

/** One message of a bundle. */
export interface BundleAdd {
  readonly type: "bundle_add";
  readonly bundle: number;
  readonly flags: number;
  readonly message: Message;
  /** Absent: the xid of the bundle-add itself, as the specification demands. */
  readonly messageXid?: number;
  readonly properties: BundleProperties;
}

export interface BundleProperties {
  /** When to commit (OpenFlow 1.5). */
  readonly time?: BundleTime;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface BundleTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** Times and clock abilities of the bundle features (OpenFlow 1.5). */
export interface BundleFeaturesTime {
  readonly accuracy: BundleTime;
  readonly maxFuture: BundleTime;
  readonly maxPast: BundleTime;
  readonly timestamp: BundleTime;
}
