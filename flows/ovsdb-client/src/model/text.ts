import { parseJson } from "../json/parse.js";
import { INT64_MAX, INT64_MIN, type Integer, toInteger } from "../json/value.js";
import { isUuid } from "../uuid.js";
import { type Atom, checkAtom, formatAtom } from "./atom.js";
import { type Datum, sorted } from "./datum.js";
import { ModelError } from "./error.js";
import { type BaseType, type ColumnType, describeType } from "./type.js";

/**
 * What `ovs-vsctl` takes on its command line and prints: an alternative to JSON for people (ovs-vsctl(8),
 * "Database Values").
 */

/** More than this of a range would be a slip. ovsdb-server has the same limit. */
const LONGEST_RANGE = 4096n;
const DELIMITERS = ":=, []{}!<>";

/** An atom, or the first and last of a range of integers. */
export interface AtomText {
  readonly atom: Atom;
  readonly last?: Integer;
}

/** Throws a `ModelError` where the text is no atom of the type, or breaks its constraints. */
export function parseAtomText(base: BaseType, text: string): AtomText {
  const range = base.type === "integer" ? parseRange(text) : undefined;
  if (!range) {
    const atom = parseOne(base, text);
    checkAtom(base, atom);
    return { atom };
  }
  const [first, last] = range;
  if (last < first) throw wrong(`"${text}" is not a valid range. Range end cannot be before start.`);
  if (last - first >= LONGEST_RANGE) {
    const what = `Range "${first}-${last}" is too big. Maximum allowed size is ${LONGEST_RANGE}.`;
    throw new ModelError("constraint violation", what);
  }
  for (const integer of integers(toInteger(first), toInteger(last))) checkAtom(base, integer);
  return { atom: toInteger(first), last: toInteger(last) };
}

function parseOne({ type }: BaseType, text: string): Atom {
  switch (type) {
    case "integer":
      return parseInteger(text);
    case "real": {
      const real = Number(text);
      if (text.trim() === "" || !Number.isFinite(real)) throw wrong(`"${text}" is not a valid real number`);
      return real + 0; // -0 + 0 is 0
    }
    case "boolean":
      if (["true", "yes", "on", "1"].includes(text)) return true;
      if (["false", "no", "off", "0"].includes(text)) return false;
      throw wrong(`"${text}" is not a valid boolean (use "true" or "false")`);
    case "string":
      return text.startsWith('"') ? parseQuoted(text) : parseBare(text);
    case "uuid":
      if (!isUuid(text)) throw wrong(`"${text}" is not a valid UUID`);
      return text.toLowerCase();
  }
}

function parseInteger(text: string): Integer {
  const match = /^\s*([+-]?)([0-9]+)$/.exec(text);
  const value = match && BigInt(match[2] as string) * (match[1] === "-" ? -1n : 1n);
  if (value === null || value < INT64_MIN || value > INT64_MAX) {
    throw wrong(`"${text}" is not a valid integer or range`);
  }
  return toInteger(value);
}

function parseRange(text: string): [bigint, bigint] | undefined {
  const match = /^\s*([+-]?[0-9]+)-([+-]?[0-9]+)$/.exec(text);
  return match
    ? [BigInt(parseInteger(match[1] as string)), BigInt(parseInteger(match[2] as string))]
    : undefined;
}

function parseBare(text: string): string {
  if (text === "") throw wrong('An empty string is not valid as input; use "" to represent the empty string');
  return text;
}

