/** Answers to a SYN, as its sender would get them from the destination or from a router: whole Ethernet frames. */

import { checksum, pseudoHeaderSum } from "./checksum.js";
import { ETHERNET_ADDRESSES } from "./ethernet.js";
import { IPPROTO_TCP, type Syn } from "./syn.js";

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;
const ICMP_HEADER = 8;
const HOP_LIMIT = 64;
const FLAGS_RST_ACK = 0x14;
/** An ICMPv6 error is at most the least MTU of IPv6 (RFC 4443 §2.4 c); an ICMP error quotes 576 bytes in all (RFC 1812 §4.3.2.3). */
const LONGEST_ICMPV6 = 1280;
const LONGEST_ICMP = 576;

/** Why there is no way to the destination. */
export type Unreachable = "network" | "host" | "prohibited";

/** Codes of destination unreachable: RFC 792, RFC 1812 §5.2.7.1 for type 3 of ICMP; RFC 4443 §3.1 for type 1 of ICMPv6. */
const CODES = {
  ipv4: { network: 0, host: 1, prohibited: 13 },
  ipv6: { network: 0, host: 3, prohibited: 1 },
} as const satisfies Record<Syn["family"], Record<Unreachable, number>>;
const TYPES = { ipv4: 3, ipv6: 1 } as const;

/** The destination refuses the connection (RFC 9293 §3.10.7.1: nothing listens): RST and ACK, of the SYN alone. */
export function resetFrame(syn: Syn): Uint8Array {
  const { packet, tcpOffset, source, destination } = syn;
  const tcp = new Uint8Array(TCP_HEADER);
  const view = new DataView(tcp.buffer);
  const headerLength = (packet[tcpOffset + 12]! >> 4) * 4;
  const data = packet.length - tcpOffset - headerLength;
  view.setUint16(0, syn.destinationPort);
  view.setUint16(2, syn.sourcePort);
  view.setUint32(8, (syn.sequence + 1 + data) >>> 0);
  view.setUint8(12, (TCP_HEADER / 4) << 4);
  view.setUint8(13, FLAGS_RST_ACK);
  view.setUint16(16, checksum(tcp, pseudoHeaderSum(destination, source, IPPROTO_TCP, TCP_HEADER)));
  return frameOf(syn, destination, IPPROTO_TCP, tcp);
}

/** A router at `from` knows no way to the destination; it quotes the SYN. */
export function unreachableFrame(syn: Syn, why: Unreachable, from: Uint8Array): Uint8Array {
  const { family, packet, source } = syn;
  const longest = family === "ipv4" ? LONGEST_ICMP - IPV4_HEADER : LONGEST_ICMPV6 - IPV6_HEADER;
  const icmp = new Uint8Array(Math.min(ICMP_HEADER + packet.length, longest));
  icmp.set([TYPES[family], CODES[family][why]]);
  icmp.set(packet.subarray(0, icmp.length - ICMP_HEADER), ICMP_HEADER);
  const start = family === "ipv4" ? 0 : pseudoHeaderSum(from, source, IPPROTO_ICMPV6, icmp.length);
  new DataView(icmp.buffer).setUint16(2, checksum(icmp, start));
  return frameOf(syn, from, family === "ipv4" ? IPPROTO_ICMP : IPPROTO_ICMPV6, icmp);
}

/** Back to the SYN's sender, from the Ethernet address that it was sent to and with the tags that it had. */
function frameOf(syn: Syn, from: Uint8Array, protocol: number, payload: Uint8Array): Uint8Array {
  const { ethernet, source, family } = syn;
  const header = family === "ipv4" ? ipv4Header : ipv6Header;
  const ip = header(from, source, protocol, payload.length);
  const frame = new Uint8Array(ethernet.length + ip.length + payload.length);
  const half = ETHERNET_ADDRESSES / 2;
  frame.set(ethernet.subarray(half, ETHERNET_ADDRESSES));
  frame.set(ethernet.subarray(0, half), half);
  frame.set(ethernet.subarray(ETHERNET_ADDRESSES), ETHERNET_ADDRESSES);
  frame.set(ip, ethernet.length);
  frame.set(payload, ethernet.length + ip.length);
  return frame;
}

function ipv4Header(from: Uint8Array, to: Uint8Array, protocol: number, length: number): Uint8Array {
  const header = new Uint8Array(IPV4_HEADER);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, IPV4_HEADER + length);
  view.setUint16(6, 0x4000); // do not fragment
  view.setUint8(8, HOP_LIMIT);
  view.setUint8(9, protocol);
  header.set(from, 12);
  header.set(to, 16);
  view.setUint16(10, checksum(header));
  return header;
}

function ipv6Header(from: Uint8Array, to: Uint8Array, protocol: number, length: number): Uint8Array {
  const header = new Uint8Array(IPV6_HEADER);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, length);
  view.setUint8(6, protocol);
  view.setUint8(7, HOP_LIMIT);
  header.set(from, 8);
  header.set(to, 24);
  return header;
}
