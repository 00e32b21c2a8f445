/** What is said of several measurements of one thing. NaN of none. */

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The least value that at least `share` of all do not exceed (nearest rank): `quantile(times, 0.99)`. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1]!;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return {
    median: median(sorted),
    least: sorted[0] ?? Number.NaN,
    greatest: sorted.at(-1) ?? Number.NaN,
  };
}

/**
 * How evenly something is shared (Jain, Chiu, Hawe 1984): 1 if all have the same, 1/n if one has all. Nobody having
 * anything is no fair share either: NaN.
 */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? Number.NaN : (sum * sum) / (shares.length * squares);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((total, value) => total + value, 0) / values.length;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
