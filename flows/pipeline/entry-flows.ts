import { type FieldMatch, type FieldName, type Instruction, VLAN_PRESENT } from "openflow-ts";
import { UNTAGGED } from "../table/entry.js";
import { ADDRESS_BITS, type Entry, type EntryAction, type Family, type LookupTable } from "../table/index.js";
import { full, includes, intersect, type MaskedValue, prefixCover, type RangeSet } from "../table/range.js";
import type { Region } from "../table/region.js";
import { type Flow, flow } from "./flow.js";
import { type AccessPort, fromPort } from "./lans.js";
import { TOP_ENTRY_PRIORITY } from "./layout.js";
import { DOWN } from "./register.js";
import { PROTOCOL_TCP, tcp, tupleFields } from "./tcp.js";

/** An entry's sets multiply to more flows than that: it is better written in another way. */
export const FLOWS_PER_ENTRY = 4096;

export class EntryTooWideError extends Error {
  readonly code = "entry-too-wide";
  readonly entry: Entry;

  constructor(entry: Entry, flows: number) {
    super(
      `entry ${entry.index + 1} (${entry.name}) takes ${flows} flows, more than ${FLOWS_PER_ENTRY}: ` +
        "its lists of addresses and ports multiply; use prefixes and power-of-two port ranges, or several entries",
    );
    this.name = "EntryTooWideError";
    this.entry = entry;
  }
}

/** A table whose entries overlap in a chain longer than there are priorities. */
export class TableTooDeepError extends Error {
  readonly code = "table-too-deep";

  constructor() {
    super(
      `more than ${TOP_ENTRY_PRIORITY} entries overlap one another: the switch has no priorities for so many`,
    );
    this.name = "TableTooDeepError";
  }
}

/** What the register remembers of the entry that a packet matches. */
export interface EntryMarks {
  /** 0 for none. */
  readonly peer: number;
  readonly confirmed: 0 | 1;
  /** By `DOWN`. */
  readonly down: number;
}

const UNMARKED: EntryMarks = { peer: 0, confirmed: 0, down: DOWN.pass };

export interface EntryFlowsInput {
  /** Number of the table that they go to. */
  readonly table: number;
  readonly families: readonly Family[];
  readonly lookup: LookupTable;
  readonly peers: ReadonlyMap<string, number>;
  /** Ports of the bridge that are in a VLAN which their frames do not name. */
  readonly access: readonly AccessPort[];
  /** The cookie of a flow, by its peer's number; 0 for `pass`. */
  readonly cookie: (peer: number) => bigint;
  /** What is done with a packet, by what the register is to remember of its entry. */
  readonly matched: (marks: EntryMarks) => readonly Instruction[];
}

const VLAN_BITS = 12;
const PRESENT = BigInt(VLAN_PRESENT);
const VLAN_FIELD = PRESENT | (PRESENT - 1n);
const UNTAGGED_FRAME: FieldMatch = { field: "vlan_vid", value: 0n };

/**
 * The entries as flows, the first on top, and one below for what none matches. An entry whose peer is down has its
 * flows as well: what it matches must not fall to a later entry.
 *
 * The result hangs on the input alone. What it remembers saves work: an entry that is as it was last time, in a table
 * of thousands, has the very same flows.
 */
export class EntryFlows {
  #last = new Map<string, readonly Flow[]>();

