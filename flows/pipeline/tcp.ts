import { type FieldMatch, type FieldName, type LearnSpec, TcpFlag } from "openflow-ts";
import type { Family } from "../table/index.js";
import type { Register } from "./register.js";

interface TupleFields {
  readonly etherType: bigint;
  readonly source: FieldName;
  readonly destination: FieldName;
  readonly addressBits: number;
  readonly icmp: bigint;
  readonly icmpType: FieldName;
  readonly errorTypes: readonly bigint[];
}

export const tupleFields: Readonly<Record<Family, TupleFields>> = {
  ipv4: {
    etherType: 0x0800n,
    source: "ipv4_src",
    destination: "ipv4_dst",
    addressBits: 32,
    icmp: 1n,
    icmpType: "icmpv4_type",
    errorTypes: [3n, 11n],
  },
  ipv6: {
    etherType: 0x86ddn,
    source: "ipv6_src",
    destination: "ipv6_dst",
    addressBits: 128,
    icmp: 58n,
    icmpType: "icmpv6_type",
    errorTypes: [1n, 3n],
  },
};

export const PROTOCOL_TCP = 6n;

/** TCP of an address family. */
export function tcp(family: Family): FieldMatch[] {
  return [
    { field: "eth_type", value: tupleFields[family].etherType },
    { field: "ip_proto", value: PROTOCOL_TCP },
  ];
}

/** ICMP errors that say that a packet has not reached its destination: RFC 792 types 3 and 11, RFC 4443 types 1 and 3. */
export function errors(family: Family): FieldMatch[][] {
  const { etherType, icmp, icmpType, errorTypes } = tupleFields[family];
  return errorTypes.map((value) => [
    { field: "eth_type", value: etherType },
    { field: "ip_proto", value: icmp },
    { field: icmpType, value },
  ]);
}

/** The first packet of a connection: SYN without ACK. */
export const FIRST_PACKET: FieldMatch = {
  field: "tcp_flags",
  value: BigInt(TcpFlag.SYN),
  mask: BigInt(TcpFlag.SYN | TcpFlag.ACK),
};

/** The last packet of a connection that is broken off. */
export const RESET: FieldMatch = {
  field: "tcp_flags",
  value: BigInt(TcpFlag.RST),
  mask: BigInt(TcpFlag.RST),
};

/**
 * What a SYN leaves in the table of connections: a flow for exactly its own 5-tuple, or for the answers to it
 * (`reversed`), that sets `known` as given.
 */
export function learnSpecs(family: Family, reversed: boolean, register: Register, known: 0 | 1): LearnSpec[] {
  const { bits, ...position } = register.part("known");
  return [...learnMatch(family, reversed), { kind: "load", bits, value: BigInt(known), to: position }];
}

/** What such a flow matches. */
export function learnMatch(family: Family, reversed: boolean): LearnSpec[] {
  const { etherType, source, destination, addressBits } = tupleFields[family];
  const copy = (to: FieldName, from: FieldName, bits: number): LearnSpec => ({
    kind: "match",
    bits,
    from: { field: from, offset: 0 },
    to: { field: to, offset: 0 },
  });
  const [sourceFrom, destinationFrom] = reversed ? [destination, source] : [source, destination];
  const [sourcePortFrom, destinationPortFrom]: FieldName[] = reversed
    ? ["tcp_dst", "tcp_src"]
    : ["tcp_src", "tcp_dst"];
  return [
    { kind: "match", bits: 16, value: etherType, to: { field: "eth_type", offset: 0 } },
    { kind: "match", bits: 8, value: PROTOCOL_TCP, to: { field: "ip_proto", offset: 0 } },
    copy(source, sourceFrom, addressBits),
    copy(destination, destinationFrom, addressBits),
    copy("tcp_src", sourcePortFrom!, 16),
    copy("tcp_dst", destinationPortFrom!, 16),
  ];
}
