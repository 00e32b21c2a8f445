import { writeU24 } from "./integer.js";

/** docs/wire-format.md, "Datagram". */
export const WIRE_VERSION = 1;

/** Bytes of the header: version and packet type, receiver's session tag. */
export const DATAGRAM_HEADER_BYTES = 4;

export const PacketType = {
  HELLO: 1,
  SESSION: 2,
} as const;

/** What a subfield is; those of other codes are skipped. */
export const Subfield = {
  TRANSPORT_DATA: 1,
  ACKNOWLEDGEMENT: 2,
  /** More of the acknowledgement's bitmap. */
  RECEIVED: 3,
  /** The sender ends the session. */
  CLOSE: 4,
  PROBE: 5,
  PROBE_ANSWER: 6,
  HELLO: 16,
} as const;

/** The largest tag, a u24. */
export const MAXIMUM_TAG = 0xff_ffff;

/** Returns where the first subfield goes. */
export function writeDatagramHeader(out: Uint8Array, at: number, type: number, tag: number): number {
  out[at] = (WIRE_VERSION << 4) | type;
  writeU24(out, at + 1, tag);
  return at + DATAGRAM_HEADER_BYTES;
}

export const CLOSE_BYTES = 2;

/** Returns the offset after the subfield. */
export function writeClose(out: Uint8Array, at: number): number {
  out[at] = CLOSE_BYTES;
  out[at + 1] = Subfield.CLOSE;
  return at + CLOSE_BYTES;
}