  /** Throws `EntryTooWideError` and `TableTooDeepError`. */
  compile(input: EntryFlowsInput): Flow[] {
    const ranks = input.lookup.ranks();
    const instructions = new Map<string, readonly Instruction[]>();
    const matched = (marks: EntryMarks) => {
      const key = Object.values(marks).join();
      const made = instructions.get(key) ?? input.matched(marks);
      instructions.set(key, made);
      return made;
    };
    const made = new Map<string, readonly Flow[]>();
    for (const entry of input.lookup.entries) {
      const { action, index, spec } = entry;
      const marks = marksOf(action, input.peers);
      const { peer } = marks;
      const priority = TOP_ENTRY_PRIORITY - ranks[index]!;
      if (priority < 1) throw new TableTooDeepError();
      const place = [input.table, priority, input.cookie(peer), input.families];
      const access = input.access.filter(({ vlan }) => vlan === spec.vlan);
      const key = `${place} ${JSON.stringify([spec, access])}`;
      const flows = made.get(key) ?? this.#last.get(key);
      const make = () =>
        matchesOf(entry, input.families, access).map((match) =>
          flow(input.table, priority, input.cookie(peer), match, matched(marks)),
        );
      made.set(key, flows ?? make());
    }
    this.#last = made;
    return [...made.values(), [flow(input.table, 0, input.cookie(0), [], matched(UNMARKED))]].flat();
  }
}

function marksOf(action: EntryAction, peers: ReadonlyMap<string, number>): EntryMarks {
  if (action.type === "pass") return UNMARKED;
  const { peer, accept, whenPeerDown } = action;
  return {
    peer: peers.get(peer)!,
    confirmed: accept === "confirmed" ? 1 : 0,
    down: DOWN[whenPeerDown],
  };
}

/** @param access of the entry's VLAN, if it names one */
function matchesOf(entry: Entry, families: readonly Family[], access: readonly AccessPort[]): FieldMatch[][] {
  const covers = entry.regions
    .filter(({ family, protocol }) => families.includes(family) && includes(protocol, PROTOCOL_TCP))
    .map((region) => coversOf(region, access));
  const count = covers.reduce((sum, parts) => sum + parts.reduce((n, { length }) => n * length, 1), 0);
  if (count > FLOWS_PER_ENTRY) throw new EntryTooWideError(entry, count);
  return covers.flatMap((parts) => product(parts));
}

/** Alternatives for one part of a match; no field at all where the part is any. */
type Cover = readonly (readonly FieldMatch[])[];

function coversOf(region: Region, access: readonly AccessPort[]): Cover[] {
  const { source, destination } = tupleFields[region.family];
  const bits = ADDRESS_BITS[region.family];
  return [
    [tcp(region.family)],
    [...vlanCover(region.vlan), ...access.map(({ ofport }) => [UNTAGGED_FRAME, fromPort(ofport)])],
    rangeCover(source, region.source, bits),
    rangeCover(destination, region.destination, bits),
    rangeCover("tcp_src", region.sourcePort, 16),
    rangeCover("tcp_dst", region.destinationPort, 16),
  ];
}

function rangeCover(field: FieldName, set: RangeSet, bits: number): Cover {
  return prefixCover(set, bits).map((block) => fieldMatch(field, block, bits));
}

/** No field for any value, no mask for exactly one: as OVS reports matches. */
function fieldMatch(field: FieldName, { value, mask }: MaskedValue, bits: number): FieldMatch[] {
  if (mask === 0n) return [];
  return mask === (1n << BigInt(bits)) - 1n ? [{ field, value }] : [{ field, value, mask }];
}

/** OXM_OF_VLAN_VID is 0 for a frame without a tag and has the bit `VLAN_PRESENT` for one with (ovs-fields(7)). */
function vlanCover(set: RangeSet): Cover {
  const tagged = prefixCover(intersect(set, full(VLAN_BITS)), VLAN_BITS);
  const untagged = includes(set, UNTAGGED);
  if (untagged && tagged.some(({ mask }) => mask === 0n)) return [[]];
  return [
    ...(untagged ? [{ value: 0n, mask: VLAN_FIELD }] : []),
    ...tagged.map(({ value, mask }) => ({ value: value | PRESENT, mask: mask | PRESENT })),
  ].map((block) => fieldMatch("vlan_vid", block, VLAN_BITS + 1));
}

function product(covers: readonly Cover[]): FieldMatch[][] {
  return covers.reduce<FieldMatch[][]>(
    (matches, cover) => matches.flatMap((match) => cover.map((part) => [...match, ...part])),
    [[]],
  );
}
