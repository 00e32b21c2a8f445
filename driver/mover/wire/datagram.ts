import { readU24, writeU24 } from "./integer.js";

/** docs/wire-format.md, "Datagram". */
export const WIRE_VERSION = 1;

/** Bytes of the header: version and packet type, receiver's tag. */
export const DATAGRAM_HEADER_BYTES = 4;
/** With the low bits of the datagram's number behind it. */
export const SEALED_HEADER_BYTES = 7;

export const PacketType = {
  HELLO: 1,
  SESSION: 2,
  ANSWER: 3,
  SEALED_HELLO: 5,
  SEALED_SESSION: 6,
  SEALED_ANSWER: 7,
  COOKIE: 8,
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
  CONFIRMATION: 7,
  REPAIR: 8,
  HELLO: 16,
} as const;

/** The largest tag, a u24. */
export const MAXIMUM_TAG = 0xff_ffff;

/** Returns where what follows the header goes. */
export function writeDatagramHeader(out: Uint8Array, at: number, type: number, tag: number): number {
  out[at] = (WIRE_VERSION << 4) | type;
  writeU24(out, at + 1, tag);
  return at + DATAGRAM_HEADER_BYTES;
}

/** The packet type; 0 if it is not ours, or of another version. */
export function packetType(bytes: Uint8Array, at: number, length: number): number {
  if (length < DATAGRAM_HEADER_BYTES || bytes[at]! >>> 4 !== WIRE_VERSION) return 0;
  return bytes[at]! & 0x0f;
}

/** The receiver's tag; 0 if the sender knows none. */
export function datagramTag(bytes: Uint8Array, at: number): number {
  return readU24(bytes, at + 1);
}

export const CLOSE_BYTES = 2;

/** Returns the offset after the subfield. */
export function writeClose(out: Uint8Array, at: number): number {
  out[at] = CLOSE_BYTES;
  out[at + 1] = Subfield.CLOSE;
  return at + CLOSE_BYTES;
}
