import type { Json } from "../json/value.js";
import type { ConditionFunction } from "../operation.js";
import { type Atom, compareAtoms } from "./atom.js";
import { compareData, type Datum, datumToJson, equalData, findKey, parseDatum } from "./datum.js";
import { ModelError, syntaxError } from "./error.js";
import { columnType, type TableSchema } from "./schema.js";
import { type AtomicType, type ColumnType, describeType, isSingle } from "./type.js";

/** From what leaves the fewest rows to what leaves the most, as ovsdb-server guesses, and tries them. */
const FUNCTIONS = ["==", "includes", "<=", "<", ">=", ">", "excludes", "!="] as const;

const NUMBERS: ReadonlySet<AtomicType> = new Set(["integer", "real"]);

/** A condition on a column (RFC 7047 §5.1, `<condition>`), or one that always or never holds. */
export type Clause =
  | boolean
  | {
      readonly column: string;
      readonly type: ColumnType;
      readonly is: ConditionFunction;
      readonly value: Datum;
    };

/** What a row's columns hold, by name. */
export type Fields = (column: string) => Datum;

/** Parses a list of conditions and sorts it. Throws a `ModelError` where the table does not allow one. */
export function parseConditions(table: TableSchema, json: Json): Clause[] {
  if (!Array.isArray(json)) throw syntaxError(json, "Parse error in condition.");
  return json.map((clause) => parseClause(table, clause)).sort(compareClauses);
}

function parseClause(table: TableSchema, json: Json): Clause {
  if (typeof json === "boolean") return json;
  const [column, name, value] = Array.isArray(json) && json.length === 3 ? json : [];
  if (typeof column !== "string" || typeof name !== "string" || value === undefined) {
    throw syntaxError(json, "Parse error in condition.");
  }
  const type = findColumn(table, column, json);
  const is = FUNCTIONS.find((known) => known === name);
  if (!is) throw new ModelError("unknown function", `No function named ${name}.`);
  return { column, type, is, value: parseDatum(argumentType(column, type, is, json), value) };
}

export function findColumn(table: TableSchema, column: string, json: Json): ColumnType {
  const type = columnType(table, column);
  if (!type) throw new ModelError("unknown column", `No column ${column} in table ${table.name}.`, json);
  return type;
}

function argumentType(column: string, type: ColumnType, is: ConditionFunction, json: Json): ColumnType {
  switch (is) {
    case "==":
    case "!=":
      return type;
    case "includes":
      return { ...type, min: isScalar(type) ? 1 : 0 };
    case "excludes":
      return isScalar(type) ? type : { ...type, min: 0, max: Number.POSITIVE_INFINITY };
    default:
      // For an optional column too: an absent value is neither less nor more than anything.
      if (!isSingle(type) || !NUMBERS.has(type.key.type)) throw typeMismatch(is, column, type, json);
      return { ...type, min: 1 };
  }
}

function isScalar(type: ColumnType): boolean {
  return isSingle(type) && type.min === 1;
}

export function typeMismatch(operator: string, column: string, type: ColumnType, json: Json): ModelError {
  const what = `"${operator}" operator may not be applied to column ${column} of type ${describeType(type)}`;
  return syntaxError(json, `Type mismatch: ${what}.`);
}

export function conditionsToJson(clauses: readonly Clause[]): Json {
  return clauses.map((clause) =>
    typeof clause === "boolean" ? clause : [clause.column, clause.is, datumToJson(clause.type, clause.value)],
  );
}

/** Whether all hold, as a transaction's `where` wants it. */
export function everyHolds(clauses: readonly Clause[], row: Fields): boolean {
  return clauses.every((clause) => holds(clause, row));
}

/** Whether any holds, as a monitor's `where` wants it. */
export function anyHolds(clauses: readonly Clause[], row: Fields): boolean {
  return clauses.some((clause) => holds(clause, row));
}

function holds(clause: Clause, row: Fields): boolean {
  if (typeof clause === "boolean") return clause;
  const held = row(clause.column);
  const { value } = clause;
  switch (clause.is) {
    case "==":
      return equalData(held, value);
    case "!=":
      return !equalData(held, value);
    case "includes":
      return value.keys.every((_, index) => contains(held, value, index));
    case "excludes":
      return !value.keys.some((_, index) => contains(held, value, index));
    default:
      return inOrder(clause.is, held.keys[0], value.keys[0]);
  }
}

function inOrder(is: "<" | "<=" | ">" | ">=", held: Atom | undefined, value: Atom | undefined): boolean {
  if (held === undefined || value === undefined) return false;
  const order = compareAtoms(held, value);
  switch (is) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Whether `held` has the element, or the pair, that `value` has at `index`. */
function contains(held: Datum, value: Datum, index: number): boolean {
  const at = findKey(held, value.keys[index] as Atom);
  if (at === undefined) return false;
  const [own, other] = [held.values?.[at], value.values?.[index]];
  return own === undefined || other === undefined || compareAtoms(own, other) === 0;
}

/** Orders whole conditions: the shorter first, then clause by clause. */
export function compareConditions(a: readonly Clause[], b: readonly Clause[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [index, clause] of a.entries()) {
    const order = compareClauses(clause, b[index] as Clause);
    if (order !== 0) return order;
  }
  return 0;
}

function compareClauses(a: Clause, b: Clause): number {
  if (typeof a === "boolean" || typeof b === "boolean") return rank(a) - rank(b);
  return rank(a) - rank(b) || compareColumns(a.column, b.column) || compareData(a.value, b.value);
}

function rank(clause: Clause): number {
  return typeof clause === "boolean" ? Number(clause) - 2 : FUNCTIONS.indexOf(clause.is);
}

/** `_uuid` and `_version` first: the former finds a row at once. */
function compareColumns(a: string, b: string): number {
  return Number(b.startsWith("_")) - Number(a.startsWith("_")) || compareAtoms(a, b);
}
