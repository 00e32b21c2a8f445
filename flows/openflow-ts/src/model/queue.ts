import type { Duration } from "./instruction.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

/** Rates in tenths of a percent. */
export interface QueueProperties {
  readonly minRate?: number;
  readonly maxRate?: number;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface QueueDescription {
  readonly port: number;
  readonly queue: number;
  readonly properties: QueueProperties;
}

/** OpenFlow 1.3; later the multipart `queue_desc`. */
export interface QueueGetConfigRequest {
  readonly type: "queue_get_config_request";
  readonly port: number;
}

export interface QueueGetConfigReply {
  readonly type: "queue_get_config_reply";
  readonly port: number;
  readonly queues: readonly QueueDescription[];
}

export interface QueueStatistics {
  readonly port: number;
  readonly queue: number;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrors: bigint;
  readonly duration: Duration;
  readonly properties: {
    readonly experimenter?: readonly ExperimenterProperty[];
    readonly unknown?: readonly UnknownProperty[];
  };
}
