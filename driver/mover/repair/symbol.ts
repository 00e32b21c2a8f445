import { readU16, writeU16 } from "../wire/integer.js";

/**
 * Symbols of the random linear code over GF(2) by which segments are repaired (docs/wire-format.md, "Repair"; in the
 * terms of RFC 8681, at density 1/2). A segment's source symbol is what it takes to put it in its place:
 *
 * ```
 * 0 index in buffer | 1 segments in buffer | 2 length, u16 | 4 the segment's bytes, then zeros without end
 * ```
 *
 * A repair symbol is the sum, that is the exclusive or, of some of them. Symbols lie in whole 32-bit words, in whatever
 * byte order.
 */
export const SYMBOL_HEADER_BYTES = 4;

/** The words that hold the source symbol of a segment of `length` bytes. */
export function symbolWords(length: number): number {
  return (SYMBOL_HEADER_BYTES + length + 3) >>> 2;
}

/** Writes the source symbol of the segment `from[offset … offset + length]` to `out[at …]`, `at` a multiple of 4; returns its words. */
export function writeSymbol(
  out: Uint8Array,
  at: number,
  index: number,
  segments: number,
  from: Uint8Array,
  offset: number,
  length: number,
): number {
  const words = symbolWords(length);
  out[at] = index;
  out[at + 1] = segments;
  writeU16(out, at + 2, length);
  out.set(from.subarray(offset, offset + length), at + SYMBOL_HEADER_BYTES);
  out.fill(0, at + SYMBOL_HEADER_BYTES + length, at + 4 * words);
  return words;
}

/** The length of the segment whose source symbol begins at `at`; 0 if it is none of at most `room` bytes. */
export function symbolLength(bytes: Uint8Array, at: number, room: number): number {
  const length = readU16(bytes, at + 2);
  return bytes[at]! < bytes[at + 1]! && length <= room - SYMBOL_HEADER_BYTES ? length : 0;
}

/** Adds `count` words of `words` from `at` on to the first ones of `sum`. */
export function addWords(sum: Uint32Array, words: Uint32Array, at: number, count: number): void {
  for (let i = 0; i < count; i += 1) sum[i]! ^= words[at + i]!;
}

/** Whether the repair symbol of that key has the segment in it: all are in that of key 0, every other one at random in others. */
export function isMember(key: number, logical: number): boolean {
  if (key === 0) return true;
  let hash = Math.imul(logical ^ Math.imul(key, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2_ae35);
  return hash < 0;
}
