import { Subfield } from "./datagram.js";
import { readU16, readU32, writeU16, writeU32 } from "./integer.js";

/**
 * A probe asks whether a datagram of its length gets through, and is padded with zeros to that; always the last subfield.
 * Its answer goes back by the same way.
 *
 * ```
 * probe   0 length = 6 | 1 type = 5 | 2 number, u32; padding to the datagram's end
 * answer  0 length = 8 | 1 type = 6 | 2 number, u32 | 6 bytes of the datagram that came, u16
 * ```
 */
export const PROBE_BYTES = 6;
export const PROBE_ANSWER_BYTES = 8;

/** Returns the offset after the padding, which reaches up to `end`. */
export function writeProbe(out: Uint8Array, at: number, probe: number, end: number): number {
  out[at] = PROBE_BYTES;
  out[at + 1] = Subfield.PROBE;
  writeU32(out, at + 2, probe);
  out.fill(0, at + PROBE_BYTES, end);
  return Math.max(end, at + PROBE_BYTES);
}

/** The probe's number, or -1 if it makes no sense. */
export function readProbe(bytes: Uint8Array, at: number, length: number): number {
  return length === PROBE_BYTES ? readU32(bytes, at + 2) : -1;
}

/** Returns the offset after the subfield. */
export function writeProbeAnswer(out: Uint8Array, at: number, probe: number, bytes: number): number {
  out[at] = PROBE_ANSWER_BYTES;
  out[at + 1] = Subfield.PROBE_ANSWER;
  writeU32(out, at + 2, probe);
  writeU16(out, at + 6, bytes);
  return at + PROBE_ANSWER_BYTES;
}

/** A parsed answer, to be reused. */
export interface ProbeAnswer {
  probe: number;
  /** Of the datagram that the probe was in, when it came. */
  bytes: number;
}

export function readProbeAnswer(bytes: Uint8Array, at: number, length: number, into: ProbeAnswer): boolean {
  if (length !== PROBE_ANSWER_BYTES) return false;
  into.probe = readU32(bytes, at + 2);
  into.bytes = readU16(bytes, at + 6);
  return true;
}
