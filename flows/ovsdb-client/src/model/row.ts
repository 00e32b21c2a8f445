import { isObject, type Json, type JsonObject } from "../json/value.js";
import { findColumn } from "./condition.js";
import { compareData, type Datum, datumToJson, defaultDatum, parseDatum } from "./datum.js";
import { syntaxError } from "./error.js";
import { columnType, type TableSchema } from "./schema.js";

/** A whole row as data, by column; `_uuid` and `_version` too. */
export type DatumRow = ReadonlyMap<string, Datum>;

/** Parses a `<row>` (RFC 7047 §5.1); columns that it leaves out get their default. Throws a `ModelError`. */
export function parseDatumRow(table: TableSchema, json: Json): DatumRow {
  if (!isObject(json)) throw syntaxError(json, "row must be JSON object");
  const given = Object.entries(json).map(([name, value]) => {
    return [name, parseDatum(findColumn(table, name, json), value)] as const;
  });
  const row = new Map<string, Datum>();
  for (const name of columnNames(table)) {
    const type = columnType(table, name);
    if (type) row.set(name, defaultDatum(type));
  }
  for (const [name, datum] of given) row.set(name, datum);
  return row;
}

/** Of all columns, or of some. */
export function rowToJson(table: TableSchema, row: DatumRow, columns = columnNames(table)): JsonObject {
  const json: JsonObject = {};
  for (const name of columns) {
    const type = columnType(table, name);
    const datum = row.get(name);
    if (type && datum) json[name] = datumToJson(type, datum);
  }
  return json;
}

/** The columns in which two rows of a table differ. */
export function differences(a: DatumRow, b: DatumRow): string[] {
  return [...a.keys()].filter((name) => compareData(a.get(name) as Datum, b.get(name) as Datum) !== 0);
}

function columnNames(table: TableSchema): string[] {
  return ["_uuid", "_version", ...table.columns.keys()];
}
