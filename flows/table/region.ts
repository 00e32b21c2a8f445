import { FAMILIES, type Family } from "./address.js";
import { ascending, includes, intersect, overlaps, type RangeSet, subtract } from "./range.js";

/** The dimensions in which packets are told apart, in the order of a region's sets. */
export const DIMENSIONS = [
  "protocol",
  "vlan",
  "source",
  "destination",
  "sourcePort",
  "destinationPort",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Packets of one address family: the product of a set in each dimension. */
export interface Region extends Readonly<Record<Dimension, RangeSet>> {
  readonly family: Family;
}

/** The value of a packet in each dimension. */
export interface Point extends Readonly<Record<Dimension, bigint>> {
  readonly family: Family;
}

export function regionIncludes(region: Region, point: Point): boolean {
  return region.family === point.family && DIMENSIONS.every((d) => includes(region[d], point[d]));
}

/** The points of a region that have the least or the greatest value in each dimension. */
export function corners(region: Region): Point[] {
  const ends = (set: RangeSet) => [...new Set([set[0]!.first, set.at(-1)!.last])];
  return DIMENSIONS.reduce<Record<string, unknown>[]>(
    (points, d) => points.flatMap((point) => ends(region[d]).map((value) => ({ ...point, [d]: value }))),
    [{ family: region.family }],
  ) as unknown as Point[];
}

export function regionsOverlap(a: Region, b: Region): boolean {
  return a.family === b.family && DIMENSIONS.every((d) => overlaps(a[d], b[d]));
}

/** What of `a` is not in `b`: at most one region a dimension, none of which overlap. */
export function subtractRegion(a: Region, b: Region): Region[] {
  if (!regionsOverlap(a, b)) return [a];
  const rest: Region[] = [];
  let core: Region = a;
  for (const d of DIMENSIONS) {
    const outside = subtract(core[d], b[d]);
    if (outside.length > 0) rest.push({ ...core, [d]: outside });
    core = { ...core, [d]: intersect(core[d], b[d]) };
  }
  return rest;
}

/** One range of a region in one dimension; `index` says whose region. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
  readonly index: number;
}

export function intervalsOf(
  regions: readonly (readonly Region[])[],
  family: Family,
  dimension: Dimension,
): Interval[] {
  return regions.flatMap((ofOne, index) =>
    ofOne
      .filter((region) => region.family === family)
      .flatMap((region) => region[dimension].map(({ first, last }) => ({ first, last, index }))),
  );
}

/** The dimension that tells most of the regions apart, and how many pairs of their ranges overlap even in it. */
export function mostTelling(
  regions: readonly (readonly Region[])[],
  family: Family,
): { readonly dimension: Dimension; readonly pairs: number } {
  return (["destination", "source", "destinationPort"] as const)
    .map((dimension) => ({ dimension, pairs: countOverlaps(intervalsOf(regions, family, dimension)) }))
    .reduce((best, next) => (next.pairs < best.pairs ? next : best));
}

/** How many pairs of intervals overlap, in O(n log n). */
function countOverlaps(intervals: readonly Interval[]): number {
  const firsts = intervals.map(({ first }) => first).sort(ascending);
  const lasts = intervals.map(({ last }) => last).sort(ascending);
  let ended = 0;
  return firsts.reduce((pairs, first, begun) => {
    while (lasts[ended]! < first) ended++;
    return pairs + begun - ended;
  }, 0);
}

/**
 * For each region the earlier ones that it overlaps, by index. A sweep along the dimension that tells most of them
 * apart; undefined where even that leaves more than `limit` pairs to compare.
 */
export function earlierOverlaps(
  regions: readonly (readonly Region[])[],
  limit = Number.POSITIVE_INFINITY,
): Set<number>[] | undefined {
  const overlapping = regions.map(() => new Set<number>());
  for (const family of FAMILIES) {
    const { dimension, pairs } = mostTelling(regions, family);
    if (pairs > limit) return undefined;
    const intervals = intervalsOf(regions, family, dimension);
    intervals.sort((a, b) => ascending(a.first, b.first));
    let open: Interval[] = [];
    for (const interval of intervals) {
      open = open.filter(({ last }) => last >= interval.first);
      for (const { index } of open) {
        const early = Math.min(index, interval.index);
        const late = Math.max(index, interval.index);
        if (early === late || overlapping[late]!.has(early)) continue;
        if (regions[early]!.some((a) => regions[late]!.some((b) => regionsOverlap(a, b)))) {
          overlapping[late]!.add(early);
        }
      }
      open.push(interval);
    }
  }
  return overlapping;
}
