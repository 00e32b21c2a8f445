/** An inclusive range of unsigned integers: addresses, ports, protocol numbers, VLANs. */
export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** Ranges in ascending order that neither overlap nor touch. Empty: nothing. */
export type RangeSet = readonly Range[];

/** The bits of `value` that `mask` has are compared. */
export interface MaskedValue {
  readonly value: bigint;
  readonly mask: bigint;
}

export const single = (value: bigint): Range => ({ first: value, last: value });

/** All values of so many bits. */
export const full = (bits: number): RangeSet => [{ first: 0n, last: (1n << BigInt(bits)) - 1n }];

/** For `sort`. */
export const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The lesser and the greater; `Math.min` takes no `bigint`. */
const ordered = (a: bigint, b: bigint): [bigint, bigint] => (a < b ? [a, b] : [b, a]);

/** Sorts ranges and merges those that overlap or touch. */
export function rangeSet(ranges: readonly Range[]): RangeSet {
  const sorted = [...ranges].sort((a, b) => ascending(a.first, b.first));
  const merged: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of sorted) {
    const before = merged.at(-1);
    if (before && first <= before.last + 1n) {
      if (last > before.last) before.last = last;
    } else {
      merged.push({ first, last });
    }
  }
  return merged;
}

export function includes(set: RangeSet, value: bigint): boolean {
  return set.some(({ first, last }) => first <= value && value <= last);
}

export function intersect(a: RangeSet, b: RangeSet): RangeSet {
  const common: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]!;
    const y = b[j]!;
    const [, first] = ordered(x.first, y.first);
    const [last] = ordered(x.last, y.last);
    if (first <= last) common.push({ first, last });
    if (x.last < y.last) i++;
    else j++;
  }
  return common;
}

export function overlaps(a: RangeSet, b: RangeSet): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]!;
    const y = b[j]!;
    if (x.last < y.first) i++;
    else if (y.last < x.first) j++;
    else return true;
  }
  return false;
}

/** What of `a` is not in `b`. */
export function subtract(a: RangeSet, b: RangeSet): RangeSet {
  const rest: Range[] = [];
  let j = 0;
  for (const { first, last } of a) {
    while (j < b.length && b[j]!.last < first) j++;
    let from = first;
    for (let k = j; k < b.length && b[k]!.first <= last; k++) {
      const cut = b[k]!;
      if (from < cut.first) rest.push({ first: from, last: cut.first - 1n });
      from = cut.last + 1n;
    }
    if (from <= last) rest.push({ first: from, last });
  }
  return rest;
}

/**
 * The fewest aligned power-of-two blocks that make up the set exactly, each as value and mask of `bits` bits: prefixes
 * for addresses, bit-wise matches for ports. A range of w-bit numbers takes at most 2w - 2 of them.
 */
export function prefixCover(set: RangeSet, bits: number): MaskedValue[] {
  const ones = (1n << BigInt(bits)) - 1n;
  const cover: MaskedValue[] = [];
  for (const { first, last } of set) {
    for (let at = first; at <= last; ) {
      let size = at === 0n ? ones + 1n : at & -at;
      while (at + size - 1n > last) size >>= 1n;
      cover.push({ value: at, mask: ones & ~(size - 1n) });
      at += size;
    }
  }
  return cover;
}
