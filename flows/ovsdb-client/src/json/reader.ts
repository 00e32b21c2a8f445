import { JsonError, parseJson } from "./parse.js";
import type { Json } from "./value.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/**
 * Takes a byte stream apart into JSON values. JSON-RPC has no framing and no newlines (RFC 7047 §4): a
 * message ends where its outermost bracket closes. So each byte is looked at once as it comes, for brackets
 * outside strings, and each message parsed once when it is whole, however the stream is cut into chunks.
 */
export class JsonReader {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** `limit`: the greatest length of a message, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of a message that is not complete yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /**
   * Takes the next bytes; yields the values that they complete. Throws a `JsonError` where the stream is not
   * JSON, or a message too large; the stream cannot be taken up again after that.
   */
  *push(chunk: Uint8Array): Generator<Json, void, undefined> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (byte === QUOTE && this.#depth > 0) {
        this.#inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#depth++ === 0) start = at;
      } else if (this.#depth === 0) {
        if (byte > SPACE) throw new JsonError("JSON_SYNTAX", "a message must be an object or an array", at);
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --this.#depth === 0) {
        this.#keep(chunk.subarray(start, at + 1));
        yield this.#message();
      }
    }
    // The caller's buffer may be used again: what stays is copied.
    if (this.#depth > 0) this.#keep(new Uint8Array(chunk.subarray(start)));
  }

  #keep(bytes: Uint8Array): void {
    this.#buffered += bytes.length;
    if (this.#buffered > this.#limit) {
      throw new JsonError("JSON_TOO_LARGE", `message longer than ${this.#limit} bytes`, this.#limit);
    }
    this.#chunks.push(bytes);
  }

  #message(): Json {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#buffered = 0;
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      throw new JsonError("JSON_SYNTAX", "message is not UTF-8", 0);
    }
    return parseJson(text);
  }
}
