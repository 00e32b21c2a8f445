import { Experimenter } from "../model/constants.js";
import { type FieldHeader, type FieldRow, nxm0, nxm1 } from "./row.js";

const experimenter =
  (id: number, prefix: string) =>
  (number: number, name: string): FieldHeader => ({
    form: "experimenter",
    name: `${prefix}${name}`,
    class: 0xffff,
    number,
    experimenter: id,
    since: 4,
  });
const nicira = experimenter(Experimenter.NICIRA, "NXOXM_ET_");
const nsh = experimenter(Experimenter.NSH, "NXOXM_NSH_");

/** A class of its own, without an experimenter's identifier. */
const ericsson = (number: number, name: string): FieldHeader => ({
  form: "oxm",
  name: `ERICOXM_OF_${name}`,
  class: 0x1000,
  number,
  since: 4,
});

/** The fields that only OVS has (ovs-fields(7)). */
export const niciraFields = {
  /** 16 bits, with the port numbers of OpenFlow 1.0. */
  nxm_in_port: { bits: 16, kind: "decimal", headers: [nxm0(0, "IN_PORT")], alias: "in_port" },
  /** The whole tag; the bit 0x1000 says that there is one. */
  vlan_tci: { bits: 16, kind: "hexadecimal", maskable: true, headers: [nxm0(4, "VLAN_TCI")] },
  /** The byte with its two low bits 0. */
  nw_tos: { bits: 8, kind: "decimal", requires: "ip", headers: [nxm0(5, "IP_TOS")] },
  nw_ttl: { bits: 8, kind: "decimal", requires: "ip", headers: [nxm1(29, "IP_TTL")] },
  ip_frag: {
    bits: 2,
    kind: "fragment",
    maskable: true,
    readOnly: true,
    requires: "ip",
    headers: [nxm1(26, "IP_FRAG")],
  },
  mpls_ttl: { bits: 8, kind: "decimal", requires: "mpls", headers: [nxm1(30, "MPLS_TTL")] },
  tun_src: { bits: 32, kind: "ipv4", maskable: true, headers: [nxm1(31, "TUN_IPV4_SRC")] },
  tun_dst: { bits: 32, kind: "ipv4", maskable: true, headers: [nxm1(32, "TUN_IPV4_DST")] },
  tun_ipv6_src: { bits: 128, kind: "ipv6", maskable: true, headers: [nxm1(109, "TUN_IPV6_SRC")] },
  tun_ipv6_dst: { bits: 128, kind: "ipv6", maskable: true, headers: [nxm1(110, "TUN_IPV6_DST")] },
  tun_flags: { bits: 1, bytes: 2, kind: "hexadecimal", maskable: true, headers: [nxm1(104, "TUN_FLAGS")] },
  tun_gbp_id: { bits: 16, kind: "decimal", maskable: true, headers: [nxm1(38, "TUN_GBP_ID")] },
  tun_gbp_flags: { bits: 8, kind: "hexadecimal", maskable: true, headers: [nxm1(39, "TUN_GBP_FLAGS")] },
  tun_erspan_idx: {
    bits: 20,
    bytes: 4,
    kind: "hexadecimal",
    maskable: true,
    headers: [nicira(11, "ERSPAN_IDX")],
  },
  tun_erspan_ver: { bits: 4, kind: "decimal", maskable: true, headers: [nicira(12, "ERSPAN_VER")] },
  tun_erspan_dir: { bits: 1, kind: "decimal", maskable: true, headers: [nicira(13, "ERSPAN_DIR")] },
  tun_erspan_hwid: { bits: 6, kind: "hexadecimal", maskable: true, headers: [nicira(14, "ERSPAN_HWID")] },
  tun_gtpu_flags: {
    bits: 8,
    kind: "hexadecimal",
    maskable: true,
    readOnly: true,
    headers: [nicira(15, "GTPU_FLAGS")],
  },
  tun_gtpu_msgtype: {
    bits: 8,
    kind: "decimal",
    maskable: true,
    readOnly: true,
    headers: [nicira(16, "GTPU_MSGTYPE")],
  },
  pkt_mark: { bits: 32, kind: "hexadecimal", maskable: true, headers: [nxm1(33, "PKT_MARK")] },
  dp_hash: { bits: 32, kind: "hexadecimal", maskable: true, readOnly: true, headers: [nxm1(35, "DP_HASH")] },
  recirc_id: { bits: 32, kind: "decimal", readOnly: true, headers: [nxm1(36, "RECIRC_ID")] },
  conj_id: { bits: 32, kind: "decimal", readOnly: true, headers: [nxm1(37, "CONJ_ID")] },
  ct_state: { bits: 32, kind: "ct_state", maskable: true, readOnly: true, headers: [nxm1(105, "CT_STATE")] },
  ct_zone: { bits: 16, kind: "hexadecimal", readOnly: true, headers: [nxm1(106, "CT_ZONE")] },
  ct_mark: { bits: 32, kind: "hexadecimal", maskable: true, headers: [nxm1(107, "CT_MARK")] },
  ct_label: { bits: 128, kind: "hexadecimal", maskable: true, headers: [nxm1(108, "CT_LABEL")] },
  ct_nw_proto: {
    bits: 8,
    kind: "decimal",
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(119, "CT_NW_PROTO")],
  },
  ct_nw_src: {
    bits: 32,
    kind: "ipv4",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(120, "CT_NW_SRC")],
  },
  ct_nw_dst: {
    bits: 32,
    kind: "ipv4",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(121, "CT_NW_DST")],
  },
  ct_ipv6_src: {
    bits: 128,
    kind: "ipv6",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(122, "CT_IPV6_SRC")],
  },
  ct_ipv6_dst: {
    bits: 128,
    kind: "ipv6",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(123, "CT_IPV6_DST")],
  },
  ct_tp_src: {
    bits: 16,
    kind: "decimal",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(124, "CT_TP_SRC")],
  },
  ct_tp_dst: {
    bits: 16,
    kind: "decimal",
    maskable: true,
    readOnly: true,
    requires: "conntrack",
    headers: [nxm1(125, "CT_TP_DST")],
  },
  nsh_flags: { bits: 8, kind: "decimal", maskable: true, requires: "nsh", headers: [nsh(1, "FLAGS")] },
  nsh_mdtype: { bits: 8, kind: "decimal", readOnly: true, requires: "nsh", headers: [nsh(2, "MDTYPE")] },
  nsh_np: { bits: 8, kind: "decimal", readOnly: true, requires: "nsh", headers: [nsh(3, "NP")] },
  nsh_spi: { bits: 24, bytes: 4, kind: "hexadecimal", requires: "nsh", headers: [nsh(4, "SPI")] },
  nsh_si: { bits: 8, kind: "decimal", requires: "nsh", headers: [nsh(5, "SI")] },
  nsh_c1: { bits: 32, kind: "hexadecimal", maskable: true, requires: "nsh", headers: [nsh(6, "C1")] },
  nsh_c2: { bits: 32, kind: "hexadecimal", maskable: true, requires: "nsh", headers: [nsh(7, "C2")] },
  nsh_c3: { bits: 32, kind: "hexadecimal", maskable: true, requires: "nsh", headers: [nsh(8, "C3")] },
  nsh_c4: { bits: 32, kind: "hexadecimal", maskable: true, requires: "nsh", headers: [nsh(9, "C4")] },
  nsh_ttl: { bits: 8, kind: "decimal", requires: "nsh", headers: [nsh(10, "TTL")] },
  nd_reserved: { bits: 32, kind: "decimal", requires: "nd", headers: [ericsson(1, "ICMPV6_ND_RESERVED")] },
  nd_options_type: {
    bits: 8,
    kind: "decimal",
    requires: "nd",
    headers: [ericsson(2, "ICMPV6_ND_OPTIONS_TYPE")],
  },
} as const satisfies Record<string, FieldRow>;

/** `count` fields `name0`, `name1`, … with consecutive NXM numbers from `first`. */
function numbered(name: string, count: number, first: number, bits: number): Record<string, FieldRow> {
  const rows: Record<string, FieldRow> = {};
  for (let n = 0; n < count; n++) {
    rows[`${name}${n}`] = {
      bits,
      kind: "hexadecimal",
      maskable: true,
      headers: [nxm1(first + n, `${name}${n}`.toUpperCase())],
    };
  }
  return rows;
}

export const registerFields = numbered("reg", 16, 0, 32);
export const longRegisterFields = numbered("xxreg", 4, 111, 128);

/** Tunnel options: of 1 to 124 bytes each, as the switch's TLV map says. */
export const tunnelMetadataFields = numbered("tun_metadata", 64, 40, 124 * 8);
