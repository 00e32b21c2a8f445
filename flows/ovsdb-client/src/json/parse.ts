import { INT64_MAX, INT64_MIN, type Json, type JsonObject, toInteger } from "./value.js";

/** Text that is not JSON, or more of it than we take. */
export class JsonError extends Error {
  readonly code: "JSON_SYNTAX" | "JSON_TOO_LARGE" | "JSON_TOO_DEEP";
  /** Where in the message, in UTF-16 code units (bytes where the message has not been decoded yet). */
  readonly offset: number;

  constructor(code: JsonError["code"], what: string, offset: number) {
    super(`${what} at offset ${offset}`);
    this.name = "JsonError";
    this.code = code;
    this.offset = offset;
  }
}

/** ovsdb-server nests no deeper than this either. */
const MAXIMUM_DEPTH = 1000;

/** Exact arithmetic on more digits is work that no 64-bit number is worth. */
const LONGEST_NUMBER = 1000;

/**
 * Parses one JSON text (RFC 8259), integers exact to 64 bits.
 *
 * `JSON.parse` gives the same but for numbers: see `Json` for when an integer is a `bigint`; -0 is 0, as
 * ovsdb-server has it; and a number that is too great for a double is the greatest one rather than infinity
 * (ovsdb-server writes reals with 15 digits, so that its greatest comes out rounded beyond the range).
 */
export function parseJson(text: string): Json {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Up to the next quote, backslash or control character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings must not hold control characters
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: { readonly [letter: string]: string } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > MAXIMUM_DEPTH) throw new JsonError("JSON_TOO_DEEP", "nested too deep", this.#at);
    this.#space();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected("the end");
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = {};
    this.#at++;
    this.#space();
    if (this.#take("}")) return object;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected("a member's name");
      const name = this.#string();
      this.#space();
      if (!this.#take(":")) throw this.#unexpected('":"');
      const value = this.value(depth + 1);
      // An ordinary assignment would set the prototype.
      if (name === "__proto__") {
        Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
      } else {
        object[name] = value;
      }
      this.#space();
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#unexpected('"," or "}"');
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#at++;
    this.#space();
    if (this.#take("]")) return array;
    do {
      array.push(this.value(depth + 1));
      this.#space();
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#unexpected('"," or "]"');
    return array;
  }

  #string(): string {
    this.#at++;
    let string = this.#match(PLAIN);
    while (this.#text[this.#at] === "\\") string += this.#escape() + this.#match(PLAIN);
    if (!this.#take('"')) throw this.#unexpected("the string's end");
    return string;
  }

  #escape(): string {
    const letter = this.#text[++this.#at];
    if (letter === "u") {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#unexpected("four hexadecimal digits");
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = letter === undefined ? undefined : ESCAPES[letter];
    if (escaped === undefined) throw this.#unexpected("an escape");
    this.#at++;
    return escaped;
  }

  #number(): Json {
    const start = this.#at;
    const literal = this.#match(NUMBER);
    if (literal === "") throw this.#unexpected("a value");
    if (literal.length > LONGEST_NUMBER) {
      throw new JsonError("JSON_SYNTAX", "number with too many digits", start);
    }
    const number = Number(literal);
    if (Number.isSafeInteger(number)) return number + 0; // -0 + 0 is 0
    if (!Number.isFinite(number)) return Math.sign(number) * Number.MAX_VALUE;
    return Number.isInteger(number) ? (exactInteger(literal) ?? number) : number;
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected("a value");
    this.#at += word.length;
    return value;
  }

  #space(): void {
    // Messages of ovsdb-server have no white space: look before the costlier match.
    if (this.#text.charCodeAt(this.#at) <= 0x20) this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += match.length;
    return match;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #unexpected(wanted: string): JsonError {
    const found = this.#text[this.#at];
    const what = found === undefined ? "the text ends" : `found ${JSON.stringify(found)}`;
    return new JsonError("JSON_SYNTAX", `${what} where ${wanted} was expected`, this.#at);
  }
}

/** The value of a literal that a double rounds; `undefined` where it is no integer, or not of 64 bits. */
function exactInteger(literal: string): Json | undefined {
  const [mantissa = "", exponent = "0"] = literal.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = Number(exponent) - fraction.length;
  let value = BigInt(whole + fraction);
  if (shift >= 0) {
    value *= 10n ** BigInt(shift);
  } else {
    const divisor = 10n ** BigInt(-shift);
    if (value % divisor !== 0n) return undefined;
    value /= divisor;
  }
  return value >= INT64_MIN && value <= INT64_MAX ? toInteger(value) : undefined;
}
