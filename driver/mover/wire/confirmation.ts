import { LONGEST_DELAY, TIME_UNIT } from "./acknowledgement.js";
import { Subfield } from "./datagram.js";
import { readU16, writeU16 } from "./integer.js";

/**
 * The confirmation: which answer to its hello the sender goes by, so that the other side knows the round trip as well.
 *
 * ```
 * 0 length = 5 | 1 type = 7 | 2 transmission, of the hello that was answered | 3 delay since the answer came, u16 in 16 µs
 * ```
 */
export const CONFIRMATION_BYTES = 5;

export interface Confirmation {
  transmission: number;
  /** Milliseconds; `LONGEST_DELAY` or more is not known exactly. */
  delay: number;
}

/** Returns the offset after the subfield. */
export function writeConfirmation(
  out: Uint8Array,
  at: number,
  { transmission, delay }: Confirmation,
): number {
  out[at] = CONFIRMATION_BYTES;
  out[at + 1] = Subfield.CONFIRMATION;
  out[at + 2] = transmission;
  writeU16(out, at + 3, Math.round(Math.min(delay, LONGEST_DELAY) / TIME_UNIT));
  return at + CONFIRMATION_BYTES;
}

/** Reads the subfield of `length` bytes at `at`; undefined if it makes no sense. */
export function readConfirmation(bytes: Uint8Array, at: number, length: number): Confirmation | undefined {
  if (length !== CONFIRMATION_BYTES) return undefined;
  return { transmission: bytes[at + 2]!, delay: readU16(bytes, at + 3) * TIME_UNIT };
}
