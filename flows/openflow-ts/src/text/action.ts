import { formatEthernet, formatIPv4 } from "../fields/address.js";
import { hex, hex4 } from "../fields/hexadecimal.js";
import type { Action, ActionOf, ActionType } from "../model/action.js";
import { Port } from "../model/constants.js";
import { formatBytes, formatPlace, formatPort, formatSetField } from "./field.js";
import type { Format, Formats } from "./format.js";
import { niciraFormats } from "./nicira-action.js";

function formatOutput({ port, maxLength }: ActionOf<"output">): string {
  if (port === Port.CONTROLLER) return `CONTROLLER:${maxLength}`;
  return port > Port.MAX ? formatPort(port) : `output:${port}`;
}

/** By type; what is missing is written by its type alone, as `ovs-ofctl` does with `pop_vlan`. */
const formats: Formats = {
  ...niciraFormats(formatActions),
  output: formatOutput,
  set_mpls_ttl: ({ ttl }) => `set_mpls_ttl(${ttl})`,
  set_nw_ttl: ({ ttl }) => `mod_nw_ttl:${ttl}`,
  dec_nw_ttl: () => "dec_ttl",
  push_vlan: ({ etherType }) => `push_vlan:${hex(etherType)}`,
  push_mpls: ({ etherType }) => `push_mpls:${hex(etherType)}`,
  pop_mpls: ({ etherType }) => `pop_mpls:${hex4(etherType)}`,
  push_pbb: ({ etherType }) => `push_pbb:${hex(etherType)}`,
  set_queue: ({ queue }) => `set_queue:${queue}`,
  group: ({ group }) => `group:${group}`,
  set_field: ({ field }) => formatSetField(field),
  copy_field: ({ source, destination, bits }) =>
    `move:${formatPlace(source, bits)}->${formatPlace(destination, bits)}`,
  meter: ({ meter }) => `meter:${meter}`,
  experimenter: ({ experimenter, data }) => `experimenter(${hex(experimenter)},${formatBytes(data)})`,
  set_vlan_vid: ({ vid }) => `set_vlan_vid:${vid}`,
  set_vlan_pcp: ({ pcp }) => `set_vlan_pcp:${pcp}`,
  set_dl_src: ({ address }) => `mod_dl_src:${formatEthernet(address)}`,
  set_dl_dst: ({ address }) => `mod_dl_dst:${formatEthernet(address)}`,
  set_nw_src: ({ address }) => `mod_nw_src:${formatIPv4(BigInt(address))}`,
  set_nw_dst: ({ address }) => `mod_nw_dst:${formatIPv4(BigInt(address))}`,
  set_nw_tos: ({ tos }) => `mod_nw_tos:${tos}`,
  set_nw_ecn: ({ ecn }) => `mod_nw_ecn:${ecn}`,
  set_tp_src: ({ port }) => `mod_tp_src:${port}`,
  set_tp_dst: ({ port }) => `mod_tp_dst:${port}`,
  enqueue: ({ port, queue }) => `enqueue:${formatPort(port)}:${queue}`,
  set_mpls_label: ({ label }) => `set_mpls_label(${label})`,
  set_mpls_tc: ({ tc }) => `set_mpls_tc(${tc})`,
};

/** An action as `ovs-ofctl` writes it. */
export function formatAction(action: Action): string {
  // The format of this very type takes this very action.
  const format = formats[action.type] as Format<ActionType> | undefined;
  return format ? format(action) : action.type;
}

/** Actions as `ovs-ofctl` writes them (ovs-actions(7)); `drop` for none. */
export function formatActions(actions: readonly Action[]): string {
  return actions.length === 0 ? "drop" : actions.map(formatAction).join(",");
}
