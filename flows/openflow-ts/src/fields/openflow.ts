import { Experimenter } from "../model/constants.js";
import { type FieldRow, nxm0, nxm1, oxm, packetRegister } from "./row.js";

const onf = (number: number) =>
  ({ form: "experimenter", class: 0xffff, number, experimenter: Experimenter.ONF, since: 4 }) as const;

/** EXT-256: the header's own number is 0. */
const onfTyped = (experimenterType: number) => ({ ...onf(0), experimenterType });

/** The fields of OpenFlow 1.3 to 1.5 (OpenFlow 1.5.1 §7.2.3.7), with the NXM headers of those that OVS had before. */
export const openflowFields = {
  in_port: { bits: 32, kind: "port", headers: [oxm(0)], alias: "in_port_oxm" },
  in_phy_port: { bits: 32, kind: "port", readOnly: true, headers: [oxm(1)] },
  metadata: { bits: 64, kind: "hexadecimal", maskable: true, headers: [oxm(2)] },
  eth_dst: { bits: 48, kind: "ethernet", maskable: true, headers: [oxm(3), nxm0(1)] },
  eth_src: { bits: 48, kind: "ethernet", maskable: true, headers: [oxm(4), nxm0(2)] },
  eth_type: { bits: 16, kind: "hexadecimal", readOnly: true, headers: [oxm(5), nxm0(3)] },
  /** Bit 12 (`VLAN_PRESENT`) says that there is a tag. */
  vlan_vid: { bits: 13, kind: "decimal", maskable: true, headers: [oxm(6)] },
  vlan_pcp: { bits: 3, kind: "decimal", requires: "vlan", headers: [oxm(7)] },
  ip_dscp: { bits: 6, kind: "decimal", requires: "ip", headers: [oxm(8)] },
  ip_ecn: { bits: 2, kind: "decimal", requires: "ip", headers: [oxm(9), nxm1(28)], alias: "nw_ecn" },
  ip_proto: {
    bits: 8,
    kind: "decimal",
    readOnly: true,
    requires: "ip",
    headers: [oxm(10), nxm0(6)],
    alias: "nw_proto",
  },
  ipv4_src: {
    bits: 32,
    kind: "ipv4",
    maskable: true,
    requires: "ipv4",
    headers: [oxm(11), nxm0(7)],
    alias: "ip_src",
  },
  ipv4_dst: {
    bits: 32,
    kind: "ipv4",
    maskable: true,
    requires: "ipv4",
    headers: [oxm(12), nxm0(8)],
    alias: "ip_dst",
  },
  tcp_src: { bits: 16, kind: "decimal", maskable: true, requires: "tcp", headers: [oxm(13), nxm0(9)] },
  tcp_dst: { bits: 16, kind: "decimal", maskable: true, requires: "tcp", headers: [oxm(14), nxm0(10)] },
  udp_src: { bits: 16, kind: "decimal", maskable: true, requires: "udp", headers: [oxm(15), nxm0(11)] },
  udp_dst: { bits: 16, kind: "decimal", maskable: true, requires: "udp", headers: [oxm(16), nxm0(12)] },
  sctp_src: { bits: 16, kind: "decimal", maskable: true, requires: "sctp", headers: [oxm(17)] },
  sctp_dst: { bits: 16, kind: "decimal", maskable: true, requires: "sctp", headers: [oxm(18)] },
  icmpv4_type: {
    bits: 8,
    kind: "decimal",
    requires: "icmpv4",
    headers: [oxm(19), nxm0(13)],
    alias: "icmp_type",
  },
  icmpv4_code: {
    bits: 8,
    kind: "decimal",
    requires: "icmpv4",
    headers: [oxm(20), nxm0(14)],
    alias: "icmp_code",
  },
  arp_op: { bits: 16, kind: "decimal", requires: "arp", headers: [oxm(21), nxm0(15)] },
  arp_spa: { bits: 32, kind: "ipv4", maskable: true, requires: "arp", headers: [oxm(22), nxm0(16)] },
  arp_tpa: { bits: 32, kind: "ipv4", maskable: true, requires: "arp", headers: [oxm(23), nxm0(17)] },
  arp_sha: { bits: 48, kind: "ethernet", maskable: true, requires: "arp", headers: [oxm(24), nxm1(17)] },
  arp_tha: { bits: 48, kind: "ethernet", maskable: true, requires: "arp", headers: [oxm(25), nxm1(18)] },
  ipv6_src: { bits: 128, kind: "ipv6", maskable: true, requires: "ipv6", headers: [oxm(26), nxm1(19)] },
  ipv6_dst: { bits: 128, kind: "ipv6", maskable: true, requires: "ipv6", headers: [oxm(27), nxm1(20)] },
  ipv6_flabel: {
    bits: 20,
    bytes: 4,
    kind: "hexadecimal",
    maskable: true,
    requires: "ipv6",
    headers: [oxm(28), nxm1(27)],
    alias: "ipv6_label",
  },
  icmpv6_type: { bits: 8, kind: "decimal", requires: "icmpv6", headers: [oxm(29), nxm1(21)] },
  icmpv6_code: { bits: 8, kind: "decimal", requires: "icmpv6", headers: [oxm(30), nxm1(22)] },
  ipv6_nd_target: {
    bits: 128,
    kind: "ipv6",
    maskable: true,
    requires: "nd",
    headers: [oxm(31), nxm1(23)],
    alias: "nd_target",
  },
  ipv6_nd_sll: {
    bits: 48,
    kind: "ethernet",
    maskable: true,
    requires: "nd_solicit",
    headers: [oxm(32), nxm1(24)],
    alias: "nd_sll",
  },
  ipv6_nd_tll: {
    bits: 48,
    kind: "ethernet",
    maskable: true,
    requires: "nd_advert",
    headers: [oxm(33), nxm1(25)],
    alias: "nd_tll",
  },
  mpls_label: { bits: 20, bytes: 4, kind: "decimal", requires: "mpls", headers: [oxm(34)] },
  mpls_tc: { bits: 3, kind: "decimal", requires: "mpls", headers: [oxm(35)] },
  mpls_bos: { bits: 1, kind: "decimal", readOnly: true, requires: "mpls", headers: [oxm(36)] },
  pbb_isid: { bits: 24, kind: "hexadecimal", maskable: true, requires: "pbb", headers: [oxm(37)] },
  tunnel_id: {
    bits: 64,
    kind: "hexadecimal",
    maskable: true,
    headers: [oxm(38), nxm1(16)],
    alias: "tun_id",
  },
  ipv6_exthdr: { bits: 9, kind: "hexadecimal", maskable: true, requires: "ipv6", headers: [oxm(39)] },
  pbb_uca: { bits: 1, kind: "decimal", requires: "pbb", headers: [oxm(41, 5), onfTyped(2560)] },
  tcp_flags: {
    bits: 12,
    kind: "tcp_flags",
    maskable: true,
    readOnly: true,
    requires: "tcp",
    headers: [oxm(42, 6), onf(42), nxm1(34)],
  },
  actset_output: { bits: 32, kind: "port", readOnly: true, headers: [oxm(43, 6), onf(43)] },
  packet_type: { bits: 32, kind: "packet_type", readOnly: true, headers: [oxm(44, 6)] },
} as const satisfies Record<string, FieldRow>;

/** Packet registers: each is two 32-bit registers of OVS. */
export const packetRegisterFields: Readonly<Record<string, FieldRow>> = Object.fromEntries(
  [0, 1, 2, 3, 4, 5, 6, 7].map((n): [string, FieldRow] => [
    `xreg${n}`,
    { bits: 64, kind: "hexadecimal", maskable: true, headers: [packetRegister(n)] },
  ]),
);
