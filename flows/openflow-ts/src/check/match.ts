import { InvalidError } from "../errors/error.js";
import { type Field, fieldByHeader, fieldByName } from "../fields/registry.js";
import type { Prerequisite } from "../fields/row.js";
import { VLAN_PRESENT } from "../model/constants.js";
import type { FieldMatch, Match } from "../model/match.js";

/** The fields of a match that come before the one that is looked at. */
type Before = ReadonlyMap<string, FieldMatch>;

/** Whether a field is there with this value in all bits. */
function is(before: Before, name: string, ...values: bigint[]): boolean {
  const field = before.get(name);
  return field !== undefined && field.mask === undefined && values.includes(field.value);
}

/** Whether all of `bits` are compared in a field, and wanted to be 1. */
function has(before: Before, name: string, bits: bigint): boolean {
  const field = before.get(name);
  return field !== undefined && ((field.mask ?? ~0n) & field.value & bits) === bits;
}

const etherTypeNamespace = 1n << 16n;

/** The packet is of one of these Ethernet types, by `eth_type` or, without an Ethernet header, by `packet_type`. */
function ethernet(before: Before, ...types: bigint[]): boolean {
  return (
    is(before, "eth_type", ...types) ||
    is(before, "packet_type", ...types.map((type) => etherTypeNamespace | type))
  );
}

const ipv4 = (before: Before) => ethernet(before, 0x0800n);
const ipv6 = (before: Before) => ethernet(before, 0x86ddn);
const ip = (before: Before) => ipv4(before) || ipv6(before);
const nd = (before: Before, ...types: bigint[]) =>
  ipv6(before) && is(before, "ip_proto", 58n) && is(before, "icmpv6_type", ...types);

/** OpenFlow 1.5.1 §7.2.3.6, and ovs-fields(7). */
const prerequisites: { readonly [P in Prerequisite]: (before: Before) => boolean } = {
  none: () => true,
  vlan: (before) =>
    has(before, "vlan_vid", BigInt(VLAN_PRESENT)) || has(before, "vlan_tci", BigInt(VLAN_PRESENT)),
  mpls: (before) => ethernet(before, 0x8847n, 0x8848n),
  pbb: (before) => ethernet(before, 0x88e7n),
  arp: (before) => ethernet(before, 0x0806n, 0x8035n),
  nsh: (before) => ethernet(before, 0x894fn),
  ip,
  ipv4,
  ipv6,
  tcp: (before) => ip(before) && is(before, "ip_proto", 6n),
  udp: (before) => ip(before) && is(before, "ip_proto", 17n),
  sctp: (before) => ip(before) && is(before, "ip_proto", 132n),
  icmpv4: (before) => ipv4(before) && is(before, "ip_proto", 1n),
  icmpv6: (before) => ipv6(before) && is(before, "ip_proto", 58n),
  nd: (before) => nd(before, 135n, 136n),
  nd_solicit: (before) => nd(before, 135n),
  nd_advert: (before) => nd(before, 136n),
  conntrack: (before) => before.has("ct_state") || ip(before),
};

export interface MatchContext {
  /** It is told of a packet: fields may lack what they require, and ones that are not known are passed over. */
  readonly told?: true;
}

function checkField(given: FieldMatch, field: Field, before: Before, { told }: MatchContext): void {
  const { name } = field;
  const size = given.size ?? field.bytes;
  const all = (1n << BigInt(8 * size)) - 1n;
  const { value, mask = all } = given;
  const significant = field.variable ? all : (1n << BigInt(field.bits)) - 1n;
  if (mask !== all && mask !== significant && !field.maskable) {
    throw new InvalidError("OFPBMC_BAD_MASK", `${name} cannot be masked`);
  }
  if ((value & ~mask) !== 0n) {
    throw new InvalidError("OFPBMC_BAD_WILDCARDS", `${name} has a value outside its mask`);
  }
  if ((value & ~significant) !== 0n) {
    throw new InvalidError("OFPBMC_BAD_VALUE", `${name} has ${field.bits} bits, not as many as ${value}`);
  }
  if (before.has(name)) throw new InvalidError("OFPBMC_DUP_FIELD", `${name} stands there twice`);
  const wanted = field.requires ?? "none";
  if (!told && !prerequisites[wanted](before)) {
    throw new InvalidError("OFPBMC_BAD_PREREQ", `${name} needs a match on ${wanted} in front of it`);
  }
}

/**
 * Throws an `InvalidError` if a switch would refuse the match: a field unknown, twice, without what it requires, masked
 * where it cannot be, or with bits that it does not have.
 */
export function checkMatch(match: Match, context: MatchContext = {}): void {
  const before = new Map<string, FieldMatch>();
  for (const given of match) {
    const field = given.field === "unknown" ? undefined : fieldByName(given.field);
    if (given.field === "unknown" || !field) {
      if (context.told) continue;
      const sized = given.field === "unknown" && fieldByHeader(given) !== undefined;
      throw new InvalidError(
        sized ? "OFPBMC_BAD_LEN" : "OFPBMC_BAD_FIELD",
        sized ? "a field of the wrong size" : "a field that is not known here",
      );
    }
    checkField(given, field, before, context);
    before.set(given.field, given);
  }
}
