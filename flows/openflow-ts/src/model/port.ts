import type { PortReason } from "./enumeration.js";
import type { Duration } from "./instruction.js";
import type { ExperimenterProperty, UnknownProperty } from "./property.js";

/** Ethernet speeds and features: bits as in `ofp_port_features`, speeds in kbit/s. */
export interface EthernetFeatures {
  readonly current: number;
  readonly advertised: number;
  readonly supported: number;
  readonly peer: number;
  readonly currentSpeed: number;
  readonly maxSpeed: number;
}

/** Frequencies in units of 100 Hz, powers in dBm × 10. */
export interface OpticalFeatures {
  readonly supported: number;
  readonly txMinFrequency: number;
  readonly txMaxFrequency: number;
  readonly txGridFrequency: number;
  readonly rxMinFrequency: number;
  readonly rxMaxFrequency: number;
  readonly rxGridFrequency: number;
  readonly txMinPower: number;
  readonly txMaxPower: number;
}

/** Properties of a port, on the wire in the order of the object's keys. Before OpenFlow 1.4 only `ethernet`. */
export interface PortProperties {
  readonly ethernet?: EthernetFeatures;
  readonly optical?: OpticalFeatures;
  /** OXM headers by which the pipeline sees packets from this port (OpenFlow 1.5). */
  readonly pipelineInput?: Uint8Array;
  readonly pipelineOutput?: Uint8Array;
  readonly recirculate?: readonly number[];
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface PortDescription {
  readonly port: number;
  /** 48 bits. */
  readonly hardwareAddress: bigint;
  readonly name: string;
  /** Bits of `PortConfig`. */
  readonly config: number;
  /** Bits of `PortState`. */
  readonly state: number;
  readonly properties: PortProperties;
}

export interface PortStatus {
  readonly type: "port_status";
  readonly reason: PortReason;
  readonly description: PortDescription;
}

export interface PortMod {
  readonly type: "port_mod";
  readonly port: number;
  readonly hardwareAddress: bigint;
  readonly config: number;
  /** The bits of `config` that change. */
  readonly mask: number;
  readonly properties: PortModProperties;
}

export interface PortModProperties {
  /** Features to advertise, 0 for no change. Before OpenFlow 1.4 always there. */
  readonly ethernet?: { readonly advertise: number };
  readonly optical?: {
    readonly configure: number;
    readonly frequency: number;
    readonly flOffset: number;
    readonly gridSpan: number;
    readonly txPower: number;
  };
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}

export interface PortStatistics {
  readonly port: number;
  readonly duration: Duration;
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly properties: PortStatisticsProperties;
}

export interface PortStatisticsProperties {
  readonly ethernet?: {
    readonly rxFrameErrors: bigint;
    readonly rxOverErrors: bigint;
    readonly rxCrcErrors: bigint;
    readonly collisions: bigint;
  };
  readonly optical?: {
    readonly flags: number;
    readonly txFrequency: number;
    readonly txOffset: number;
    readonly txGridSpan: number;
    readonly rxFrequency: number;
    readonly rxOffset: number;
    readonly rxGridSpan: number;
    readonly txPower: number;
    readonly rxPower: number;
    readonly biasCurrent: number;
    readonly temperature: number;
  };
  readonly experimenter?: readonly ExperimenterProperty[];
  readonly unknown?: readonly UnknownProperty[];
}
