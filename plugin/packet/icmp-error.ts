/** An ICMP error about a TCP packet, read from its Ethernet frame. */

import { type MessageAddresses, MessageStatus } from "../../driver/index.js";
import { checksum, pseudoHeaderSum } from "./checksum.js";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, readEthernet } from "./ethernet.js";
import { IPPROTO_TCP } from "./syn.js";

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const ICMP_HEADER = 8;
const PORTS = 4;

export interface IcmpError {
  /** Of the packet that has not arrived. */
  readonly addresses: MessageAddresses;
  /** Why, as an edge would say it. */
  readonly status: MessageStatus;
}

const { UNREACHABLE, NETWORK_UNREACHABLE, PROHIBITED, REFUSED } = MessageStatus;

/**
 * What the errors say, by type and code (RFC 792 and RFC 1812 §5.2.7.1; RFC 4443 §3). Those that are not here, such as
 * a packet that is too big, are no reason to give a connection up.
 */
const STATUSES = {
  ipv4: statuses([
    [3, [0, 6, 11], NETWORK_UNREACHABLE],
    [3, [1, 5, 7, 8, 12], UNREACHABLE],
    [3, [2, 3], REFUSED],
    [3, [9, 10, 13], PROHIBITED],
    [11, [0], UNREACHABLE],
  ]),
  ipv6: statuses([
    [1, [0], NETWORK_UNREACHABLE],
    [1, [2, 3], UNREACHABLE],
    [1, [1, 5, 6], PROHIBITED],
    [1, [4], REFUSED],
    [3, [0], UNREACHABLE],
  ]),
};

function statuses(rows: [type: number, codes: number[], status: MessageStatus][]) {
  return new Map(rows.flatMap(([type, codes, status]) => codes.map((code) => [(type << 8) | code, status])));
}

/** Undefined for anything else, and for what is damaged or cut off before the ports. */
export function readIcmpError(frame: Uint8Array): IcmpError | undefined {
  const ethernet = readEthernet(frame);
  if (ethernet === undefined) return undefined;
  const ip = frame.subarray(ethernet.at);
  if (ethernet.type === ETHERTYPE_IPV4) return readIPv4(ip);
  if (ethernet.type === ETHERTYPE_IPV6) return readIPv6(ip);
  return undefined;
}

function readIPv4(ip: Uint8Array): IcmpError | undefined {
  const headerLength = headerOfIPv4(ip);
  if (headerLength === undefined || ip[9] !== IPPROTO_ICMP || isFragment(ip)) return undefined;
  const length = readU16(ip, 2);
  if (length > ip.length || length < headerLength + ICMP_HEADER) return undefined;
  const icmp = ip.subarray(headerLength, length);
  if (checksum(icmp) !== 0) return undefined;
  const quoted = icmp.subarray(ICMP_HEADER);
  const quotedHeader = headerOfIPv4(quoted);
  if (quotedHeader === undefined || quoted[9] !== IPPROTO_TCP || isFragment(quoted)) return undefined;
  return about(STATUSES.ipv4, icmp, quoted, { at: 12, size: 4, header: quotedHeader });
}

function readIPv6(ip: Uint8Array): IcmpError | undefined {
  if (ip.length < IPV6_HEADER || ip[0]! >> 4 !== 6 || ip[6] !== IPPROTO_ICMPV6) return undefined;
  const length = IPV6_HEADER + readU16(ip, 4);
  if (length > ip.length || length < IPV6_HEADER + ICMP_HEADER) return undefined;
  const icmp = ip.subarray(IPV6_HEADER, length);
  const pseudo = pseudoHeaderSum(ip.subarray(8, 24), ip.subarray(24, 40), IPPROTO_ICMPV6, icmp.length);
  if (checksum(icmp, pseudo) !== 0) return undefined;
  const quoted = icmp.subarray(ICMP_HEADER);
  if (quoted.length < IPV6_HEADER || quoted[0]! >> 4 !== 6 || quoted[6] !== IPPROTO_TCP) return undefined;
  return about(STATUSES.ipv6, icmp, quoted, { at: 8, size: 16, header: IPV6_HEADER });
}

function about(
  known: ReadonlyMap<number, MessageStatus>,
  icmp: Uint8Array,
  quoted: Uint8Array,
  { at, size, header }: { readonly at: number; readonly size: number; readonly header: number },
): IcmpError | undefined {
  const status = known.get(readU16(icmp, 0));
  if (status === undefined || quoted.length < header + PORTS) return undefined;
  const addresses = {
    source: quoted.slice(at, at + size),
    sourcePort: readU16(quoted, header),
    destination: quoted.slice(at + size, at + 2 * size),
    destinationPort: readU16(quoted, header + 2),
  };
  return { addresses, status };
}

/** Its length; undefined where there is none. */
function headerOfIPv4(ip: Uint8Array): number | undefined {
  if (ip.length < IPV4_HEADER || ip[0]! >> 4 !== 4) return undefined;
  const length = (ip[0]! & 0x0f) * 4;
  return length < IPV4_HEADER || length > ip.length ? undefined : length;
}

/** Whether it is a later part of a packet, or has one. */
function isFragment(ip: Uint8Array): boolean {
  return (readU16(ip, 6) & 0x3fff) !== 0;
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
