/** Actions of OpenFlow 1.0 and 1.1 that later versions express by set-field or by other means. */

export interface SetVlanVidAction {
  readonly type: "set_vlan_vid";
  readonly vid: number;
}

export interface SetVlanPcpAction {
  readonly type: "set_vlan_pcp";
  readonly pcp: number;
}

/** OpenFlow 1.0. */
export interface StripVlanAction {
  readonly type: "strip_vlan";
}

export interface SetEthernetAddressAction {
  readonly type: "set_dl_src" | "set_dl_dst";
  /** 48 bits. */
  readonly address: bigint;
}

export interface SetNetworkAddressAction {
  readonly type: "set_nw_src" | "set_nw_dst";
  /** 32 bits. */
  readonly address: number;
}

export interface SetTosAction {
  readonly type: "set_nw_tos";
  /** The whole byte; its two low bits are 0. */
  readonly tos: number;
}

/** OpenFlow 1.1. */
export interface SetEcnAction {
  readonly type: "set_nw_ecn";
  readonly ecn: number;
}

export interface SetTransportPortAction {
  readonly type: "set_tp_src" | "set_tp_dst";
  readonly port: number;
}

/** OpenFlow 1.0. */
export interface EnqueueAction {
  readonly type: "enqueue";
  readonly port: number;
  readonly queue: number;
}

/** OpenFlow 1.1; Nicira for 1.0. */
export interface SetMplsLabelAction {
  readonly type: "set_mpls_label";
  readonly label: number;
}

/** OpenFlow 1.1; Nicira for 1.0. */
export interface SetMplsTcAction {
  readonly type: "set_mpls_tc";
  readonly tc: number;
}

export type LegacyAction =
  | SetVlanVidAction
  | SetVlanPcpAction
  | StripVlanAction
  | SetEthernetAddressAction
  | SetNetworkAddressAction
  | SetTosAction
  | SetEcnAction
  | SetTransportPortAction
  | EnqueueAction
  | SetMplsLabelAction
  | SetMplsTcAction;
