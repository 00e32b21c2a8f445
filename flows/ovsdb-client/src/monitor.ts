import { isObject, type Json, type JsonObject } from "./json/value.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "./model/schema.js";
import type { AnyCondition } from "./operation.js";
import { ProtocolError } from "./rpc/errors.js";
import { conditionsToJson } from "./transaction.js";

/** What of a table is followed. */
export interface MonitoredTable {
  readonly schema: TableSchema;
  readonly columns: readonly ColumnSchema[];
  /** A row is followed where any of these holds; all rows are where there are none given. */
  readonly where: readonly AnyCondition[] | undefined;
}

export interface MonitorPlan {
  readonly tables: ReadonlyMap<string, MonitoredTable>;
  /** Tables and columns that were asked for and that this server's schema does not have. */
  readonly missing: readonly string[];
}

export type AnySelection = {
  readonly [table: string]:
    | "all"
    | readonly string[]
    | { readonly columns?: readonly string[]; readonly where: readonly AnyCondition[] };
};

/** Lays what was asked for over what the server has: an older server may lack a column, or a table. */
export function planMonitor(schema: DatabaseSchema, selection: AnySelection): MonitorPlan {
  const tables = new Map<string, MonitoredTable>();
  const missing: string[] = [];
  for (const [name, selected] of Object.entries(selection)) {
    const table = schema.tables.get(name);
    if (!table) {
      missing.push(name);
      continue;
    }
    const options = selected === "all" || isColumns(selected) ? undefined : selected;
    const wanted = isColumns(selected) ? selected : (options?.columns ?? [...table.columns.keys()]);
    const conditional =
      options?.where.flatMap((condition) => (typeof condition === "boolean" ? [] : condition[0])) ?? [];
    const columns: ColumnSchema[] = [];
    for (const column of new Set([...wanted, ...conditional])) {
      if (column === "_uuid") continue;
      const found = table.columns.get(column);
      if (found) columns.push(found);
      else missing.push(`${name}.${column}`);
    }
    tables.set(name, { schema: table, columns, where: options?.where });
  }
  return { tables, missing };
}

function isColumns(selected: AnySelection[string]): selected is readonly string[] {
  return Array.isArray(selected);
}

/** `<monitor-requests>`, or `<monitor-cond-requests>` with the conditions (ovsdb-server(7) §4.1.12). */
export function monitorRequests(plan: MonitorPlan, withConditions: boolean): JsonObject {
  const requests: JsonObject = {};
  for (const [name, { schema, columns, where }] of plan.tables) {
    const condition = withConditions && where && { where: conditionsToJson(schema, where) };
    requests[name] = [{ columns: columns.map((column) => column.name), ...condition }];
  }
  return requests;
}

/** `<monitor-cond-update-requests>`: other conditions for the same columns. */
export function conditionRequests(plan: MonitorPlan): JsonObject {
  const requests: JsonObject = {};
  for (const [name, { schema, where }] of plan.tables) {
    requests[name] = [{ where: where ? conditionsToJson(schema, where) : [true] }];
  }
  return requests;
}

/** Whether two plans are the same but for their conditions. */
export function haveSameColumns(a: MonitorPlan, b: MonitorPlan): boolean {
  const names = (plan: MonitorPlan) =>
    [...plan.tables]
      .map(([table, { columns }]) => `${table}: ${columns.map((column) => column.name).join()}`)
      .sort();
  return names(a).join("; ") === names(b).join("; ");
}

/** What an update says of one row. */
export interface RowUpdate {
  readonly table: string;
  readonly uuid: string;
  /** `insert`: columns at their default may be absent. `replace`: all columns. `modify`: differences. */
  readonly kind: "insert" | "replace" | "modify" | "delete";
  readonly columns: JsonObject;
}

/** `<table-updates>` of `monitor` and `update` (RFC 7047 §4.1.6). Throws `ProtocolError`. */
export function parseUpdates(json: Json): RowUpdate[] {
  return parseRows(json, (update) => {
    const { old, new: now } = update;
    if (now === undefined) return { kind: "delete", columns: {} };
    return { kind: old === undefined ? "insert" : "replace", columns: asObject(now) };
  });
}

/**
 * `<table-updates2>` of `monitor_cond`, `update2` and `update3` (ovsdb-server(7) §4.1.14). Throws
 * `ProtocolError`.
 */
export function parseUpdates2(json: Json): RowUpdate[] {
  return parseRows(json, ({ initial, insert, modify, ...others }) => {
    if (initial !== undefined) return { kind: "insert", columns: asObject(initial) };
    if (insert !== undefined) return { kind: "insert", columns: asObject(insert) };
    if (modify !== undefined) return { kind: "modify", columns: asObject(modify) };
    if ("delete" in others) return { kind: "delete", columns: {} };
    throw new ProtocolError("an update of a row says nothing");
  });
}

function parseRows(
  json: Json,
  parse: (update: JsonObject) => Pick<RowUpdate, "kind" | "columns">,
): RowUpdate[] {
  return Object.entries(asObject(json)).flatMap(([table, rows]) =>
    Object.entries(asObject(rows)).map(([uuid, update]) => ({ table, uuid, ...parse(asObject(update)) })),
  );
}

function asObject(json: Json): JsonObject {
  if (!isObject(json)) throw new ProtocolError("an update must be made of objects");
  return json;
}
