import { type AddressSet, AddressSyntax, FAMILIES, type Family, parseAddressSet } from "./address.js";
import { full, type Range, type RangeSet, rangeSet, single } from "./range.js";
import type { Region } from "./region.js";

/** A port (80), a range ("8000-8099"), a list of these, or any. */
export type PortSpec = number | string | readonly (number | string)[];

/** A protocol by name or by its number in the IP header. */
export type ProtocolSpec = ProtocolName | "any" | number;

/** An entry as the configuration has it. What is left out is any. */
export interface EntrySpec {
  /** Stands in messages and in `explain`. Default: the entry's place, as `#3`. */
  readonly name?: string;
  readonly protocol?: ProtocolSpec;
  /** Who opens the connection: an address, a prefix, a range `a-b`, a list of these, or `any`. */
  readonly source?: string | readonly string[];
  /** With whom. */
  readonly destination?: string | readonly string[];
  readonly sourcePorts?: PortSpec;
  /** Destination ports. */
  readonly ports?: PortSpec;
  /** VLAN 1 to 4094 of the tag that the frame carries; `untagged`: without a tag. */
  readonly vlan?: number | "untagged" | "any";
  readonly action: "optimize" | "pass";
  /** The peer behind which the destination is; only of `optimize`. */
  readonly peer?: string;
  /** The traffic class; only of `optimize`. */
  readonly class?: string;
  /** When the client gets its answer; only of `optimize`. Default: `early`. */
  readonly accept?: Accept;
  /** What becomes of new connections while there is no session to the peer; only of `optimize`. Default: `pass`. */
  readonly whenPeerDown?: WhenPeerDown;
}

/** `early`: at once, by our edge. `confirmed`: once the far edge has connected, or been refused. */
export type Accept = (typeof ACCEPTS)[number];
const ACCEPTS = ["early", "confirmed"] as const;

/** `pass`: they go direct. `hold`: their SYNs are dropped, until a retransmission finds the peer. `refuse`: they get a RST. */
export type WhenPeerDown = (typeof WHEN_PEER_DOWN)[number];
const WHEN_PEER_DOWN = ["pass", "hold", "refuse"] as const;

export type EntryField = keyof EntrySpec;

export type EntryAction =
  | { readonly type: "pass" }
  | {
      readonly type: "optimize";
      readonly peer: string;
      readonly class: string | undefined;
      readonly accept: Accept;
      readonly whenPeerDown: WhenPeerDown;
    };

/** A valid entry. */
export interface Entry {
  /** Place in the table, from 0. The first entry that a packet matches decides. */
  readonly index: number;
  readonly name: string;
  readonly spec: EntrySpec;
  /** What it matches: one region for each address family in which both source and destination have addresses. */
  readonly regions: readonly Region[];
  readonly action: EntryAction;
}

/** What is wrong with one field of one entry. */
export interface EntryProblem {
  /** Place in the table, from 0. */
  readonly entry: number;
  readonly field: EntryField;
  readonly message: string;
}

const PROTOCOLS = {
  tcp: { ipv4: 6n, ipv6: 6n },
  udp: { ipv4: 17n, ipv6: 17n },
  sctp: { ipv4: 132n, ipv6: 132n },
  icmp: { ipv4: 1n, ipv6: 58n },
} as const satisfies Record<string, Record<Family, bigint>>;
export type ProtocolName = keyof typeof PROTOCOLS;

const WITH_PORTS: readonly bigint[] = [PROTOCOLS.tcp.ipv4, PROTOCOLS.udp.ipv4, PROTOCOLS.sctp.ipv4];

/** The VLAN dimension's value of a frame without a tag, one above the last VLAN. */
export const UNTAGGED = 4096n;
export const ANY_VLAN: RangeSet = [{ first: 0n, last: UNTAGGED }];
export const ANY_PORT: RangeSet = full(16);
export const ANY_PROTOCOL: RangeSet = full(8);

/** A field's value is wrong; `parseEntry` adds where. */
class FieldProblem extends Error {}

/** The protocol's number in a family; undefined for any. Throws a `RangeError` where there is no such protocol. */
export function protocolNumber(spec: ProtocolSpec, family: Family): bigint | undefined {
  if (spec === "any") return undefined;
  if (typeof spec === "number") {
    if (Number.isInteger(spec) && spec >= 0 && spec <= 255) return BigInt(spec);
  } else if (Object.hasOwn(PROTOCOLS, spec)) {
    return PROTOCOLS[spec][family];
  }
  throw new RangeError(
    `${JSON.stringify(spec)} is not a protocol; expected ${Object.keys(PROTOCOLS).join(", ")}, any or a number from 0 to 255`,
  );
}

function parsePort(text: string, whole: PortSpec): bigint {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new FieldProblem(
      `${JSON.stringify(whole)} has no valid port in "${text}"; expected 0 to 65535, a range as "8000-8099", a list or any`,
    );
  }
  return BigInt(text);
}

