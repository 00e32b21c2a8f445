import type { Integer, Json, JsonObject } from "../json/value.js";
import type { Atom } from "./atom.js";
import { datumToJson, parseDatum } from "./datum.js";
import { syntaxError } from "./error.js";
import { Members } from "./members.js";

export const ATOMIC_TYPES = ["integer", "real", "boolean", "string", "uuid"] as const;

export type AtomicType = (typeof ATOMIC_TYPES)[number];

/** An atomic type with its constraints (RFC 7047 §3.2, `<base-type>`). */
export interface BaseType {
  readonly type: AtomicType;
  /** The values that are allowed, sorted. */
  readonly enum?: readonly Atom[];
  /** `minInteger` or `minReal`, by type. */
  readonly min?: Integer;
  readonly max?: Integer;
  /** In characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly refTable?: string;
  readonly refType?: "strong" | "weak";
}

/** The type of a column (RFC 7047 §3.2, `<type>`): a scalar, an optional one, a set or a map. */
export interface ColumnType {
  readonly key: BaseType;
  /** There in maps only. */
  readonly value?: BaseType;
  readonly min: 0 | 1;
  /** `Infinity` where the schema says `unlimited`. */
  readonly max: number;
}

const UINT_MAX = 4294967295;

export function parseAtomicType(json: Json): AtomicType {
  const type = ATOMIC_TYPES.find((name) => name === json);
  if (type) return type;
  throw typeof json === "string"
    ? syntaxError(json, `"${json}" is not an atomic-type`)
    : syntaxError(json, "atomic-type expected");
}

/** Throws a `ModelError` where the JSON is no `<base-type>`. */
export function parseBaseType(json: Json): BaseType {
  if (typeof json === "string") return { type: parseAtomicType(json) };
  const members = new Members(json, "ovsdb type");
  const type = parseAtomicType(members.required("type", "string"));
  const constraints = parseConstraints(type, members, json);
  members.finish();
  return { type, ...constraints };
}

function parseConstraints(type: AtomicType, members: Members, json: Json): Omit<BaseType, "type"> {
  const allowed = members.optional("enum", "any");
  if (allowed !== undefined) {
    return { enum: parseDatum({ key: { type }, min: 1, max: Number.POSITIVE_INFINITY }, allowed).keys };
  }
  switch (type) {
    case "integer": {
      const bounds = {
        min: members.optional("minInteger", "integer"),
        max: members.optional("maxInteger", "integer"),
      };
      if (exceeds(bounds.min, bounds.max)) throw syntaxError(json, "minInteger exceeds maxInteger");
      return defined(bounds);
    }
    case "real": {
      const bounds = {
        min: members.optional("minReal", "number"),
        max: members.optional("maxReal", "number"),
      };
      if (exceeds(bounds.min, bounds.max)) throw syntaxError(json, "minReal exceeds maxReal");
      return defined(bounds);
    }
    case "string": {
      const bounds = {
        minLength: parseLength(members, "minLength"),
        maxLength: parseLength(members, "maxLength"),
      };
      if (exceeds(bounds.minLength, bounds.maxLength)) throw syntaxError(json, "minLength exceeds maxLength");
      return defined(bounds);
    }
    case "uuid":
      return parseReference(members, json);
    case "boolean":
      return {};
  }
}

function exceeds(min: Integer | undefined, max: Integer | undefined): boolean {
  return min !== undefined && max !== undefined && min > max;
}

function parseLength(members: Members, name: string): number | undefined {
  const length = members.optional(name, "integer");
  if (length === undefined) return undefined;
  if (length < 0 || length > UINT_MAX) {
    throw syntaxError(length, `${name} out of valid range 0 to ${UINT_MAX}`);
  }
  return Number(length);
}

function parseReference(members: Members, json: Json): Omit<BaseType, "type"> {
  const refTable = members.optional("refTable", "id");
  if (refTable === undefined) return {};
  const refType = members.optional("refType", "string") ?? "strong";
  if (refType !== "strong" && refType !== "weak") {
    throw syntaxError(json, `refType must be "strong" or "weak" (not "${refType}")`);
  }
  return { refTable, refType };
}

/** Throws a `ModelError` where the JSON is no `<type>`. */
export function parseColumnType(json: Json): ColumnType {
  if (typeof json === "string") return { key: parseBaseType(json), min: 1, max: 1 };
  const members = new Members(json, "ovsdb type");
  const given = {
    key: members.required("key", "string", "object"),
    value: members.optional("value", "string", "object"),
    min: members.optional("min", "integer"),
    max: members.optional("max", "integer", "string"),
  };
  members.finish();
  const key = parseBaseType(given.key);
  const value = given.value === undefined ? undefined : parseBaseType(given.value);
  const min = parseCount(given.min);
  const max = parseCount(given.max);
  if ((min !== 0 && min !== 1) || max < 1 || min > max) {
    throw syntaxError(json, "ovsdb type fails constraint checks");
  }
  return { key, ...(value && { value }), min, max };
}

function parseCount(json: Integer | string | undefined): number {
  if (json === undefined) return 1;
  if (json === "unlimited") return Number.POSITIVE_INFINITY;
  if (typeof json === "string" || json < 0 || json >= UINT_MAX) {
    throw syntaxError(json, "bad min or max value");
  }
  return Number(json);
}

export function baseTypeToJson(base: BaseType): Json {
  const bound = base.type === "integer" ? "Integer" : "Real";
  const constraints: JsonObject = definedMembers({
    enum:
      base.enum &&
      datumToJson({ key: { type: base.type }, min: 1, max: Number.POSITIVE_INFINITY }, { keys: base.enum }),
    [`min${bound}`]: base.min,
    [`max${bound}`]: base.max,
    minLength: base.minLength,
    maxLength: base.maxLength,
    refTable: base.refTable,
    refType: base.refType === "weak" ? "weak" : undefined,
  });
  return Object.keys(constraints).length === 0 ? base.type : { type: base.type, ...constraints };
}

export function columnTypeToJson(type: ColumnType): Json {
  const key = baseTypeToJson(type.key);
  if (!type.value && type.min === 1 && type.max === 1 && typeof key === "string") return key;
  return definedMembers({
    key,
    value: type.value && baseTypeToJson(type.value),
    min: type.min === 1 ? undefined : type.min,
    max: type.max === 1 ? undefined : type.max === Number.POSITIVE_INFINITY ? "unlimited" : type.max,
  });
}

/** A scalar or optional column: it holds one value at most, and no map. */
export function isSingle(type: ColumnType): boolean {
  return type.max === 1 && !type.value;
}

/** In words, e.g. `set of up to 3 strings`. */
export function describeType({ key, value, min, max }: ColumnType): string {
  if (min === 1 && max === 1 && !value) return key.type;
  const least = min === 0 ? "" : ` ${min} or more`;
  const count = max === Number.POSITIVE_INFINITY ? least : min === 0 ? ` up to ${max}` : ` ${min} to ${max}`;
  return value ? `map of${count} (${key.type}, ${value.type}) pairs` : `set of${count} ${key.type}s`;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out the members that are undefined. */
function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function definedMembers(members: { [name: string]: Json | undefined }): JsonObject {
  return defined(members) as JsonObject;
}
