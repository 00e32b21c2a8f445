import { FAMILIES, type Family } from "./address.js";
import { ascending } from "./range.js";
import {
  type Dimension,
  intervalsOf,
  mostTelling,
  type Point,
  type Region,
  regionIncludes,
} from "./region.js";

/** One dimension cut where a range of any region begins or ends, and who is there between two cuts. */
interface Slices {
  readonly dimension: Dimension;
  /** First value of each slice, ascending. */
  readonly cuts: readonly bigint[];
  /** Owners of the regions in each slice, ascending. */
  readonly owners: readonly (readonly number[])[];
}

/** With more owners than that in all slices together, cutting does not pay. */
const LARGEST = 4_000_000;

/** Finds the first of many owners of regions whose region includes a point, without asking all of them. */
export class RegionIndex {
  readonly #regions: readonly (readonly Region[])[];
  readonly #slices = new Map<Family, Slices>();
  readonly #all: readonly number[];

  /** `regions` by owner, in the order of their precedence. */
  constructor(regions: readonly (readonly Region[])[]) {
    this.#regions = regions;
    this.#all = regions.map((_, owner) => owner);
    for (const family of FAMILIES) {
      const { dimension, pairs } = mostTelling(regions, family);
      if (pairs + regions.length <= LARGEST) this.#slices.set(family, slice(regions, family, dimension));
    }
  }

  /** The first owner with a region that includes the point; undefined where there is none. */
  first(point: Point): number | undefined {
    return this.#candidates(point).find((owner) =>
      this.#regions[owner]!.some((region) => regionIncludes(region, point)),
    );
  }

  #candidates(point: Point): readonly number[] {
    const slices = this.#slices.get(point.family);
    if (!slices) return this.#all;
    const { cuts, owners, dimension } = slices;
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cuts[middle]! <= point[dimension]) low = middle + 1;
      else high = middle;
    }
    return owners[low - 1] ?? [];
  }
}

function slice(regions: readonly (readonly Region[])[], family: Family, dimension: Dimension): Slices {
  const begins = new Map<bigint, number[]>();
  const ends = new Map<bigint, number[]>();
  const add = (map: Map<bigint, number[]>, at: bigint, owner: number) => {
    const there = map.get(at);
    if (there) there.push(owner);
    else map.set(at, [owner]);
  };
  for (const { first, last, index } of intervalsOf(regions, family, dimension)) {
    add(begins, first, index);
    add(ends, last + 1n, index);
  }
  const cuts = [...new Set([...begins.keys(), ...ends.keys()])].sort(ascending);
  const present = new Map<number, number>();
  const owners = cuts.map((cut) => {
    for (const owner of ends.get(cut) ?? []) {
      const left = present.get(owner)! - 1;
      if (left === 0) present.delete(owner);
      else present.set(owner, left);
    }
    for (const owner of begins.get(cut) ?? []) present.set(owner, (present.get(owner) ?? 0) + 1);
    return [...present.keys()].sort((a, b) => a - b);
  });
  return { dimension, cuts, owners };
}
