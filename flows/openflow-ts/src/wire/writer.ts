import { EncodeError } from "../errors/error.js";
import { type ActionVersion, versionName } from "../version.js";
import { encodeText } from "./text.js";

/** Bytes that are being encoded. Numbers that do not fit their field are refused. */
export class Writer {
  readonly version: ActionVersion;
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(version: ActionVersion, capacity = 256) {
    this.version = version;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far, copied. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for `bytes` more, which are zero; returns where they begin. */
  #reserve(bytes: number): number {
    const at = this.#length;
    if (at + bytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + bytes));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = at + bytes;
    return at;
  }

  #check(value: number, bits: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", `${value} is no unsigned integer of ${bits} bits`);
    }
  }

  u8(value: number): void {
    this.#check(value, 8);
    // The place first: making room may replace the view.
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    this.#check(value, 16);
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    this.#check(value, 32);
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  i32(value: number): void {
    if ((value | 0) !== value) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", `${value} is no signed integer of 32 bits`);
    }
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }

  u64(value: bigint): void {
    this.unsigned(value, 8);
  }

  /** An unsigned integer of any number of bytes. */
  unsigned(value: bigint, bytes: number): void {
    if (value < 0n || value >> BigInt(bytes * 8) !== 0n) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", `${value} is no unsigned integer of ${bytes * 8} bits`);
    }
    const at = this.#reserve(bytes);
    let left = value;
    for (let i = bytes - 1; i >= 0 && left > 0n; i--) {
      this.#bytes[at + i] = Number(left & 0xffn);
      left >>= 8n;
    }
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  zeros(count: number): void {
    this.#reserve(count);
  }

  /** Text in a field of `length` bytes, filled up with zeros. */
  text(value: string, length: number): void {
    const encoded = encodeText(value);
    if (encoded.length > length) {
      throw new EncodeError("ERR_OPENFLOW_RANGE", `"${value}" is longer than ${length} bytes`);
    }
    this.bytes(encoded);
    this.zeros(length - encoded.length);
  }

  /** Zeros up to a multiple of 8 bytes from `start`. */
  pad8(start: number): void {
    this.zeros((8 - ((this.#length - start) % 8)) % 8);
  }

  /** Writes a number at a place that was passed before. */
  patchU16(at: number, value: number): void {
    if (value > 0xffff) {
      throw new EncodeError("ERR_OPENFLOW_TOO_LONG", `${value} bytes do not fit a length of 16 bits`);
    }
    this.#view.setUint16(at, value);
  }

  patchU8(at: number, value: number): void {
    this.#check(value, 8);
    this.#view.setUint8(at, value);
  }

  /** The error for something that the version being written does not have. */
  unsupported(what: string): EncodeError {
    return new EncodeError("ERR_OPENFLOW_VERSION", `OpenFlow ${versionName(this.version)} has no ${what}`);
  }
}
