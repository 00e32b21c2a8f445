import { isIPv4, isIPv6 } from "node:net";
import { full, type Range, type RangeSet, rangeSet, single } from "./range.js";

export type Family = "ipv4" | "ipv6";
export const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];
export const ADDRESS_BITS: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** An address as an integer in network byte order. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** Addresses of both families; a family that is absent has none. */
export type AddressSet = Readonly<Record<Family, RangeSet>>;

export const ANY_ADDRESS: AddressSet = { ipv4: full(32), ipv6: full(128) };

const IPV4_GROUP = 8n;
const IPV6_GROUP = 16n;

function parseIPv4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << IPV4_GROUP) | BigInt(part), 0n);
}

/** The 16-bit groups that `text` names, the last two possibly in dotted form (RFC 4291 §2.2). */
function ipv6Groups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (!part.includes(".")) return [BigInt(`0x${part}`)];
    const value = parseIPv4(part);
    return [value >> IPV6_GROUP, value & 0xffffn];
  });
}

function parseIPv6(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const before = ipv6Groups(head);
  const after = tail === undefined ? [] : ipv6Groups(tail);
  const gap = new Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...gap, ...after].reduce((value, group) => (value << IPV6_GROUP) | group, 0n);
}

/** An address in text form, without zone or prefix; undefined where it is none. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: "ipv4", value: parseIPv4(text) };
  if (isIPv6(text) && !text.includes("%")) return { family: "ipv6", value: parseIPv6(text) };
  return undefined;
}

/** IPv6 in the form of RFC 5952: lower case, the longest run of zero groups shortened. */
export function formatAddress({ family, value }: Address): string {
  if (family === "ipv4") {
    return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> (112n - 16n * BigInt(i))) & 0xffffn));
  let start = 0;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** Why `text` names no addresses: the sentence goes into the error that names entry and field. */
export class AddressSyntax extends Error {
  readonly code = "address-syntax";
}

/**
 * One address (`10.1.0.11`), prefix (`10.1.0.0/24`) or range (`10.1.0.10-10.1.0.19`).
 * Throws `AddressSyntax`.
 */
export function parseAddressRange(text: string): { family: Family; range: Range } {
  const [from = "", to, ...more] = text.split("-");
  if (to !== undefined) {
    const first = parseAddress(from.trim());
    const last = parseAddress(to.trim());
    if (!first || !last || more.length > 0) {
      throw new AddressSyntax(`"${text}" is not a range of addresses; write it as 10.1.0.10-10.1.0.19`);
    }
    if (first.family !== last.family) {
      throw new AddressSyntax(`the range "${text}" begins in one address family and ends in the other`);
    }
    if (first.value > last.value) throw new AddressSyntax(`the range "${text}" ends before it begins`);
    return { family: first.family, range: { first: first.value, last: last.value } };
  }
  const [base = "", length, ...rest] = text.split("/");
  const address = parseAddress(base);
  if (!address || rest.length > 0) {
    throw new AddressSyntax(
      `"${text}" is not an address; expected an address (10.1.0.11), a prefix (10.1.0.0/24), a range (10.1.0.10-10.1.0.19) or any`,
    );
  }
  const bits = ADDRESS_BITS[address.family];
  if (length === undefined) return { family: address.family, range: single(address.value) };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) {
    throw new AddressSyntax(`"${text}" has no valid prefix length; expected 0 to ${bits}`);
  }
  const size = 1n << BigInt(bits - Number(length));
  const first = address.value - (address.value % size);
  if (first !== address.value) {
    const proper = `${formatAddress({ ...address, value: first })}/${length}`;
    throw new AddressSyntax(`"${text}" has bits set behind its prefix; did you mean ${proper}?`);
  }
  return { family: address.family, range: { first, last: first + size - 1n } };
}

/** The union of addresses, prefixes and ranges of either family; `any` is all. Throws `AddressSyntax`. */
export function parseAddressSet(spec: string | readonly string[]): AddressSet {
  const texts = typeof spec === "string" ? [spec] : spec;
  if (texts.length === 0) throw new AddressSyntax("the list of addresses is empty; leave it out for any");
  if (texts.includes("any")) {
    if (texts.length > 1) throw new AddressSyntax("any stands beside other addresses, which it includes");
    return ANY_ADDRESS;
  }
  const ranges: Record<Family, Range[]> = { ipv4: [], ipv6: [] };
  for (const text of texts) {
    const { family, range } = parseAddressRange(text);
    ranges[family].push(range);
  }
  return { ipv4: rangeSet(ranges.ipv4), ipv6: rangeSet(ranges.ipv6) };
}
