import { parseAddress } from "./address.js";
import {
  type Entry,
  type EntryProblem,
  type EntrySpec,
  type ProtocolSpec,
  parseEntry,
  protocolNumber,
  UNTAGGED,
} from "./entry.js";
import {
  corners,
  earlierOverlaps,
  type Point,
  type Region,
  regionIncludes,
  subtractRegion,
} from "./region.js";
import { RegionIndex } from "./region-index.js";

/** A packet, as the look-up table sees it. */
export interface Tuple {
  readonly protocol: Exclude<ProtocolSpec, "any">;
  readonly source: string;
  readonly destination: string;
  /** 0 where the protocol has no ports. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Of the frame's tag; absent: none. */
  readonly vlan?: number;
}

/** An entry that no packet can reach, because earlier ones together take all of its packets. */
export interface ShadowedEntry {
  readonly entry: Entry;
  readonly by: readonly Entry[];
}

/** The look-up table is not valid. `problems` has everything that is wrong, by entry and field. */
export class TableError extends Error {
  readonly code = "bad-table";
  readonly problems: readonly EntryProblem[];

  constructor(problems: readonly EntryProblem[]) {
    const lines = problems.map(({ entry, field, message }) => `entry ${entry + 1}, ${field}: ${message}`);
    super(`the look-up table is not valid: ${lines.join("; ")}`);
    this.name = "TableError";
    this.problems = problems;
  }
}

/** Entries whose overlaps would take longer to find than they are worth are ranked by their place alone. */
const RANKED_PAIRS = 2_000_000;

/** With more overlaps to be looked at than that, none is looked at. */
const SHADOW_PAIRS = 5_000_000;

/** After so many pieces of entries, of the whole table, it stays open whether anything is left of those that remain. */
const SHADOW_PIECES = 1_000_000;

/** The ordered entries. The first one that a packet matches decides; a packet that none matches passes. */
export class LookupTable {
  readonly entries: readonly Entry[];
  #ranks: readonly number[] | undefined;
  #index: RegionIndex | undefined;

  /** Throws `TableError`. */
  constructor(specs: readonly EntrySpec[]) {
    const problems: EntryProblem[] = [];
    this.entries = specs.map((spec, index) => parseEntry(spec, index, problems));
    if (problems.length > 0) throw new TableError(problems);
  }

  /** The entry that decides about a packet. Throws a `RangeError` for a tuple that is none. */
  lookup(tuple: Tuple): Entry | undefined {
    this.#index ??= new RegionIndex(this.entries.map(({ regions }) => regions));
    const first = this.#index.first(pointOf(tuple));
    return first === undefined ? undefined : this.entries[first];
  }

  /** The entries that never decide; not all of them, or none, where very many overlap. */
  shadowed(): ShadowedEntry[] {
    const overlapping = earlierOverlaps(
      this.entries.map(({ regions }) => regions),
      SHADOW_PAIRS,
    );
    if (!overlapping) return [];
    let pieces = 0;
    return this.entries.flatMap((entry) => {
      const before = [...overlapping[entry.index]!]
        .sort((a, b) => a - b)
        .map((index) => this.entries[index]!);
      if (sticksOut(entry, before)) return [];
      const by: Entry[] = [];
      let rest: readonly Region[] = entry.regions;
      for (const earlier of before) {
        pieces += rest.length;
        if (pieces > SHADOW_PIECES) break;
        const next = earlier.regions.reduce<readonly Region[]>(
          (pieces, taken) => pieces.flatMap((piece) => subtractRegion(piece, taken)),
          rest,
        );
        if (next.length === rest.length && next.every((piece, i) => piece === rest[i])) continue;
        rest = next;
        by.push(earlier);
        if (rest.length === 0) return [{ entry, by }];
      }
      return [];
    });
  }

  /**
   * By entry, how many steps below the top it must stand: one below the lowest earlier entry that it overlaps. Entries
   * that do not overlap share ranks, so that a change in one place of the table leaves most others as they are.
   */
  ranks(): readonly number[] {
    if (this.#ranks) return this.#ranks;
    const overlapping = earlierOverlaps(
      this.entries.map(({ regions }) => regions),
      RANKED_PAIRS,
    );
    const ranks: number[] = [];
    for (const { index } of this.entries) {
      let rank = overlapping ? 0 : index;
      for (const earlier of overlapping?.[index] ?? []) rank = Math.max(rank, ranks[earlier]! + 1);
      ranks.push(rank);
    }
    this.#ranks = ranks;
    return ranks;
  }
}

/** Whether a corner of the entry is in none of the others: most entries that decide show it there. */
function sticksOut({ regions }: Entry, others: readonly Entry[]): boolean {
  return regions.some((region) =>
    corners(region).some(
      (point) => !others.some((other) => other.regions.some((its) => regionIncludes(its, point))),
    ),
  );
}

function pointOf(tuple: Tuple): Point {
  const source = parseAddress(tuple.source);
  const destination = parseAddress(tuple.destination);
  if (!source) throw new RangeError(`"${tuple.source}" is not an IP address`);
  if (!destination) throw new RangeError(`"${tuple.destination}" is not an IP address`);
  if (source.family !== destination.family) {
    throw new RangeError(`${tuple.source} and ${tuple.destination} are not of one address family`);
  }
  return {
    family: source.family,
    protocol: protocolNumber(tuple.protocol, source.family)!,
    vlan: tuple.vlan === undefined ? UNTAGGED : BigInt(tuple.vlan),
    source: source.value,
    destination: destination.value,
    sourcePort: BigInt(tuple.sourcePort ?? 0),
    destinationPort: BigInt(tuple.destinationPort ?? 0),
  };
}
