import { matchField } from "../fields/oxm.js";
import { fieldReference } from "../fields/reference.js";
import type { CopyFieldAction } from "../model/action.js";
import type { ActionVersion } from "../version.js";
import { type Codec, empty, pad, struct, u8, u16, u32, u48 } from "../wire/codec.js";
import { type ActionEntry, ActionTable, type Body, entry } from "./entry.js";
import { port16 } from "./port.js";

const reference = fieldReference("match");

/** `n_bits`, `src_offset`, `dst_offset`, then the fields' headers. */
export const copyField: Codec<Body<CopyFieldAction>> = {
  read(reader) {
    const bits = reader.u16();
    const from = reader.u16();
    const to = reader.u16();
    reader.skip(2);
    const source = { ...reference.read(reader), offset: from };
    return { bits, source, destination: { ...reference.read(reader), offset: to } };
  },
  write(writer, action) {
    writer.u16(action.bits);
    writer.u16(action.source.offset);
    writer.u16(action.destination.offset);
    writer.zeros(2);
    reference.write(writer, action.source);
    reference.write(writer, action.destination);
  },
};

const setField = struct({ field: matchField("match", "OFPBAC_BAD_SET_LEN") });

const openflow10: readonly ActionEntry[] = [
  entry(0, "output", struct({ port: port16, maxLength: u16 })),
  entry(1, "set_vlan_vid", struct({ vid: u16 })),
  entry(2, "set_vlan_pcp", struct({ pcp: u8 })),
  entry(3, "strip_vlan", empty),
  entry(4, "set_dl_src", struct({ address: u48 })),
  entry(5, "set_dl_dst", struct({ address: u48 })),
  entry(6, "set_nw_src", struct({ address: u32 })),
  entry(7, "set_nw_dst", struct({ address: u32 })),
  entry(8, "set_nw_tos", struct({ tos: u8 })),
  entry(9, "set_tp_src", struct({ port: u16 })),
  entry(10, "set_tp_dst", struct({ port: u16 })),
  entry(11, "enqueue", struct({ port: port16, _pad: pad(6), queue: u32 })),
];

/** What OpenFlow 1.1 has and 1.2 replaced by set-field. */
const openflow11: readonly ActionEntry[] = [
  entry(1, "set_vlan_vid", struct({ vid: u16 })),
  entry(2, "set_vlan_pcp", struct({ pcp: u8 })),
  entry(3, "set_dl_src", struct({ address: u48 })),
  entry(4, "set_dl_dst", struct({ address: u48 })),
  entry(5, "set_nw_src", struct({ address: u32 })),
  entry(6, "set_nw_dst", struct({ address: u32 })),
  entry(7, "set_nw_tos", struct({ tos: u8 })),
  entry(8, "set_nw_ecn", struct({ ecn: u8 })),
  entry(9, "set_tp_src", struct({ port: u16 })),
  entry(10, "set_tp_dst", struct({ port: u16 })),
  entry(13, "set_mpls_label", struct({ label: u32 })),
  entry(14, "set_mpls_tc", struct({ tc: u8 })),
];

/** OpenFlow 1.1 on (1.5.1 §7.2.6). */
const common: readonly ActionEntry[] = [
  entry(0, "output", struct({ port: u32, maxLength: u16 })),
  entry(11, "copy_ttl_out", empty),
  entry(12, "copy_ttl_in", empty),
  entry(15, "set_mpls_ttl", struct({ ttl: u8 })),
  entry(16, "dec_mpls_ttl", empty),
  entry(17, "push_vlan", struct({ etherType: u16 })),
  entry(18, "pop_vlan", empty),
  entry(19, "push_mpls", struct({ etherType: u16 })),
  entry(20, "pop_mpls", struct({ etherType: u16 })),
  entry(21, "set_queue", struct({ queue: u32 })),
  entry(22, "group", struct({ group: u32 })),
  entry(23, "set_nw_ttl", struct({ ttl: u8 })),
  entry(24, "dec_nw_ttl", empty),
];
const since12: readonly ActionEntry[] = [
  entry(25, "set_field", setField, { tailError: "OFPBAC_BAD_SET_ARGUMENT" }),
];
const since13: readonly ActionEntry[] = [
  entry(26, "push_pbb", struct({ etherType: u16 })),
  entry(27, "pop_pbb", empty),
];
const since15: readonly ActionEntry[] = [
  entry(28, "copy_field", copyField),
  entry(29, "meter", struct({ meter: u32 })),
];

const in13 = new ActionTable([...common, ...since12, ...since13]);
const byVersion: Readonly<Record<ActionVersion, ActionTable>> = {
  1: new ActionTable(openflow10),
  2: new ActionTable([...common, ...openflow11]),
  3: new ActionTable([...common, ...since12]),
  4: in13,
  5: in13,
  6: new ActionTable([...common, ...since12, ...since13, ...since15]),
};

/** The actions that a version has of its own. */
export function standardActions(version: ActionVersion): ActionTable {
  return byVersion[version];
}
