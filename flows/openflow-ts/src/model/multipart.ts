import type { BundleFeaturesTime } from "./bundle.js";
import type { FlowDescription, FlowFilter, FlowMonitorRequest, FlowStatistics, FlowUpdate } from "./flow.js";
import type { GroupDescription, GroupFeatures, GroupStatistics } from "./group.js";
import type { FlowStats } from "./instruction.js";
import type { MeterDescription, MeterFeatures, MeterStatistics } from "./meter.js";
import type { PortDescription, PortStatistics } from "./port.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";
import type { QueueDescription, QueueStatistics } from "./queue.js";
import type { ControllerStatusEntry } from "./switch.js";
import type { TableDescription, TableFeatures, TableStatistics } from "./table.js";

export interface MultipartRequest {
  readonly type: "multipart_request";
  /** Bits of `MultipartFlag`. */
  readonly flags: number;
  readonly body: MultipartRequestBody;
}

export interface MultipartReply {
  readonly type: "multipart_reply";
  readonly flags: number;
  readonly body: MultipartReplyBody;
}

/** Bodies by the multipart type's name. `flow_desc` is type 1, which OpenFlow 1.3 and 1.4 call `flow`. */
export type MultipartRequestBody =
  | {
      readonly type:
        | "desc"
        | "table_stats"
        | "group_features"
        | "meter_features"
        | "table_desc"
        | "controller_status";
    }
  | ({ readonly type: "flow_desc" | "aggregate" | "flow_stats" } & FlowFilter)
  /** OpenFlow 1.5 can ask for one port; before it is `Port.ANY`. */
  | { readonly type: "port_stats" | "port_desc"; readonly port: number }
  | { readonly type: "queue_stats" | "queue_desc"; readonly port: number; readonly queue: number }
  /** OpenFlow 1.5 can ask for one group in `group_desc`; before it is `Group.ALL`. */
  | { readonly type: "group_stats" | "group_desc"; readonly group: number }
  | { readonly type: "meter_stats" | "meter_desc"; readonly meter: number }
  | { readonly type: "table_features"; readonly tables: readonly TableFeatures[] }
  | { readonly type: "flow_monitor"; readonly monitors: readonly FlowMonitorRequest[] }
  | {
      readonly type: "bundle_features";
      readonly features: number;
      readonly properties: BundleFeaturesProperties;
    }
  | ExperimenterBody;

export interface ExperimenterBody {
  readonly type: "experimenter";
  readonly experimenter: number;
  readonly experimenterType: number;
  readonly data: Uint8Array;
}

export interface BundleFeaturesProperties {
  readonly time?: BundleFeaturesTime;
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface SwitchDescription {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serialNumber: string;
  readonly datapath: string;
}

export type MultipartReplyBody =
  | ({ readonly type: "desc" } & SwitchDescription)
  | { readonly type: "flow_desc"; readonly flows: readonly FlowDescription[] }
  | { readonly type: "flow_stats"; readonly flows: readonly FlowStatistics[] }
  | { readonly type: "aggregate"; readonly stats: FlowStats }
  | { readonly type: "table_stats"; readonly tables: readonly TableStatistics[] }
  | { readonly type: "port_stats"; readonly ports: readonly PortStatistics[] }
  | { readonly type: "port_desc"; readonly ports: readonly PortDescription[] }
  | { readonly type: "queue_stats"; readonly queues: readonly QueueStatistics[] }
  | { readonly type: "queue_desc"; readonly queues: readonly QueueDescription[] }
  | { readonly type: "group_stats"; readonly groups: readonly GroupStatistics[] }
  | { readonly type: "group_desc"; readonly groups: readonly GroupDescription[] }
  | ({ readonly type: "group_features" } & GroupFeatures)
  | { readonly type: "meter_stats"; readonly meters: readonly MeterStatistics[] }
  | { readonly type: "meter_desc"; readonly meters: readonly MeterDescription[] }
  | ({ readonly type: "meter_features" } & MeterFeatures)
  | { readonly type: "table_features"; readonly tables: readonly TableFeatures[] }
  | { readonly type: "table_desc"; readonly tables: readonly TableDescription[] }
  | { readonly type: "flow_monitor"; readonly updates: readonly FlowUpdate[] }
  | {
      readonly type: "bundle_features";
      readonly capabilities: number;
      readonly properties: BundleFeaturesProperties;
    }
  | { readonly type: "controller_status"; readonly controllers: readonly ControllerStatusEntry[] }
  | ExperimenterBody;
