import { Database } from "../database.js";
import type { DatabaseOptions, Selection } from "../options.js";
import type { BridgeRow, InterfaceRow, OpenVSwitchRow, PortRow } from "./schema.js";

/** What we follow of the switch's database: not the statistics, which would come every few seconds. */
export type SwitchTables = {
  Open_vSwitch: Pick<
    OpenVSwitchRow,
    "_uuid" | "bridges" | "cur_cfg" | "external_ids" | "next_cfg" | "ovs_version"
  >;
  Bridge: Pick<
    BridgeRow,
    | "_uuid"
    | "datapath_id"
    | "datapath_type"
    | "external_ids"
    | "fail_mode"
    | "name"
    | "other_config"
    | "ports"
    | "protocols"
  >;
  Port: Pick<PortRow, "_uuid" | "external_ids" | "interfaces" | "name" | "tag" | "trunks" | "vlan_mode">;
  Interface: Pick<
    InterfaceRow,
    | "_uuid"
    | "admin_state"
    | "error"
    | "external_ids"
    | "ifindex"
    | "link_state"
    | "mac"
    | "mac_in_use"
    | "mtu"
    | "mtu_request"
    | "name"
    | "ofport"
    | "ofport_request"
    | "options"
    | "type"
  >;
};

export const SWITCH_SELECTION: Selection<SwitchTables> = {
  Open_vSwitch: ["bridges", "cur_cfg", "external_ids", "next_cfg", "ovs_version"],
  Bridge: [
    "datapath_id",
    "datapath_type",
    "external_ids",
    "fail_mode",
    "name",
    "other_config",
    "ports",
    "protocols",
  ],
  Port: ["external_ids", "interfaces", "name", "tag", "trunks", "vlan_mode"],
  Interface: [
    "admin_state",
    "error",
    "external_ids",
    "ifindex",
    "link_state",
    "mac",
    "mac_in_use",
    "mtu",
    "mtu_request",
    "name",
    "ofport",
    "ofport_request",
    "options",
    "type",
  ],
};

/** Where Debian and Ubuntu have it; others `/usr/local/var/run/openvswitch/db.sock`. */
export const DEFAULT_REMOTE = "unix:/var/run/openvswitch/db.sock";

/** The database of a switch, not started yet. */
export function switchDatabase(
  options: Partial<Omit<DatabaseOptions<SwitchTables>, "database" | "tables">> = {},
): Database<SwitchTables> {
  return new Database({
    remotes: DEFAULT_REMOTE,
    ...options,
    database: "Open_vSwitch",
    tables: SWITCH_SELECTION,
  });
}
