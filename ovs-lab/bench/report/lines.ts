import { renderTable } from "../../demo/table.js";
import { findBench } from "../benches/all.js";
import type { BenchResult } from "../result.js";
import { besideDemo } from "./demo.js";
import { resultTable } from "./table.js";

/** A bench's result for a terminal. */
export function resultLines(result: BenchResult): string[] {
  const bench = findBench(result.bench);
  const { header, rows } = resultTable(bench, result);
  const alignments = header.map((_, index) => (index < 2 ? ("left" as const) : ("right" as const)));
  const verdicts = result.cells.flatMap((cell) =>
    bench
      .judge(cell, result.cells)
      .map(({ wanted, found, reached }) => `  ${reached ? "✓" : "✗"} ${cell.cell}: ${wanted}: ${found}`),
  );
  const demo = besideDemo(result);
  const notes = demo === undefined ? [] : [`  ${demo}`];
  return ["", bench.title, ...renderTable(header, alignments, rows), "", ...verdicts, ...notes, ""];
}
