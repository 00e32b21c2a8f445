import { parseJson } from "../json/parse.js";
import { printJson } from "../json/stringify.js";
import type { Json } from "../json/value.js";
import type { Atom } from "../model/atom.js";
import { anyHolds, type Clause, everyHolds, type Fields, parseConditions } from "../model/condition.js";
import type { Datum } from "../model/datum.js";
import { ModelError } from "../model/error.js";
import { mutate, parseMutations } from "../model/mutation.js";
import { type DatumRow, differences, parseDatumRow, rowToJson } from "../model/row.js";
import { columnType, type TableSchema } from "../model/schema.js";
import { listOf, tableOf } from "./argument.js";

/** The commands that put rows into a table of their own. */

function rowsOf(table: TableSchema, text: string): DatumRow[] {
  return listOf(parseJson(text)).map((json) => parseDatumRow(table, json));
}

function fieldsOf(row: DatumRow): Fields {
  return (column) => row.get(column) as Datum;
}

function inFives(marks: readonly string[]): string {
  return marks.map((mark, index) => (index % 5 === 0 ? ` ${mark}` : mark)).join("");
}

export function compareRows(tableText: string, ...rows: string[]): string[] {
  const table = tableOf(tableText);
  const named = rows.map((text) => {
    const [name = null, json = null] = listOf(parseJson(text));
    const row = parseDatumRow(table, json);
    return { name: String(name), row, hash: hash(table, row) };
  });
  return named.flatMap((a, index) =>
    named.slice(index + 1).flatMap((b) => {
      if (differences(a.row, b.row).length === 0) return [`${a.name} == ${b.name}`];
      return a.hash === b.hash ? [`hash(${a.name}) == hash(${b.name})`] : [];
    }),
  );
}

/**
 * Stands for OVS's hash, which has no collisions on small rows but one: of a UUID it takes the first 32 bits.
 */
function hash(table: TableSchema, row: DatumRow): string {
  const columns = [...row].map(([name, { keys, values = [] }]) => {
    const type = columnType(table, name);
    const of = (atomic: string | undefined) => (atom: Atom) =>
      atomic === "uuid" ? String(atom).slice(0, 8) : atom;
    return [name, keys.map(of(type?.key.type)), values.map(of(type?.value?.type))] as Json;
  });
  return printJson(columns);
}

type Match = (clauses: readonly Clause[], row: Fields) => boolean;

export function evaluateConditions(tableText: string, conditions: string, rows: string): string[] {
  return evaluate(tableText, conditions, rows, everyHolds);
}

export function evaluateConditionsAny(tableText: string, conditions: string, rows: string): string[] {
  return evaluate(tableText, conditions, rows, anyHolds);
}

function evaluate(tableText: string, conditions: string, rows: string, match: Match): string[] {
  const table = tableOf(tableText);
  const clauses = listOf(parseJson(conditions)).map((json) => parseConditions(table, json));
  const parsed = rowsOf(table, rows);
  return clauses.map((clause, index) => {
    const marks = parsed.map((row) => (match(clause, fieldsOf(row)) ? "T" : "-"));
    return `condition ${String(index).padStart(2)}:${inFives(marks)}`;
  });
}

export function query(tableText: string, rows: string, conditions: string): string[] {
  const table = tableOf(tableText);
  return queries(table, rowsOf(table, rows), conditions, (matches) => matches.map((is) => (is ? "1" : "-")));
}

/** Rows that are equal in the given columns have one letter; it is shown where any of them matches. */
export function queryDistinct(
  tableText: string,
  rows: string,
  conditions: string,
  columns: string,
): string[] {
  const table = tableOf(tableText);
  const parsed = rowsOf(table, rows);
  const names = listOf(parseJson(columns)).map(String);
  const kinds = parsed.map((row, index) =>
    parsed.findIndex((other, at) => at === index || (at < index && isSame(row, other, names))),
  );
  const letters = [...new Set(kinds)];
  return queries(table, parsed, conditions, (matches) => {
    const shown = new Set(kinds.filter((_, index) => matches[index]));
    return kinds.map((kind) => (shown.has(kind) ? String.fromCharCode(97 + letters.indexOf(kind)) : "-"));
  });
}

/** Each row has a `_uuid` of its own. */
function isSame(a: DatumRow, b: DatumRow, columns: readonly string[]): boolean {
  const different = differences(a, b);
  return !columns.includes("_uuid") && columns.every((column) => !different.includes(column));
}

function queries(
  table: TableSchema,
  rows: readonly DatumRow[],
  conditions: string,
  marks: (matches: readonly boolean[]) => string[],
): string[] {
  return listOf(parseJson(conditions)).map((json, index) => {
    const clauses = parseConditions(table, json);
    const matches = rows.map((row) => everyHolds(clauses, fieldsOf(row)));
    return `query ${String(index).padStart(2)}:${inFives(marks(matches))}`;
  });
}

export function executeMutations(tableText: string, mutationSets: string, rows: string): string[] {
  const table = tableOf(tableText);
  const sets = listOf(parseJson(mutationSets)).map((json) => parseMutations(table, json));
  const parsed = rowsOf(table, rows);
  return sets.flatMap((mutations, index) => [
    `mutation ${String(index).padStart(2)}:`,
    ...parsed.map((row, at) => `row ${at}: ${execute(table, row, mutations)}`),
    "",
  ]);
}

function execute(table: TableSchema, before: DatumRow, mutations: ReturnType<typeof parseMutations>): string {
  const after = new Map(before);
  try {
    for (const mutation of mutations) {
      after.set(mutation.column, mutate(mutation, after.get(mutation.column) as Datum));
    }
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
  const changed = differences(before, after);
  return changed.length === 0 ? "no change" : printJson(rowToJson(table, after, changed));
}
