import { isObject, type Json, type JsonObject } from "./json/value.js";
import { parseDatum } from "./model/datum.js";
import { ModelError } from "./model/error.js";
import { columnType, type DatabaseSchema, type TableSchema } from "./model/schema.js";
import type { ColumnType } from "./model/type.js";
import { inputToJson, mapEntries, toValue } from "./model/value.js";
import type { AnyCondition, AnyInputRow, AnyMutation, AnyRow, ColumnValue, Operation } from "./operation.js";
import { ProtocolError } from "./rpc/errors.js";
import type { Uuid } from "./uuid.js";

/** What one operation of a committed transaction gave. */
export interface OperationResult {
  /** `insert`: the new row. */
  readonly uuid?: Uuid;
  /** `update`, `mutate`, `delete`: how many rows it found. */
  readonly count?: number;
  /** `select`: the rows, with the columns that were asked for. */
  readonly rows?: readonly AnyRow[];
}

/** The server refused a transaction; nothing of it was done. */
export class TransactionError extends Error {
  readonly code = "TRANSACTION";
  /** RFC 7047's name of the fault, e.g. `constraint violation`, `timed out`, `not owner`, `aborted`. */
  readonly tag: string;
  readonly details: string;
  /** Which operation, from 0; `undefined` where it was the whole, at commit. */
  readonly index: number | undefined;

  constructor(tag: string, details: string, index: number | undefined, operation: Operation | undefined) {
    const where = operation ? `operation ${index} (${describe(operation)})` : "commit";
    super(`${where}: ${tag}${details && `: ${details}`}`);
    this.name = "TransactionError";
    this.tag = tag;
    this.details = details;
    this.index = index;
  }
}

function describe(operation: Operation): string {
  return "table" in operation ? `${operation.op} ${operation.table}` : operation.op;
}

/** Operations as JSON. Throws a `ModelError` where the schema does not allow one. */
export function operationsToJson(schema: DatabaseSchema, operations: readonly Operation[]): Json[] {
  return operations.map((operation) => operationToJson(schema, operation));
}

function operationToJson(schema: DatabaseSchema, operation: Operation): JsonObject {
  if (operation.op === "comment") return { op: "comment", comment: textToJson(operation.comment, "comment") };
  if (operation.op === "assert") return { op: "assert", lock: textToJson(operation.lock, "assert") };
  if (!("table" in operation)) return { ...operation };
  const table = schema.tables.get(operation.table);
  if (!table) throw new ModelError("unknown table", `${schema.name} has no table "${operation.table}"`);
  const { op } = operation;
  const base = { op, table: table.name };
  switch (op) {
    case "insert": {
      const name = operation.as && { "uuid-name": operation.as.name };
      return {
        ...base,
        row: rowToJson(table, operation.row),
        ...name,
        ...(operation.uuid && { uuid: operation.uuid }),
      };
    }
    case "select": {
      const columns = operation.columns && { columns: [...operation.columns] };
      return { ...base, where: conditionsToJson(table, operation.where), ...columns };
    }
    case "update":
      return {
        ...base,
        where: conditionsToJson(table, operation.where),
        row: rowToJson(table, operation.row),
      };
    case "mutate": {
      const mutations = operation.mutations.map((mutation) => mutationToJson(table, mutation));
      return { ...base, where: conditionsToJson(table, operation.where), mutations };
    }
    case "delete":
      return { ...base, where: conditionsToJson(table, operation.where) };
    case "wait":
      return {
        ...base,
        where: conditionsToJson(table, operation.where),
        columns: [...operation.columns],
        until: operation.until,
        rows: operation.rows.map((row) => rowToJson(table, row)),
        ...(operation.timeout !== undefined && { timeout: operation.timeout }),
      };
  }
}

function textToJson(text: string, where: string): Json {
  return inputToJson({ key: { type: "string" }, min: 1, max: 1 }, text, where);
}

