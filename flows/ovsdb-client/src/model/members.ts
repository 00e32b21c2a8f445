import { type Integer, isObject, type Json, type JsonObject } from "../json/value.js";
import { syntaxError } from "./error.js";

/** What a member may be. `id`: a string that is an `<id>` of RFC 7047 §3.1. */
interface Kinds {
  boolean: boolean;
  integer: Integer;
  number: Integer;
  string: string;
  id: string;
  array: Json[];
  object: JsonObject;
  any: Json;
}

const KINDS: { readonly [K in keyof Kinds]: (value: Json) => boolean } = {
  boolean: (value) => typeof value === "boolean",
  integer: (value) => typeof value === "bigint" || Number.isSafeInteger(value),
  number: (value) => typeof value === "bigint" || typeof value === "number",
  string: (value) => typeof value === "string",
  id: (value) => typeof value === "string" && isId(value),
  array: (value) => Array.isArray(value),
  object: isObject,
  any: () => true,
};

export function isId(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** Takes an object apart member by member; what is left over at the end is an error. */
export class Members {
  readonly #object: JsonObject;
  readonly #what: string;
  readonly #seen = new Set<string>();

  /** `what` the object is, for the errors. */
  constructor(json: Json, what: string) {
    if (!isObject(json)) throw syntaxError(json, `Parsing ${what} failed: Object expected.`);
    this.#object = json;
    this.#what = what;
  }

  required<K extends keyof Kinds>(name: string, ...kinds: K[]): Kinds[K] {
    const value = this.optional(name, ...kinds);
    if (value === undefined) throw this.#fault(`Required '${name}' member is missing.`);
    return value;
  }

  optional<K extends keyof Kinds>(name: string, ...kinds: K[]): Kinds[K] | undefined {
    if (!Object.hasOwn(this.#object, name)) return undefined;
    this.#seen.add(name);
    const value = this.#object[name] as Json;
    if (!kinds.some((kind) => KINDS[kind](value))) throw this.#fault(`Type mismatch for member '${name}'.`);
    return value as Kinds[K];
  }

  finish(): void {
    const [extra, ...others] = Object.keys(this.#object).filter((name) => !this.#seen.has(name));
    if (extra === undefined) return;
    const more = others.length === 1 ? "1 other member" : `${others.length} other members`;
    const are = others.length === 0 ? "is" : `and ${more} are`;
    throw this.#fault(`Member '${extra}' ${are} present but not allowed here.`);
  }

  #fault(details: string): Error {
    return syntaxError(this.#object, `Parsing ${this.#what} failed: ${details}`);
  }
}
