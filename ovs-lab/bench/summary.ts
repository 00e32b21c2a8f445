import type { CellResult, WayResult } from "./result.js";
import { type Spread, spread } from "./statistics.js";

/** Of one figure over a way's trials; undefined where no trial has it. */
export function summarize(way: WayResult, figure: string): Spread | undefined {
  const values = way.trials.flatMap(({ figures }) => {
    const value = figures[figure];
    // JSON knows no NaN: what was none comes back as null.
    return value === undefined || value === null || !Number.isFinite(value) ? [] : [value];
  });
  return values.length === 0 ? undefined : spread(values);
}

/** The median of a way's figure in a cell. */
export function figure(cell: CellResult, way: string, name: string): number | undefined {
  const found = cell.ways.find((result) => result.way === way);
  return found === undefined ? undefined : summarize(found, name)?.median;
}
