import { anyHolds, type Clause, parseConditions } from "./model/condition.js";
import { type Datum, defaultDatum, parseDatum } from "./model/datum.js";
import { columnType, type TableSchema } from "./model/schema.js";
import type { MonitorPlan, RowUpdate } from "./monitor.js";
import { conditionsToJson } from "./transaction.js";

/**
 * Does for a server that knows only `monitor` what others do themselves: keeps the rows for which a condition
 * holds. `isKnown` says whether the replica has a row, so that one that begins to meet the conditions comes
 * as new, and one that ends to, goes.
 */
export function filterUpdates(
  plan: MonitorPlan,
  updates: readonly RowUpdate[],
  isKnown: (table: string, uuid: string) => boolean,
): RowUpdate[] {
  const clauses = new Map<string, readonly Clause[]>();
  for (const [name, { schema, where }] of plan.tables) {
    if (where) clauses.set(name, parseConditions(schema, conditionsToJson(schema, where)));
  }
  return updates.flatMap((update): RowUpdate[] => {
    const wanted = clauses.get(update.table);
    const schema = plan.tables.get(update.table)?.schema;
    if (!wanted || !schema) return [update];
    const known = isKnown(update.table, update.uuid);
    const matches = update.kind !== "delete" && anyHolds(wanted, (column) => fieldOf(schema, update, column));
    if (matches) return [{ ...update, kind: known ? "replace" : "insert" }];
    return known ? [{ ...update, kind: "delete", columns: {} }] : [];
  });
}

function fieldOf(schema: TableSchema, { uuid, columns }: RowUpdate, column: string): Datum {
  const type = columnType(schema, column);
  if (column === "_uuid" || !type) return { keys: [uuid] };
  const json = columns[column];
  return json === undefined ? defaultDatum(type) : parseDatum(type, json);
}
