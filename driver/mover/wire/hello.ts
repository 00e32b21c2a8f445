import { Subfield } from "./datagram.js";
import { readU16, readU32, readU48, readU64, writeU16, writeU32, writeU48, writeU64 } from "./integer.js";

/**
 * The hello subfield: who the sender is, and what it can take. The first and the second message of a handshake carry one.
 *
 * ```
 * 0 length | 1 type = 16 | 2 boot id, u64 | 10 session that is to go on, u64 | 18 time, u48 in µs
 * 24 segment size, u16 | 26 receive window, u32 | 30 site name, UTF-8
 * ```
 */
export const HELLO_BYTES = 30;
export const MAXIMUM_SITE_BYTES = 64;

/** A datagram of 576 bytes crosses every IPv4 network (RFC 791 §3.1). */
export const MINIMUM_SEGMENT_SIZE = 548;

export interface Hello {
  /** Random per process. */
  readonly bootId: bigint;
  /** The session that these keys are for as well; 0n: a new one. */
  readonly continues: bigint;
  /** When it was first sent, by the sender's clock in microseconds; grows from hello to hello of one process. */
  readonly time: number;
  /** The largest datagram that the sender can take. */
  readonly segmentSize: number;
  readonly receiveWindow: number;
  readonly site: string;
}

/** The subfield. A longer site name is cut. */
export function encodeHello(hello: Hello): Uint8Array {
  const room = new Uint8Array(HELLO_BYTES + MAXIMUM_SITE_BYTES);
  const { written } = new TextEncoder().encodeInto(hello.site, room.subarray(HELLO_BYTES));
  const out = room.subarray(0, HELLO_BYTES + written);
  out[0] = out.length;
  out[1] = Subfield.HELLO;
  writeU64(out, 2, hello.bootId);
  writeU64(out, 10, hello.continues);
  writeU48(out, 18, hello.time);
  writeU16(out, 24, hello.segmentSize);
  writeU32(out, 26, hello.receiveWindow);
  return out;
}

/** Finds the one hello among subfields; undefined if there is none, two, or anything makes no sense. */
export function decodeHello(subfields: Uint8Array): Hello | undefined {
  let hello: Hello | undefined;
  for (let at = 0; at < subfields.length; at += subfields[at]!) {
    const length = subfields[at]!;
    if (length < 2 || at + length > subfields.length) return undefined;
    if (subfields[at + 1] !== Subfield.HELLO) continue;
    if (hello !== undefined) return undefined;
    hello = readHello(subfields.subarray(at, at + length));
    if (hello === undefined) return undefined;
  }
  return hello;
}

function readHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length < HELLO_BYTES || bytes.length > HELLO_BYTES + MAXIMUM_SITE_BYTES) return undefined;
  const segmentSize = readU16(bytes, 24);
  if (segmentSize < MINIMUM_SEGMENT_SIZE) return undefined;
  return {
    bootId: readU64(bytes, 2),
    continues: readU64(bytes, 10),
    time: readU48(bytes, 18),
    segmentSize,
    receiveWindow: readU32(bytes, 26),
    site: new TextDecoder().decode(bytes.subarray(HELLO_BYTES)),
  };
}
