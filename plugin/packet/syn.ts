/** The first packet of a TCP connection, read from its Ethernet frame. */

import { checksum, pseudoHeaderSum } from "./checksum.js";
import { dscpOf } from "./dscp.js";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, readEthernet } from "./ethernet.js";

export type Family = "ipv4" | "ipv6";

export const IPPROTO_TCP = 6;
const FLAG_SYN = 0x02;
const FLAG_ACK = 0x10;
const FLAG_RST = 0x04;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP_HEADER = 20;
const CHECKSUM_OFFSET = 16;

/** Views into the frame, but for the numbers. */
export interface Syn {
  readonly family: Family;
  /** As it may be sent on. */
  readonly frame: Uint8Array;
  /** From the addresses to the payload: tags and type. */
  readonly ethernet: Uint8Array;
  /** Of the innermost tag; absent: none. */
  readonly vlan?: number;
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly dscp: number;
  /** The IP packet, without what Ethernet has padded. */
  readonly packet: Uint8Array;
  /** Where TCP begins in it. */
  readonly tcpOffset: number;
}

/**
 * Reads a frame, and keeps a copy of it that may be sent on. Undefined for anything but a whole, unfragmented SYN: another
 * packet, a header that says more than there is, a wrong checksum, extension headers of IPv6 before TCP.
 */
export function readSyn(received: Uint8Array): Syn | undefined {
  const frame = Uint8Array.from(received);
  const payload = readEthernet(frame);
  if (payload === undefined) return undefined;
  const { type, at, vlan } = payload;
  const ip = frame.subarray(at);
  const network = type === ETHERTYPE_IPV4 ? readIPv4(ip) : type === ETHERTYPE_IPV6 ? readIPv6(ip) : undefined;
  if (network === undefined) return undefined;
  const { packet, tcpOffset } = network;
  const tcp = new DataView(packet.buffer, packet.byteOffset + tcpOffset, packet.length - tcpOffset);
  if (tcp.byteLength < TCP_HEADER) return undefined;
  const headerLength = (tcp.getUint8(12) >> 4) * 4;
  const flags = tcp.getUint8(13) & (FLAG_SYN | FLAG_ACK | FLAG_RST);
  if (flags !== FLAG_SYN || headerLength < TCP_HEADER || headerLength > tcp.byteLength) return undefined;
  if (!completeChecksum(network)) return undefined;
  return {
    ...network,
    frame,
    ethernet: frame.subarray(0, at),
    ...(vlan !== undefined && { vlan }),
    sourcePort: tcp.getUint16(0),
    destinationPort: tcp.getUint16(2),
    sequence: tcp.getUint32(4),
    dscp: dscpOf(packet),
  };
}

type Network = Pick<Syn, "family" | "source" | "destination" | "packet" | "tcpOffset">;

function readIPv4(ip: Uint8Array): Network | undefined {
  if (ip.length < IPV4_HEADER || ip[0]! >> 4 !== 4) return undefined;
  const headerLength = (ip[0]! & 0x0f) * 4;
  const length = (ip[2]! << 8) | ip[3]!;
  const fragment = ((ip[6]! & 0x3f) << 8) | ip[7]!;
  if (headerLength < IPV4_HEADER || length < headerLength + TCP_HEADER || length > ip.length)
    return undefined;
  if (fragment !== 0 || ip[9] !== IPPROTO_TCP) return undefined;
  return {
    family: "ipv4",
    source: ip.subarray(12, 16),
    destination: ip.subarray(16, 20),
    packet: ip.subarray(0, length),
    tcpOffset: headerLength,
  };
}

function readIPv6(ip: Uint8Array): Network | undefined {
  if (ip.length < IPV6_HEADER || ip[0]! >> 4 !== 6 || ip[6] !== IPPROTO_TCP) return undefined;
  const length = IPV6_HEADER + ((ip[4]! << 8) | ip[5]!);
  if (length < IPV6_HEADER + TCP_HEADER || length > ip.length) return undefined;
  return {
    family: "ipv6",
    source: ip.subarray(8, 24),
    destination: ip.subarray(24, 40),
    packet: ip.subarray(0, length),
    tcpOffset: IPV6_HEADER,
  };
}

/**
 * Whether the checksum is right, or has been made so. A host on a virtual device leaves it to its device, which has none:
 * what then stands in its place is the sum over the pseudo-header alone, and the switch hands it to us so. Anything else
 * is an error of the LAN, which must not be covered up.
 */
function completeChecksum({ packet, tcpOffset, source, destination }: Network): boolean {
  const tcp = packet.subarray(tcpOffset);
  const pseudo = pseudoHeaderSum(source, destination, IPPROTO_TCP, tcp.length);
  if (checksum(tcp, pseudo) === 0) return true;
  const field = new DataView(tcp.buffer, tcp.byteOffset + CHECKSUM_OFFSET, 2);
  if (field.getUint16(0) !== pseudo) return false;
  // With the pseudo-header's sum in the field it needs no other start.
  field.setUint16(0, checksum(tcp));
  return true;
}
