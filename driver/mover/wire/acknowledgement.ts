import { Subfield } from "./datagram.js";
import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from "./integer.js";

/**
 * The acknowledgement subfield (claim 23), which also carries what the receiver can take.
 *
 * ```
 * 0 length | 1 type = 2 | 2 highest physical sent, u48 | 8 highest physical received, u48
 * 14 lowest logical not received, u48 | 20 delivery rate, u32 in 1000 bit/s | 24 delay, u16 in 16 µs
 * 26 receive window, u32 bytes | 30 time, u32 in 16 µs | 34 bitmap
 * ```
 *
 * The bitmap is made of whole bytes, aligned by number: byte i stands for the eight numbers from
 * 8 * (floor(highest received / 8) - i) up, bit 0 being the lowest. So the receiver copies it from its own
 * record and the sender compares it with its own, eight numbers at a time. What does not fit goes on
 * in RECEIVED subfields:
 *
 * ```
 * 0 length | 1 type = 3 | 2 first of the eight numbers of byte 0, u48 | 8 bitmap, downwards
 * ```
 */
export const ACKNOWLEDGEMENT_BYTES = 34;
export const RECEIVED_BYTES = 8;

const MAXIMUM_SUBFIELD = 255;
/** Bitmap bytes that fit into the acknowledgement itself, and into each RECEIVED subfield. */
export const ACKNOWLEDGEMENT_BITMAP = MAXIMUM_SUBFIELD - ACKNOWLEDGEMENT_BYTES;
export const RECEIVED_BITMAP = MAXIMUM_SUBFIELD - RECEIVED_BYTES;

/** A bitmap may come in so many parts. */
export const MAXIMUM_PARTS = 6;

/** Milliseconds. */
export const TIME_UNIT = 0.016;
const U16_MAX = 0xffff;
/** A delay of this or more, in milliseconds, is not known exactly. */
export const LONGEST_DELAY = U16_MAX * TIME_UNIT;
const U32_MAX = 0xffff_ffff;

/** What an acknowledgement says, but for the bitmap. */
export interface AcknowledgementFields {
  /** 0: nothing sent yet. */
  highestSent: number;
  /** 0: nothing received yet. */
  highestReceived: number;
  lowestLogical: number;
  /** Bits per second. */
  deliveryRate: number;
  /** From the arrival of `highestReceived` to the sending of this, in milliseconds. */
  delay: number;
  /** Bytes. */
  receiveWindow: number;
  /** When this was written, by the receiver's clock: units of `TIME_UNIT` modulo 2^32. Only differences mean anything. */
  time: number;
}

/** A parsed acknowledgement, to be reused. The bitmap stays where it was received. */
export class Acknowledgement implements AcknowledgementFields {
  highestSent = 0;
  highestReceived = 0;
  lowestLogical = 0;
  deliveryRate = 0;
  delay = 0;
  receiveWindow = 0;
  time = 0;
  bytes: Uint8Array = new Uint8Array(0);
  parts = 0;
  /** The number of the byte (eight physical numbers) that a part begins with. */
  readonly partTop = new Float64Array(MAXIMUM_PARTS);
  readonly partOffset = new Uint32Array(MAXIMUM_PARTS);
  readonly partLength = new Uint32Array(MAXIMUM_PARTS);
}

/** Writes the part of the bitmap from byte number `top` down into `out`. */
export type BitmapWriter = (out: Uint8Array, at: number, top: number, length: number) => void;

/** Bytes that `writeAcknowledgement` takes for a bitmap of `bitmap` bytes. */
export function acknowledgementLength(bitmap: number): number {
  if (bitmap <= ACKNOWLEDGEMENT_BITMAP) return ACKNOWLEDGEMENT_BYTES + bitmap;
  const rest = bitmap - ACKNOWLEDGEMENT_BITMAP;
  return MAXIMUM_SUBFIELD + rest + Math.ceil(rest / RECEIVED_BITMAP) * RECEIVED_BYTES;
}

