import { MAXIMUM_ENCODING_WINDOW } from "../constants.js";
import { Subfield } from "./datagram.js";
import { readU16, readU32, writeU16, writeU32 } from "./integer.js";

/**
 * The repair subfield: of which segments the bytes behind it are the sum. They run to the datagram's end.
 *
 * ```
 * 0 length = 10 | 1 type = 8 | 2 window, u16 | 4 first logical number, u32 | 8 key | 9 reserved = 0
 * ```
 */
export const REPAIR_BYTES = 10;

/** A parsed subfield, to be reused. */
export interface Repair {
  /** Of so many segments in a row, it may be the sum: 1 … `MAXIMUM_ENCODING_WINDOW`. */
  window: number;
  /** The low 32 bits of the first one's number. */
  first: number;
  /** Tells by which factors they are in it. */
  key: number;
}

/** Returns the offset after the subfield. */
export function writeRepair(out: Uint8Array, at: number, first: number, window: number, key: number): number {
  out[at] = REPAIR_BYTES;
  out[at + 1] = Subfield.REPAIR;
  writeU16(out, at + 2, window);
  writeU32(out, at + 4, first % 0x1_0000_0000);
  out[at + 8] = key;
  out[at + 9] = 0;
  return at + REPAIR_BYTES;
}

/** Reads the subfield of `length` bytes at `at`; false if it makes no sense. */
export function readRepair(bytes: Uint8Array, at: number, length: number, into: Repair): boolean {
  if (length !== REPAIR_BYTES) return false;
  into.window = readU16(bytes, at + 2);
  into.first = readU32(bytes, at + 4);
  into.key = bytes[at + 8]!;
  return into.window > 0 && into.window <= MAXIMUM_ENCODING_WINDOW;
}
