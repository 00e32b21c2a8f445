import { INT64_MAX, INT64_MIN, type Integer, type Json, toInteger } from "../json/value.js";
import type { Mutator } from "../operation.js";
import { type Atom, checkAtom, compareAtoms } from "./atom.js";
import { findColumn, typeMismatch } from "./condition.js";
import { type Datum, datumToJson, findKey, parseDatum, sorted } from "./datum.js";
import { constraintViolation, ModelError, syntaxError } from "./error.js";
import type { TableSchema } from "./schema.js";
import { type ColumnType, describeType } from "./type.js";

const MUTATORS = ["+=", "-=", "*=", "/=", "%=", "insert", "delete"] as const;

/** A change of a column by what is in it (RFC 7047 §5.1, `<mutation>`). */
export interface ParsedMutation {
  readonly column: string;
  /** Of the column. */
  readonly type: ColumnType;
  readonly mutator: Mutator;
  /** Of the operand. */
  readonly operandType: ColumnType;
  readonly operand: Datum;
}

/** Throws a `ModelError` where the table does not allow a mutation. */
export function parseMutations(table: TableSchema, json: Json): ParsedMutation[] {
  if (!Array.isArray(json)) throw syntaxError(json, "Parse error in mutation.");
  return json.map((mutation) => parseMutation(table, mutation));
}

function parseMutation(table: TableSchema, json: Json): ParsedMutation {
  const [column, name, value] = Array.isArray(json) && json.length === 3 ? json : [];
  if (typeof column !== "string" || typeof name !== "string" || value === undefined) {
    throw syntaxError(json, "Parse error in mutation.");
  }
  const type = findColumn(table, column, json);
  const mutator = MUTATORS.find((known) => known === name);
  if (!mutator) throw new ModelError("unknown mutator", `No mutator named ${name}.`);
  const isArithmetic = mutator !== "insert" && mutator !== "delete";
  const operandType = isArithmetic
    ? scalarOperand(column, type, mutator, json)
    : setOperand(column, type, mutator, json);
  const parsed = { column, type, mutator };
  // What goes from a map may be given as pairs or as keys alone.
  const byKey = { key: type.key, min: 0, max: Number.POSITIVE_INFINITY } as const;
  if (mutator === "delete" && type.value && !isDatum(operandType, value)) {
    return { ...parsed, operandType: byKey, operand: parseDatum(byKey, value) };
  }
  return { ...parsed, operandType, operand: parseDatum(operandType, value) };
}

function isDatum(type: ColumnType, json: Json): boolean {
  try {
    parseDatum(type, json);
    return true;
  } catch {
    return false;
  }
}

function scalarOperand(column: string, type: ColumnType, mutator: Mutator, json: Json): ColumnType {
  const { type: atomic } = type.key;
  const isNumber = atomic === "integer" || (atomic === "real" && mutator !== "%=");
  if (type.value || !isNumber) throw typeMismatch(mutator, column, type, json);
  return { key: { type: atomic }, min: 1, max: 1 };
}

function setOperand(column: string, type: ColumnType, mutator: Mutator, json: Json): ColumnType {
  const isSet = type.value !== undefined || type.min === 0 || type.max > 1;
  if (!isSet) throw typeMismatch(mutator, column, type, json);
  return { ...type, min: 0, max: mutator === "delete" ? Number.POSITIVE_INFINITY : type.max };
}

export function mutationsToJson(mutations: readonly ParsedMutation[]): Json {
  return mutations.map(({ column, mutator, operandType, operand }) => [
    column,
    mutator,
    datumToJson(operandType, operand),
  ]);
}

/**
 * What a column's datum becomes. Throws a `ModelError`: `constraint violation` where the type does not allow
 * the result, `range error` beyond 64 bits or the reals, `domain error` for a division by zero.
 */
export function mutate({ type, mutator, operand }: ParsedMutation, datum: Datum): Datum {
  const result =
    mutator === "insert"
      ? union(datum, operand)
      : mutator === "delete"
        ? subtract(datum, operand)
        : compute(type, mutator, datum, operand.keys[0] as Integer);
  const count = result.keys.length;
  if (count < type.min || count > type.max) {
    throw constraintViolation(`Attempted to store ${count} elements in ${describeType(type)}.`);
  }
  return result;
}

/** A key that is there keeps its value. */
function union(a: Datum, b: Datum): Datum {
  const added = [...b.keys.keys()].filter((index) => findKey(a, b.keys[index] as Atom) === undefined);
  const keys = [...a.keys, ...added.map((index) => b.keys[index] as Atom)];
  if (!a.values) return sorted(keys);
  return sorted(keys, [...a.values, ...added.map((index) => b.values?.[index] as Atom)]);
}

function subtract(a: Datum, b: Datum): Datum {
  const kept = [...a.keys.keys()].filter((index) => {
    const at = findKey(b, a.keys[index] as Atom);
    if (at === undefined) return true;
    const [own, other] = [a.values?.[index], b.values?.[at]];
    return own !== undefined && other !== undefined && compareAtoms(own, other) !== 0;
  });
  const keys = kept.map((index) => a.keys[index] as Atom);
  return a.values ? { keys, values: kept.map((index) => a.values?.[index] as Atom) } : { keys };
}

type Arithmetic = Exclude<Mutator, "insert" | "delete">;

function compute(type: ColumnType, mutator: Arithmetic, datum: Datum, operand: Integer): Datum {
  const keys = datum.keys.map((key) =>
    type.key.type === "integer"
      ? computeInteger(mutator, BigInt(key), BigInt(operand))
      : computeReal(mutator, Number(key), Number(operand)),
  );
  for (const key of keys) checkAtom(type.key, key);
  try {
    return sorted(keys);
  } catch {
    throw constraintViolation(`Result of "${mutator}" operation contains duplicates.`);
  }
}

function computeInteger(mutator: Arithmetic, x: bigint, y: bigint): Integer {
  const result = calculateInteger(mutator, x, y);
  // In C the remainder overflows with the quotient: the least integer divided by -1.
  const overflows = mutator === "%=" && x === INT64_MIN && y === -1n;
  if (result < INT64_MIN || result > INT64_MAX || overflows) throw outOfRange(mutator);
  return toInteger(result);
}

function calculateInteger(mutator: Arithmetic, x: bigint, y: bigint): bigint {
  if (y === 0n && (mutator === "/=" || mutator === "%=")) throw divisionByZero();
  switch (mutator) {
    case "+=":
      return x + y;
    case "-=":
      return x - y;
    case "*=":
      return x * y;
    case "/=":
      return x / y;
    case "%=":
      return x % y;
  }
}

function computeReal(mutator: Arithmetic, x: number, y: number): number {
  if (y === 0 && mutator === "/=") throw divisionByZero();
  const results = { "+=": x + y, "-=": x - y, "*=": x * y, "/=": x / y, "%=": x % y };
  const result = results[mutator];
  if (!Number.isFinite(result)) throw outOfRange(mutator);
  return result;
}

function divisionByZero(): ModelError {
  return new ModelError("domain error", "Division by zero.");
}

function outOfRange(mutator: Mutator): ModelError {
  return new ModelError("range error", `Result of "${mutator}" operation is out of range.`);
}
