import { formatReal } from "../json/stringify.js";
import { INT64_MAX, INT64_MIN, type Integer, type Json } from "../json/value.js";
import { isUuid, ZERO_UUID } from "../uuid.js";
import { constraintViolation, type ModelError, syntaxError } from "./error.js";
import type { AtomicType, BaseType } from "./type.js";

/** A value of an atomic type (RFC 7047 §5.1, `<atom>`). A UUID is its text in lower case. */
export type Atom = Integer | boolean | string;

const DEFAULTS: { readonly [T in AtomicType]: Atom } = {
  integer: 0,
  real: 0,
  boolean: false,
  string: "",
  uuid: ZERO_UUID,
};

export function defaultAtom(type: AtomicType): Atom {
  return DEFAULTS[type];
}

/** Throws a `ModelError` where the JSON is no atom of the type, or breaks its constraints. */
export function parseAtom(base: BaseType, json: Json): Atom {
  const atom = base.type === "uuid" ? parseUuid(json) : json;
  if (!isAtom(base.type, atom)) throw syntaxError(json, `expected ${base.type}`);
  const held = base.type === "real" ? Number(atom) : atom;
  checkAtom(base, held);
  return held;
}

/** Whether a value can be an atom of the type. An integer may also stand for a real. */
export function isAtom(type: AtomicType, value: unknown): value is Atom {
  switch (type) {
    case "integer":
      return (
        Number.isSafeInteger(value) || (typeof value === "bigint" && value >= INT64_MIN && value <= INT64_MAX)
      );
    case "real":
      return Number.isFinite(value) || typeof value === "bigint";
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return typeof value === "string";
    case "uuid":
      return typeof value === "string" && isUuid(value);
  }
}

function parseUuid(json: Json): string {
  const text = Array.isArray(json) && json.length === 2 && json[0] === "uuid" ? json[1] : undefined;
  if (typeof text !== "string") throw syntaxError(json, 'expected ["uuid", <string>]');
  if (!isUuid(text)) throw syntaxError(json, `"${text}" is not a valid UUID`);
  return text.toLowerCase();
}

export function atomToJson(type: AtomicType, atom: Atom): Json {
  return type === "uuid" ? ["uuid", atom] : atom;
}

/** Negative where `a` sorts before `b`. Strings sort by their UTF-8 bytes, as in C. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareStrings(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  // UTF-16 sorts surrogates before U+E000..U+FFFF; code points sort as UTF-8 does.
  const left = rank(a.charCodeAt(at));
  const right = rank(b.charCodeAt(at));
  return left - right;
}

function rank(unit: number): number {
  if (Number.isNaN(unit)) return -1;
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * Throws a `ModelError` where the atom breaks the type's constraints. References are the server's to check.
 */
export function checkAtom(base: BaseType, atom: Atom): void {
  if (base.enum && !base.enum.some((allowed) => compareAtoms(allowed, atom) === 0)) {
    const allowed = base.enum.map((value) => formatAtom(base.type, value)).join(", ");
    throw constraintViolation(
      `${formatAtom(base.type, atom)} is not one of the allowed values ([${allowed}])`,
    );
  }
  if (typeof atom === "string" && base.type === "string") checkString(base, atom);
  if (typeof atom === "number" || typeof atom === "bigint") checkNumber(base, atom);
}

function checkNumber({ type, min, max }: BaseType, atom: Integer): void {
  const below = min !== undefined && atom < min;
  const above = max !== undefined && atom > max;
  if (!below && !above) return;
  throw outOfRange(type, atom, min, max);
}

function outOfRange(type: AtomicType, atom: Integer, min?: Integer, max?: Integer): ModelError {
  const text = (value: Integer) => formatAtom(type, value);
  if (min !== undefined && max !== undefined) {
    return constraintViolation(
      `${text(atom)} is not in the valid range ${text(min)} to ${text(max)} (inclusive)`,
    );
  }
  return min !== undefined
    ? constraintViolation(`${text(atom)} is less than minimum allowed value ${text(min)}`)
    : constraintViolation(`${text(atom)} is greater than maximum allowed value ${text(max as Integer)}`);
}

function checkString({ minLength = 0, maxLength = Infinity }: BaseType, atom: string): void {
  const surrogate = /[\ud800-\udfff]/u.exec(atom);
  if (surrogate) {
    throw constraintViolation(
      `not a valid UTF-8 string: invalid UTF-8 sequence ${surrogateBytes(surrogate[0])}`,
    );
  }
  let length = 0;
  for (const _ of atom) length++;
  if (length < minLength) {
    throw constraintViolation(`"${atom}" length ${length} is less than minimum allowed length ${minLength}`);
  }
  if (length > maxLength) {
    throw constraintViolation(
      `"${atom}" length ${length} is greater than maximum allowed length ${maxLength}`,
    );
  }
}

/** The two bytes by which a decoder knows that a lone surrogate is coming. */
function surrogateBytes(unit: string): string {
  const second = 0x80 | ((unit.charCodeAt(0) >> 6) & 0x3f);
  return `0xed 0x${second.toString(16)}`;
}

/** As `ovs-vsctl` prints it: a string in quotes only where it needs them. */
export function formatAtom(type: AtomicType, atom: Atom): string {
  if (type === "string" && typeof atom === "string") return needsQuotes(atom) ? JSON.stringify(atom) : atom;
  if (type === "real") return formatReal(Number(atom));
  return String(atom);
}

function needsQuotes(text: string): boolean {
  return !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) || text === "true" || text === "false" || isUuid(text);
}
