import { Subfield } from "./datagram.js";
import { readU32, readU48, writeU32, writeU48 } from "./integer.js";

/**
 * The transport-data subfield (claim 22): which segment of which buffer the payload is, and the number
 * of this very transmission of it. The payload follows and runs to the datagram's end.
 *
 * ```
 * 0 length = 14 | 1 type = 1 | 2 index in buffer | 3 segments in buffer | 4 logical number, u32 | 8 physical number, u48
 * ```
 */
export const TRANSPORT_DATA_BYTES = 14;

/** A buffer has at most so many segments: index and number are a byte each. */
export const MAXIMUM_SEGMENTS = 255;

/** A parsed subfield, to be reused. */
export interface TransportData {
  index: number;
  segments: number;
  /** The low 32 bits of the segment's number. */
  logical: number;
  /** Never used twice in a session, from 1 up. */
  physical: number;
}

/** Returns the offset of the payload. */
export function writeTransportData(
  out: Uint8Array,
  at: number,
  index: number,
  segments: number,
  logical: number,
  physical: number,
): number {
  out[at] = TRANSPORT_DATA_BYTES;
  out[at + 1] = Subfield.TRANSPORT_DATA;
  out[at + 2] = index;
  out[at + 3] = segments;
  writeU32(out, at + 4, logical % 0x1_0000_0000);
  writeU48(out, at + 8, physical);
  return at + TRANSPORT_DATA_BYTES;
}

/** Reads the subfield of `length` bytes at `at`; false if it makes no sense. */
export function readTransportData(
  bytes: Uint8Array,
  at: number,
  length: number,
  into: TransportData,
): boolean {
  if (length !== TRANSPORT_DATA_BYTES) return false;
  into.index = bytes[at + 2]!;
  into.segments = bytes[at + 3]!;
  into.logical = readU32(bytes, at + 4);
  into.physical = readU48(bytes, at + 8);
  return into.index < into.segments && into.physical > 0;
}

/**
 * The whole of a logical number from its low 32 bits: of all numbers with those bits the one nearest to
 * `near`, which is right as long as sender and receiver are less than 2^31 segments apart.
 */
export function extendLogical(low: number, near: number): number {
  return near + ((low - (near % 0x1_0000_0000)) | 0);
}