function parsePorts(spec: PortSpec): RangeSet {
  const parts = (Array.isArray(spec) ? spec : [spec]).map((part) => String(part).trim());
  if (parts.length === 0) throw new FieldProblem("the list of ports is empty; leave it out for any");
  if (parts.includes("any")) {
    if (parts.length > 1) throw new FieldProblem("any stands beside other ports, which it includes");
    return ANY_PORT;
  }
  return rangeSet(
    parts.map((part): Range => {
      const [from = "", to, ...more] = part.split("-").map((end) => end.trim());
      if (more.length > 0)
        throw new FieldProblem(`"${part}" is not a range of ports; write it as "8000-8099"`);
      const first = parsePort(from, spec);
      const last = to === undefined ? first : parsePort(to, spec);
      if (first > last) throw new FieldProblem(`the range of ports "${part}" ends before it begins`);
      return { first, last };
    }),
  );
}

function parseVlan(spec: NonNullable<EntrySpec["vlan"]>): RangeSet {
  if (spec === "any") return ANY_VLAN;
  if (spec === "untagged") return [single(UNTAGGED)];
  if (typeof spec !== "number" || !Number.isInteger(spec) || spec < 1 || spec > 4094) {
    throw new FieldProblem(`${JSON.stringify(spec)} is not a VLAN; expected 1 to 4094, untagged or any`);
  }
  return [single(BigInt(spec))];
}

function parseAction(spec: EntrySpec, fail: Fail): EntryAction {
  const { action, peer, class: trafficClass, accept = "early", whenPeerDown = "pass" } = spec;
  const oneOf = (field: EntryField, value: string, words: readonly string[]) => {
    if (!words.includes(value)) fail(field, `${JSON.stringify(value)} is none of ${words.join(", ")}`);
  };
  if (action === "optimize") {
    if (!peer) fail("peer", "an entry that optimizes needs the peer behind which the destination is");
    oneOf("accept", accept, ACCEPTS);
    oneOf("whenPeerDown", whenPeerDown, WHEN_PEER_DOWN);
    return { type: "optimize", peer: peer ?? "", class: trafficClass, accept, whenPeerDown };
  }
  if (action !== "pass") {
    fail("action", `${JSON.stringify(action)} is not an action; expected optimize or pass`);
    return { type: "pass" };
  }
  if (peer !== undefined) fail("peer", "an entry that lets packets pass has no peer");
  if (trafficClass !== undefined) fail("class", "an entry that lets packets pass has no class");
  if (spec.accept !== undefined) fail("accept", "an entry that lets packets pass accepts nothing");
  if (spec.whenPeerDown !== undefined) fail("whenPeerDown", "an entry that lets packets pass has no peer");
  return { type: "pass" };
}

type Fail = (field: EntryField, message: string) => void;

/** Makes an entry of its specification. Everything that is wrong goes to `problems`; then the result is not to be used. */
export function parseEntry(spec: EntrySpec, index: number, problems: EntryProblem[]): Entry {
  const before = problems.length;
  const fail: Fail = (field, message) => problems.push({ entry: index, field, message });
  const attempt = <T>(field: EntryField, instead: T, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof FieldProblem || error instanceof AddressSyntax || error instanceof RangeError)) {
        throw error;
      }
      fail(field, error.message);
      return instead;
    }
  };
  const nowhere: AddressSet = { ipv4: [], ipv6: [] };
  const source = attempt("source", nowhere, () => parseAddressSet(spec.source ?? "any"));
  const destination = attempt("destination", nowhere, () => parseAddressSet(spec.destination ?? "any"));
  const sourcePort = attempt("sourcePorts", ANY_PORT, () => parsePorts(spec.sourcePorts ?? "any"));
  const destinationPort = attempt("ports", ANY_PORT, () => parsePorts(spec.ports ?? "any"));
  const vlan = attempt("vlan", ANY_VLAN, () => parseVlan(spec.vlan ?? "any"));
  const protocolIn = (family: Family) => protocolNumber(spec.protocol ?? "any", family);
  const protocol = attempt("protocol", undefined, () => protocolIn("ipv4"));
  for (const field of ["sourcePorts", "ports"] as const) {
    const meaningful = protocol !== undefined && WITH_PORTS.includes(protocol);
    if (!meaningful && spec[field] !== undefined && spec[field] !== "any") {
      fail(field, "ports need protocol tcp, udp or sctp");
    }
  }
  const action = parseAction(spec, fail);
  const whole = problems.length === before;
  const regions: Region[] = FAMILIES.filter(
    (family) => whole && source[family].length > 0 && destination[family].length > 0,
  ).map((family) => {
    const number = protocolIn(family);
    return {
      family,
      protocol: number === undefined ? ANY_PROTOCOL : [single(number)],
      vlan,
      source: source[family],
      destination: destination[family],
      sourcePort,
      destinationPort,
    };
  });
  if (whole && regions.length === 0) {
    fail("destination", "source and destination have no address family in common, so nothing can match");
  }
  return { index, name: spec.name ?? `#${index + 1}`, spec, regions, action };
}
