import type { Match } from "./match.js";
import type { UnknownProperty } from "./property.js";
import type { AsyncMasks } from "./switch.js";

/** The format in which OVS sends packet-ins: 0 OpenFlow's own, 2 `nx_packet_in2`. */
export interface SetPacketInFormat {
  readonly type: "nx_set_packet_in_format";
  readonly format: number;
}

/** The number by which `controller` actions name this connection. */
export interface SetControllerId {
  readonly type: "nx_set_controller_id";
  readonly controller: number;
}

/** The asynchronous configuration of OpenFlow 1.4 for connections of OpenFlow 1.3. */
export interface NiciraSetAsync {
  readonly type: "nx_set_async_config2";
  readonly masks: AsyncMasks;
}

/**
 * A packet-in as properties; and, to have a packet that a `controller2` action paused go on, the same sent back as
 * `nx_resume` with its `continuation` unchanged.
 */
export interface PacketIn2 {
  readonly type: "nx_packet_in2" | "nx_resume";
  readonly properties: PacketIn2Properties;
}

/** On the wire in the order of the object's keys. */
export interface PacketIn2Properties {
  readonly packet?: Uint8Array;
  /** Bytes of the whole packet, where `packet` is its start. */
  readonly fullLength?: number;
  readonly bufferId?: number;
  readonly table?: number;
  readonly cookie?: bigint;
  readonly reason?: number;
  readonly metadata?: Match;
  readonly userdata?: Uint8Array;
  readonly continuation?: Uint8Array;
  readonly unknown?: readonly UnknownProperty[];
}

/** Which Geneve option a `tun_metadata` field is. */
export interface TlvMapping {
  readonly optionClass: number;
  readonly optionType: number;
  /** Bytes, a multiple of 4. */
  readonly length: number;
  /** The N of `tun_metadataN`. */
  readonly index: number;
}

export interface TlvTableMod {
  readonly type: "nx_tlv_table_mod";
  /**
   * 0 add, 1 delete, 2 clear. Open vSwitch refuses the last two with NXTTMFC_INVALID_TLV_DEL while a flow uses a field,
   * and for some milliseconds longer: what a deleted flow held is let go later, and a barrier does not wait for that.
   */
  readonly command: number;
  readonly mappings: readonly TlvMapping[];
}

export interface TlvTableRequest {
  readonly type: "nx_tlv_table_request";
}

export interface TlvTableReply {
  readonly type: "nx_tlv_table_reply";
  readonly maxOptionSpace: number;
  readonly maxFields: number;
  readonly mappings: readonly TlvMapping[];
}

/** Forgets the connections of a zone of connection tracking. */
export interface ConntrackFlushZone {
  readonly type: "nx_ct_flush_zone";
  readonly zone: number;
}

export type NiciraMessage =
  | SetPacketInFormat
  | SetControllerId
  | NiciraSetAsync
  | PacketIn2
  | TlvTableMod
  | TlvTableRequest
  | TlvTableReply
  | ConntrackFlushZone;
