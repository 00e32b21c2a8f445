import type { Integer } from "../json/value.js";
import type { Uuid } from "../uuid.js";

export interface OpenVSwitchRow {
  readonly _uuid: Uuid<"Open_vSwitch">;
  readonly bridges: readonly Uuid<"Bridge">[];
  readonly cur_cfg: Integer;
  readonly external_ids: ReadonlyMap<string, string>;
  readonly next_cfg: Integer;
  readonly ovs_version: string | undefined;
}

export interface BridgeRow {
  readonly _uuid: Uuid<"Bridge">;
  readonly datapath_id: string | undefined;
  readonly datapath_type: string;
  readonly external_ids: ReadonlyMap<string, string>;
  readonly name: string;
  readonly ports: readonly Uuid<"Port">[];
}

export interface PortRow {
  readonly _uuid: Uuid<"Port">;
  readonly external_ids: ReadonlyMap<string, string>;
  readonly interfaces: readonly Uuid<"Interface">[];
  readonly name: string;
  readonly tag: Integer | undefined;
}

export interface InterfaceRow {
  readonly _uuid: Uuid<"Interface">;
  readonly error: string | undefined;
  readonly external_ids: ReadonlyMap<string, string>;
  readonly link_state: "down" | "up" | undefined;
  readonly mac: string | undefined;
  readonly mac_in_use: string | undefined;
  readonly name: string;
  readonly ofport: Integer | undefined;
  readonly type: string;
}

export type OpenVSwitch = {
  Bridge: BridgeRow;
  Interface: InterfaceRow;
  Open_vSwitch: OpenVSwitchRow;
  Port: PortRow;
};
