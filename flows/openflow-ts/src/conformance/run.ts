import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Verdict } from "./verdict.js";

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

/** A row, or why a line is none, and where it stands. */
interface Line {
  readonly where: string;
  readonly row?: unknown;
  readonly fault?: string;
}

/** `where name`, by whatever the row is named by. */
function title({ where, row }: Line): string {
  const named = typeof row === "object" && row !== null ? (row as Readonly<Record<string, unknown>>) : {};
  const { name, title: heading, group, hex } = named;
  const words = [name, heading, group, typeof hex === "string" ? hex.slice(0, 48) : undefined];
  const shown = words.filter((word) => typeof word === "string" && word !== "");
  return [where, shown.join(" / ")].join(" ").trimEnd();
}

/** Integers that a `number` cannot hold are written `{"$bigint": "…"}`. */
function revive(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$bigint" in value)) return value;
  const { $bigint: digits } = value;
  return typeof digits === "string" && /^-?\d+$/.test(digits) ? BigInt(digits) : value;
}

function parse(where: string, text: string): Line {
  try {
    return { where, row: JSON.parse(text, revive) };
  } catch (error) {
    return { where, fault: `no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A row in each line; lines that are empty or begin with `#` or `//` are not for us. */
function linesOf(file: string, text: string): Line[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !/^(#|\/\/)/.test(line))
    .map(({ line, number }) => parse(`${file}#${number}`, line));
}

/** One array of rows. */
function elementsOf(file: string, text: string): Line[] {
  const whole = parse(file, text);
  if (!Array.isArray(whole.row)) return [whole];
  return whole.row.map((row: unknown, index) => ({ where: `${file}#${index + 1}`, row }));
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true });
  return entries
    .filter((name) => /\.(jsonl|ndjson|json)$/i.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function readLines(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  const file = relative(".", path);
  return /\.json$/i.test(path) ? elementsOf(file, text) : linesOf(file, text);
}

function judge(line: Line, checkers: readonly Checker[]): Verdict {
  if (line.fault !== undefined) return { result: "failed", reason: line.fault };
  try {
    const checker = checkers.find((candidate) => candidate.accepts(line.row));
    return (
      checker?.check(line.row) ?? { result: "unknown", reason: "a row of a kind that is not known here" }
    );
  } catch (error) {
    // Members of other types than they should have: one row is not to end the run.
    return { result: "failed", reason: `no row that can be read: ${error}` };
  }
}

const words = { passed: "ok", failed: "not ok", excused: "skip", unknown: "unknown" } as const;

/**
 * Checks every row of a file, or of every file below a directory (`.jsonl` and `.ndjson`: a row in each line; `.json`:
 * an array of rows), and prints a line for each: `ok`, `not ok`, `skip` or `unknown`, its name, and the reason; at the
 * end how many there were of each.
 */
export async function runConformance(
  path: string,
  checkers: readonly Checker[],
  print: (line: string) => void,
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, excused: 0, unknown: 0 };
  for (const file of await filesOf(path)) {
    for (const line of await readLines(file)) {
      const verdict = judge(line, checkers);
      tally[verdict.result]++;
      const reason = verdict.reason === undefined ? "" : `: ${verdict.reason}`;
      print(`${words[verdict.result]} ${title(line)}${reason}`);
    }
  }
  const { passed, failed, excused, unknown } = tally;
  print(`${passed} passed, ${failed} failed, ${excused} skipped, ${unknown} of other kinds`);
  return tally;
}

/** The exit status: 0 where rows passed and none failed, 1 otherwise. */
export function exitStatus({ passed, failed }: Tally): number {
  return failed === 0 && passed > 0 ? 0 : 1;
}
