import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Verdict } from "./row.js";

/** Rows of one shape, and what is done with them. */
export interface Checker {
  accepts(row: unknown): boolean;
  check(row: unknown): Verdict;
}

export interface Tally {
  passed: number;
  failed: number;
  excused: number;
  /** Rows of a shape that no checker knows. */
  unknown: number;
}

/** `file#line name`, by whatever the row is named by. */
function title(file: string, line: number, row: unknown): string {
  const { name, title: heading, group, hex } = row as Readonly<Record<string, unknown>>;
  const words = [name, heading, group, typeof hex === "string" ? hex.slice(0, 48) : undefined];
  return `${file}#${line} ${words.filter((word) => word !== undefined).join(" / ")}`;
}

/**
 * Checks every line of every `.jsonl` file below a directory and prints a line for each row: `ok`, `not ok` or `skip`,
 * its name, and the reason.
 */
export async function runConformance(
  directory: string,
  checkers: readonly Checker[],
  print: (line: string) => void,
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, excused: 0, unknown: 0 };
  const entries = await readdir(directory, { recursive: true });
  for (const entry of entries.filter((name) => name.endsWith(".jsonl")).sort()) {
    const lines = (await readFile(join(directory, entry), "utf8")).split("\n");
    for (const [index, line] of lines.entries()) {
      if (line.trim() === "") continue;
      const row: unknown = JSON.parse(line);
      const name = title(relative(".", join(directory, entry)), index + 1, row);
      const checker = checkers.find((candidate) => candidate.accepts(row));
      if (!checker) {
        tally.unknown++;
        continue;
      }
      const verdict = checker.check(row);
      tally[verdict.result]++;
      if (verdict.result === "passed") print(`ok ${name}`);
      else print(`${verdict.result === "failed" ? "not ok" : "skip"} ${name}: ${verdict.reason}`);
    }
  }
  const { passed, failed, excused, unknown } = tally;
  print(`${passed} passed, ${failed} failed, ${excused} skipped, ${unknown} of other kinds`);
  return tally;
}