function typeOf(table: TableSchema, column: string): ColumnType {
  const type = columnType(table, column);
  if (!type) throw new ModelError("unknown column", `table ${table.name} has no column "${column}"`);
  return type;
}

function rowToJson(table: TableSchema, row: AnyInputRow): JsonObject {
  const columns = Object.entries(row).map(([column, value]) => {
    return [column, inputToJson(typeOf(table, column), value, `${table.name}.${column}`)] as const;
  });
  return Object.fromEntries(columns);
}

/** Conditions on a table as JSON. Throws a `ModelError` where the schema does not allow one. */
export function conditionsToJson(table: TableSchema, conditions: readonly AnyCondition[]): Json[] {
  return conditions.map((condition) => {
    if (typeof condition === "boolean") return condition;
    const [column, is, value] = condition;
    const type = typeOf(table, column);
    const anyCount = { ...type, min: 0, max: Number.POSITIVE_INFINITY } as const;
    const wanted = is === "includes" || is === "excludes" ? anyCount : { ...type, min: 0 as const };
    return [column, is, inputToJson(wanted, value, `${table.name}.${column}`)];
  });
}

function mutationToJson(table: TableSchema, [column, mutator, value]: AnyMutation): Json {
  const type = typeOf(table, column);
  const where = `${table.name}.${column}`;
  const anyCount = { ...type, min: 0, max: Number.POSITIVE_INFINITY } as const;
  if (mutator === "delete" && type.value && !mapEntries(value)) {
    return [
      column,
      mutator,
      inputToJson({ key: { type: type.key.type }, min: 0, max: Number.POSITIVE_INFINITY }, value, where),
    ];
  }
  if (mutator === "insert" || mutator === "delete") {
    return [column, mutator, inputToJson(anyCount, value, where)];
  }
  // The operand is not a value of the column: its constraints hold for the result.
  return [column, mutator, inputToJson({ key: { type: type.key.type }, min: 1, max: 1 }, value, where)];
}

/**
 * Takes the reply to `transact` apart (RFC 7047 §4.1.3): a result for each operation, up to the first that
 * failed; one more, an error, where the commit did. Throws `TransactionError`, or `ProtocolError` where it is
 * none of these.
 */
export function parseResults(
  schema: DatabaseSchema,
  operations: readonly Operation[],
  reply: Json,
): OperationResult[] {
  if (!Array.isArray(reply)) throw new ProtocolError("the result of a transaction must be an array");
  for (const [index, result] of reply.entries()) {
    if (!isObject(result) || typeof result["error"] !== "string") continue;
    const details = typeof result["details"] === "string" ? result["details"] : "";
    const operation = operations[index];
    throw new TransactionError(result["error"], details, operation && index, operation);
  }
  if (reply.length !== operations.length) {
    throw new ProtocolError("a transaction's result has another length");
  }
  return operations.map((operation, index) => parseResult(schema, operation, reply[index] as Json));
}

function parseResult(schema: DatabaseSchema, operation: Operation, result: Json): OperationResult {
  if (!isObject(result)) throw new ProtocolError("an operation's result must be an object");
  const { uuid, count, rows } = result;
  if (operation.op === "insert" && Array.isArray(uuid)) return { uuid: uuid[1] as Uuid };
  if (operation.op === "select" && Array.isArray(rows)) {
    const table = schema.tables.get(operation.table);
    return { rows: table ? rows.map((row) => parseRow(table, row)) : [] };
  }
  return typeof count === "number" ? { count } : {};
}

function parseRow(table: TableSchema, json: Json): AnyRow {
  if (!isObject(json)) throw new ProtocolError("a row must be an object");
  const columns = Object.entries(json).map(([column, value]): [string, ColumnValue] => {
    const type = typeOf(table, column);
    return [column, toValue(type, parseDatum(type, value))];
  });
  return Object.fromEntries(columns) as AnyRow;
}
