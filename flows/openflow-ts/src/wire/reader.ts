import { DecodeError } from "../errors/error.js";
import type { ActionVersion } from "../version.js";
import { decodeText } from "./text.js";

/** Nesting of actions in actions and of messages in messages beyond this is refused. */
const maxDepth = 32;

/**
 * A view on bytes that are being decoded, with an end that nothing reads beyond. Offsets in errors count from the
 * start of the whole message.
 */
export class Reader {
  readonly version: ActionVersion;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  readonly #depth: number;
  #at: number;
  /** The error that a switch answers with if there is too little here. */
  readonly lengthError: string;

  constructor(
    bytes: Uint8Array,
    version: ActionVersion,
    lengthError = "OFPBRC_BAD_LEN",
    start = 0,
    end = bytes.length,
    depth = 0,
  ) {
    this.version = version;
    this.lengthError = lengthError;
    // A Buffer would give views of itself where copies are meant.
    this.#bytes =
      bytes instanceof Buffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#start = start;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Bytes from the start of the message. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes read since this reader was made. */
  get consumed(): number {
    return this.#at - this.#start;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#end - at) {
      throw this.fail(this.lengthError, `${bytes} bytes wanted, ${this.#end - at} are left`);
    }
    this.#at = at + bytes;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  /** An unsigned integer of any number of bytes. */
  unsigned(bytes: number): bigint {
    // Most fields have one of these sizes, and a dump has many of them.
    if (bytes === 4) return BigInt(this.u32());
    if (bytes === 2) return BigInt(this.u16());
    if (bytes === 1) return BigInt(this.u8());
    const at = this.#take(bytes);
    let value = 0n;
    for (let i = 0; i < bytes; i++) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    return value;
  }

  /** A copy of the next bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** A string in a field of `length` bytes that is filled up with zeros. */
  text(length: number): string {
    const at = this.#take(length);
    let end = at + length;
    while (end > at && this.#bytes[end - 1] === 0) end--;
    return decodeText(this.#bytes.subarray(at, end));
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** The next two bytes, without going on. */
  peekU16(ahead = 0): number {
    if (ahead + 2 > this.remaining) {
      throw this.fail(this.lengthError, `2 bytes wanted, ${Math.max(0, this.remaining - ahead)} are left`);
    }
    return this.#view.getUint16(this.#at + ahead);
  }

  /** A reader on the next `length` bytes, which this one passes over. */
  sub(length: number, lengthError = this.lengthError): Reader {
    const at = this.#at;
    if (length > this.remaining) {
      throw this.fail(lengthError, `a length of ${length} bytes is said, ${this.remaining} are left`);
    }
    if (this.#depth >= maxDepth) throw this.fail(lengthError, `more than ${maxDepth} levels of nesting`);
    this.#at = at + length;
    return new Reader(this.#bytes, this.version, lengthError, at, at + length, this.#depth + 1);
  }

  /** What is left here, to be read as another version. */
  inVersion(version: ActionVersion): Reader {
    return new Reader(this.#bytes, version, this.lengthError, this.#at, this.#end, this.#depth);
  }

  /** Refuses bytes that are left over. */
  end(): void {
    if (this.remaining > 0) throw this.fail(this.lengthError, `${this.remaining} bytes are left over`);
  }

  fail(code: string, what: string): DecodeError {
    return new DecodeError(code, this.#at, what);
  }
}