/** The most bitmap bytes that an acknowledgement can have within `room` bytes. */
export function bitmapRoom(room: number): number {
  let bitmap = Math.min(room - ACKNOWLEDGEMENT_BYTES, ACKNOWLEDGEMENT_BITMAP);
  let left = room - MAXIMUM_SUBFIELD;
  for (let part = 1; part < MAXIMUM_PARTS && left > RECEIVED_BYTES; part += 1) {
    bitmap += Math.min(left - RECEIVED_BYTES, RECEIVED_BITMAP);
    left -= MAXIMUM_SUBFIELD;
  }
  return bitmap;
}

/** Returns the offset after the subfields. The caller has seen to it that they fit. */
export function writeAcknowledgement(
  out: Uint8Array,
  at: number,
  fields: AcknowledgementFields,
  bitmap: number,
  writeBitmap: BitmapWriter,
): number {
  const first = Math.min(bitmap, ACKNOWLEDGEMENT_BITMAP);
  out[at] = ACKNOWLEDGEMENT_BYTES + first;
  out[at + 1] = Subfield.ACKNOWLEDGEMENT;
  writeU48(out, at + 2, fields.highestSent);
  writeU48(out, at + 8, fields.highestReceived);
  writeU48(out, at + 14, fields.lowestLogical);
  writeU32(out, at + 20, Math.min(Math.round(fields.deliveryRate / 1000), U32_MAX));
  writeU16(out, at + 24, Math.min(Math.round(fields.delay / TIME_UNIT), U16_MAX));
  writeU32(out, at + 26, Math.min(fields.receiveWindow, U32_MAX));
  writeU32(out, at + 30, fields.time);
  let top = Math.floor(fields.highestReceived / 8);
  writeBitmap(out, at + ACKNOWLEDGEMENT_BYTES, top, first);
  let end = at + ACKNOWLEDGEMENT_BYTES + first;
  for (let written = first, length = first; written < bitmap; written += length) {
    top -= length;
    length = Math.min(bitmap - written, RECEIVED_BITMAP);
    out[end] = RECEIVED_BYTES + length;
    out[end + 1] = Subfield.RECEIVED;
    writeU48(out, end + 2, top * 8);
    writeBitmap(out, end + RECEIVED_BYTES, top, length);
    end += RECEIVED_BYTES + length;
  }
  return end;
}

/** Reads the subfield of `length` bytes at `at`; false if it makes no sense. */
export function readAcknowledgement(
  bytes: Uint8Array,
  at: number,
  length: number,
  into: Acknowledgement,
): boolean {
  if (length < ACKNOWLEDGEMENT_BYTES) return false;
  into.highestSent = readU48(bytes, at + 2);
  into.highestReceived = readU48(bytes, at + 8);
  into.lowestLogical = readU48(bytes, at + 14);
  into.deliveryRate = readU32(bytes, at + 20) * 1000;
  into.delay = readU16(bytes, at + 24) * TIME_UNIT;
  into.receiveWindow = readU32(bytes, at + 26);
  into.time = readU32(bytes, at + 30);
  into.bytes = bytes;
  into.parts = 0;
  return addPart(
    into,
    Math.floor(into.highestReceived / 8),
    at + ACKNOWLEDGEMENT_BYTES,
    length - ACKNOWLEDGEMENT_BYTES,
  );
}

/** Reads a RECEIVED subfield of `length` bytes at `at` into the acknowledgement before it. */
export function readReceived(bytes: Uint8Array, at: number, length: number, into: Acknowledgement): boolean {
  if (length < RECEIVED_BYTES) return false;
  const number = readU48(bytes, at + 2);
  if (number % 8 !== 0) return false;
  return addPart(into, number / 8, at + RECEIVED_BYTES, length - RECEIVED_BYTES);
}

/** A part must stay at or below the highest number received, and above zero. */
function addPart(into: Acknowledgement, top: number, offset: number, length: number): boolean {
  if (length === 0) return true;
  if (into.parts === MAXIMUM_PARTS) return false;
  if (top > Math.floor(into.highestReceived / 8) || length > top + 1) return false;
  into.partTop[into.parts] = top;
  into.partOffset[into.parts] = offset;
  into.partLength[into.parts] = length;
  into.parts += 1;
  return true;
}