function parseQuoted(text: string): string {
  if (text.length < 2 || !text.endsWith('"')) throw wrong(`${text}: missing quote at end of quoted string`);
  const inner = text.slice(1, -1);
  if (/^(?:[^"\\]|\\.)*\\$/s.test(inner)) throw wrong(`${text}: quoted string may not end with backslash`);
  if (/^(?:[^"\\]|\\.)*"/s.test(inner)) throw wrong(`${text}: quoted string may not include unescaped "`);
  try {
    return String(parseJson(text));
  } catch (error) {
    throw wrong(`${text}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Throws a `ModelError` where the text is no value of the type. */
export function parseDatumText(type: ColumnType, text: string): Datum {
  const [open, close] = type.value ? ["{", "}"] : ["[", "]"];
  const scanner = new Scanner(text);
  scanner.space();
  const isBracketed = scanner.take(open);
  if (!isBracketed && scanner.atEnd) {
    throw wrong(`use "${open}${close}" to specify the empty ${type.value ? "map" : "set"}`);
  }
  const keys: Atom[] = [];
  const values: Atom[] = [];
  scanner.space();
  while (!scanner.atEnd && !(isBracketed && scanner.next === close)) {
    if (DELIMITERS.includes(scanner.next)) {
      throw wrong(`${text}: unexpected "${scanner.next}" parsing ${describeType(type)}`);
    }
    const { atom, last } = parseAtomText(type.key, scanner.token());
    const added = last === undefined ? [atom] : integers(atom as Integer, last);
    keys.push(...added);
    if (type.value) {
      const value = parseMapValue(type.value, scanner);
      values.push(...added.map(() => value));
    }
    scanner.space();
    if (scanner.take(",")) scanner.space();
  }
  if (isBracketed) {
    if (!scanner.take(close)) throw wrong(`${text}: missing "${close}" at end of data`);
    scanner.space();
    if (!scanner.atEnd) throw wrong(`${text}: trailing garbage after "${close}"`);
  }
  return checkedDatum(type, text, keys, values);
}

function parseMapValue(base: BaseType, scanner: Scanner): Atom {
  scanner.space();
  if (!scanner.take("=")) throw wrong(`${scanner.rest}: syntax error at "${scanner.next}" expecting "="`);
  scanner.space();
  const { atom, last } = parseAtomText(base, scanner.token());
  if (last !== undefined) throw wrong(`"${atom}-${last}" is not a valid integer`);
  return atom;
}

function checkedDatum(type: ColumnType, text: string, keys: Atom[], values: Atom[]): Datum {
  const [what, kind] = type.value
    ? ["pair(s)", "map contains duplicate key"]
    : ["value(s)", "set contains duplicate value"];
  const specified = `${text}: ${keys.length} ${what} specified but the`;
  if (keys.length < type.min) throw wrong(`${specified} minimum number is ${type.min}`);
  if (keys.length > type.max) throw wrong(`${specified} maximum number is ${type.max}`);
  try {
    return type.value ? sorted(keys, values) : sorted(keys);
  } catch {
    throw wrong(`${text}: ${kind}`);
  }
}

/** As `ovs-vsctl` prints it. */
export function formatDatum(type: ColumnType, { keys, values }: Datum): string {
  const atoms = keys.map((key, index) => {
    const text = formatAtom(type.key.type, key);
    return type.value ? `${text}=${formatAtom(type.value.type, values?.[index] as Atom)}` : text;
  });
  const joined = atoms.join(", ");
  if (type.max === 1 && keys.length > 0) return joined;
  return type.value ? `{${joined}}` : `[${joined}]`;
}

function integers(first: Integer, last: Integer): Integer[] {
  const list: Integer[] = [];
  for (let integer = BigInt(first); integer <= BigInt(last); integer++) list.push(toInteger(integer));
  return list;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get next(): string {
    return this.#text.charAt(this.#at);
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  space(): void {
    while (/\s/.test(this.next)) this.#at++;
  }

  take(character: string): boolean {
    if (this.atEnd || this.next !== character) return false;
    this.#at++;
    return true;
  }

  /** Up to a delimiter that is neither in quotes nor behind a backslash. */
  token(): string {
    const start = this.rest;
    let token = "";
    let isQuoted = false;
    while (!this.atEnd && (isQuoted || !DELIMITERS.includes(this.next))) {
      const character = this.next;
      this.#at++;
      if (character === '"') isQuoted = !isQuoted;
      if (character !== "\\") {
        token += character;
        continue;
      }
      if (this.atEnd) throw wrong(`${start}: backslash at end of argument`);
      token += (isQuoted ? "\\" : "") + this.next;
      this.#at++;
    }
    if (isQuoted) throw wrong(`${start}: quoted string extends past end of argument`);
    return token;
  }
}

function wrong(what: string): ModelError {
  return new ModelError("syntax error", what);
}
