import { ModelError } from "../model/error.js";
import { runDatamodelCommand } from "./commands.js";

/** A line of a vector file: a command of OVS's own test program for the data model, and what it prints. */
export interface DatamodelRow {
  readonly title?: string;
  /** Whether the command succeeds; absent: where it is expected to print lines. */
  readonly positive?: boolean;
  readonly argv: readonly string[];
  /** The lines that it prints; where it fails, a part of its complaint. */
  readonly expect: readonly string[] | string;
}

/**
 * Does what the row says and compares. Returns `undefined` where it comes out as expected, otherwise what is
 * different.
 */
export function checkDatamodelRow(row: DatamodelRow): string | undefined {
  const { argv, expect, positive = typeof expect !== "string" } = row;
  const expected = typeof expect === "string" ? expect : text(expect);
  const wanted = `${positive ? "expected" : "expected an error with"}:\n${expected}`;
  const result = run(argv);
  if (result instanceof Error) {
    const isRight = !positive && result.message.includes(expected);
    return isRight ? undefined : `${wanted}\nbut it failed: ${result.message}`;
  }
  return positive && result === expected ? undefined : `${wanted}\nbut it printed:\n${result}`;
}

function run(argv: readonly string[]): string | Error {
  try {
    return text(runDatamodelCommand(withoutShell(argv)));
  } catch (error) {
    return error instanceof Error ? error : new ModelError("error", String(error));
  }
}

/** Some rows were cut from a shell's command line, which went on: `…'; echo`. */
function withoutShell(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((argument) => /[\]}];$/.test(argument));
  return end < 0 ? argv : [...argv.slice(0, end), (argv[end] as string).slice(0, -1)];
}

/** Blank lines at the end are not kept in the files. */
function text(lines: readonly string[]): string {
  return lines.slice(0, lines.findLastIndex((line) => line !== "") + 1).join("\n");
}

/** Whether a line is one of these. */
export function isDatamodelRow(row: unknown): row is DatamodelRow {
  if (typeof row !== "object" || row === null || !("argv" in row) || !Array.isArray(row.argv)) return false;
  return "expect" in row && (typeof row.expect === "string" || Array.isArray(row.expect));
}
