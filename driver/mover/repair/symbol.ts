import { readU16, writeU16 } from "../wire/integer.js";

/**
 * Symbols of the random linear code over GF(4) by which segments are repaired (docs/wire-format.md, "Repair"). A
 * segment's source symbol is what it takes to put it in its place:
 *
 * ```
 * 0 index in buffer | 1 segments in buffer | 2 length, u16 | 4 the segment's bytes, then zeros without end
 * ```
 *
 * A repair symbol is the sum of some of them, each times a factor. Of the field's elements 0, 1, 2 and 3, sums are the
 * exclusive or, and 2 × 2 = 3. A byte holds four of them, each in two bits that are four places apart, so that a whole
 * word of eight times four bits is multiplied at once. Symbols lie in whole 32-bit words, in whatever byte order.
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

/** Adds `count` words of `words` from `at` on, times `factor`, to the first ones of `sum`. */
export function addWords(sum: Uint32Array, words: Uint32Array, at: number, count: number, factor = 1): void {
  if (factor === 1) for (let i = 0; i < count; i += 1) sum[i]! ^= words[at + i]!;
  else if (factor === 2) for (let i = 0; i < count; i += 1) sum[i]! ^= twice(words[at + i]!);
  else for (let i = 0; i < count; i += 1) sum[i]! ^= thrice(words[at + i]!);
}

/** Multiplies the first `count` words of `from` into those of `into`, which may be the same. */
export function multiplyWords(into: Uint32Array, from: Uint32Array, count: number, factor: number): void {
  if (factor === 2) for (let i = 0; i < count; i += 1) into[i] = twice(from[i]!);
  else for (let i = 0; i < count; i += 1) into[i] = thrice(from[i]!);
}

const LOW = 0x0f0f_0f0f;

function twice(word: number): number {
  const high = (word >>> 4) & LOW;
  return high | (((word & LOW) ^ high) << 4);
}

function thrice(word: number): number {
  const low = word & LOW;
  return (low ^ ((word >>> 4) & LOW)) | (low << 4);
}

/** By which the segment is multiplied in the repair symbol of that key: 1 for all in that of key 0, 0 to 3 at random in others. */
export function factorOf(key: number, logical: number): number {
  if (key === 0) return 1;
  let hash = Math.imul(logical ^ Math.imul(key, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2_ae35);
  return hash >>> 30;
}
