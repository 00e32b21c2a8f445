import { inspect } from "node:util";
import type { Json } from "../json/value.js";
import type { ColumnValue, InputValue, Scalar } from "../operation.js";
import { NamedUuid } from "../uuid.js";
import { type Atom, atomToJson, checkAtom, isAtom } from "./atom.js";
import type { Datum } from "./datum.js";
import { ModelError } from "./error.js";
import { type BaseType, type ColumnType, isSingle } from "./type.js";

const LEAST_NORMAL = 2 ** -1022;

/** A datum as rows hold it: see `ColumnValue`. */
export function toValue(type: ColumnType, { keys, values = [] }: Datum): ColumnValue {
  if (type.value) return new Map(keys.map((key, index) => [key, values[index] as Scalar]));
  return isSingle(type) ? keys[0] : Object.freeze(keys);
}

/** Undoes `toValue`. */
export function fromValue(type: ColumnType, value: ColumnValue): Datum {
  if (value instanceof Map) return { keys: [...value.keys()], values: [...value.values()] };
  if (type.value) return { keys: [], values: [] };
  if (value === undefined) return { keys: [] };
  return { keys: isList(value) ? value : [value as Scalar] };
}

/**
 * What a caller wrote, as JSON for the server. Throws a `ModelError`, which begins with `where`, where the
 * type does not allow it.
 */
export function inputToJson(type: ColumnType, input: InputValue, where: string): Json {
  const { key, value } = type;
  if (!value) {
    const elements = setElements(input);
    if (!elements) throw refused(where, "takes a value, an array or a Set");
    checkCount(type, elements.length, where);
    const atoms = elements.map((element) => scalarToJson(key, element, where));
    return atoms.length === 1 ? (atoms[0] as Json) : ["set", atoms];
  }
  const pairs = mapEntries(input);
  if (!pairs) throw refused(where, "takes a Map or an object");
  checkCount(type, pairs.length, where);
  return ["map", pairs.map(([from, to]) => [scalarToJson(key, from, where), scalarToJson(value, to, where)])];
}

/** The pairs of what was written for a map; `undefined` where it is none. */
export function mapEntries(input: InputValue): (readonly [unknown, unknown])[] | undefined {
  if (input === undefined) return [];
  if (input instanceof Map) return [...input];
  const isPlain =
    typeof input === "object" && !isList(input) && !(input instanceof Set || input instanceof NamedUuid);
  return isPlain ? Object.entries(input) : undefined;
}

function setElements(input: InputValue): unknown[] | undefined {
  if (input === undefined) return [];
  if (isList(input) || input instanceof Set) return [...input];
  return typeof input === "object" && !(input instanceof NamedUuid) ? undefined : [input];
}

function isList(value: unknown): value is readonly Scalar[] {
  return Array.isArray(value);
}

function checkCount({ min, max }: ColumnType, count: number, where: string): void {
  if (count >= min && count <= max) return;
  const wanted =
    min === max ? `${min}` : `${min} to ${max === Number.POSITIVE_INFINITY ? "any number of" : max}`;
  throw refused(where, `takes ${wanted} elements, not ${count}`);
}

function scalarToJson(base: BaseType, scalar: unknown, where: string): Json {
  if (scalar instanceof NamedUuid && base.type === "uuid") return ["named-uuid", scalar.name];
  if (!isAtom(base.type, scalar)) throw refused(where, `expected ${base.type}, not ${inspect(scalar)}`);
  if (!isSendable(scalar)) throw refused(where, `ovsdb-server cannot read ${inspect(scalar)}`);
  try {
    checkAtom(base, scalar);
  } catch (error) {
    throw error instanceof ModelError ? new ModelError(error.tag, `${where}: ${error.details}`) : error;
  }
  return atomToJson(base.type, scalar);
}

/** ovsdb-server ends the connection over a NUL in a string, and over a real that only a denormal can hold. */
function isSendable(atom: Atom): boolean {
  if (typeof atom === "string") return !atom.includes("\0");
  return typeof atom !== "number" || atom === 0 || Math.abs(atom) >= LEAST_NORMAL;
}

function refused(where: string, details: string): ModelError {
  return new ModelError("syntax error", `${where}: ${details}`);
}
