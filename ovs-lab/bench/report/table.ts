import { digits } from "../../demo/quantity.js";
import type { Bench, Column } from "../bench.js";
import type { BenchResult, CellResult, WayResult } from "../result.js";
import type { Spread } from "../statistics.js";
import { summarize } from "../summary.js";

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A row for each cell and way, its figures as "median (least … greatest)"; columns without any figure are left out. */
export function resultTable(bench: Bench, { cells }: Pick<BenchResult, "cells">): Table {
  const ways = cells.flatMap((cell) => cell.ways);
  const columns = bench.columns.filter(({ figure }) =>
    ways.some((way) => summarize(way, figure) !== undefined),
  );
  const isObserved = ways.some(({ trials }) => trials.some(({ observation }) => observation !== undefined));
  const emulator = (way: WayResult) => (isObserved ? emulatorCells(way) : []);
  return {
    header: [
      "",
      "way",
      ...columns.map(({ title }) => title),
      ...(isObserved ? ["late, ms", "own drops"] : []),
    ],
    rows: cells.flatMap((cell) =>
      cell.ways.map((way, index) => [...row(columns, cell, way, index === 0), ...emulator(way)]),
    ),
  };
}

function row(columns: readonly Column[], { cell }: CellResult, way: WayResult, isFirst: boolean): string[] {
  const name = isFirst ? cell : "";
  if (way.trials.length === 0) {
    const [reason = "not tried"] = way.failures;
    return [name, way.way, reason, ...columns.slice(1).map(() => "")];
  }
  return [
    name,
    way.failures.length === 0 ? way.way : `${way.way} (${way.failures.length} failed)`,
    ...columns.map((column) => {
      const spread = summarize(way, column.figure);
      return spread === undefined ? "" : spreadText(column, spread);
    }),
  ];
}

/** The worst of all trials. */
function emulatorCells({ trials }: WayResult): string[] {
  const seen = trials.flatMap(({ observation }) => (observation === undefined ? [] : [observation.emulator]));
  if (seen.length === 0) return ["", ""];
  return [
    Math.max(...seen.map(({ p99 }) => p99)).toFixed(1),
    `${seen.reduce((sum, { drops }) => sum + drops, 0)}`,
  ];
}

export function spreadText(column: Column, { median, least, greatest }: Spread): string {
  const [middle, low, high] = [median, least, greatest].map((value) => valueText(column, value));
  return low === high ? `${middle}` : `${middle} (${low}…${high})`;
}

export function valueText(
  { decimals, share = false }: Pick<Column, "decimals" | "share">,
  value: number,
): string {
  const shown = share ? value * 100 : value;
  const number = decimals === undefined ? digits(shown) : shown.toFixed(decimals);
  return share ? `${number} %` : number;
}
