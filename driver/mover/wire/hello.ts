import { crc32 } from "node:zlib";
import { Subfield } from "./datagram.js";
import { readU16, readU24, readU32, readU64, writeU16, writeU24, writeU32, writeU64 } from "./integer.js";

/**
 * The hello subfield: who the sender is, and what it has understood of the receiver. Both sides say
 * the same kind of hello until each has seen its own tag in the other's.
 *
 * ```
 * 0 length | 1 type = 16 | 2 boot id, u64 | 10 tag, u24 | 13 flags | 14 session number, u32
 * 18 echo: boot id, u64 | 26 echo: tag, u24 | 29 reserved = 0 | 30 segment size, u16
 * 32 receive window, u32 | 36 time, u32 in 16 µs | 40 echo: time, u32
 * 44 CRC-32 of the whole subfield with these four bytes 0 | 48 site name, UTF-8
 * ```
 */
export const HELLO_BYTES = 48;
const CHECKSUM_AT = 44;
/** Milliseconds. */
const TIME_UNIT = 0.016;
/** A u32 without 0, which stands for no time. */
const TIMES = 0xffff_ffff;
export const MAXIMUM_SITE_BYTES = 64;

const FLAG_ESTABLISHED = 0x01;
/** A datagram of 576 bytes crosses every IPv4 network (RFC 791 §3.1). */
export const MINIMUM_SEGMENT_SIZE = 548;

export interface Hello {
  /** Random per process. */
  readonly bootId: bigint;
  /** What datagrams to the sender must carry. */
  readonly tag: number;
  /** The sender has seen this tag echoed. */
  readonly established: boolean;
  /** Counts the sender's sessions since its boot, so that a belated hello is known as such. */
  readonly session: number;
  /** What the sender knows of the receiver; 0 and 0n if nothing. */
  readonly echoBootId: bigint;
  readonly echoTag: number;
  /** The largest datagram that the sender can take. */
  readonly segmentSize: number;
  readonly receiveWindow: number;
  /** When this was sent, by the sender's clock; see `helloTime`. */
  readonly time: number;
  /** The time of the receiver's latest hello, put forward by how long the sender has had it; 0 if there was none. */
  readonly echoTime: number;
  readonly site: string;
}

/** Returns the offset after the subfield. */
export function writeHello(out: Uint8Array, at: number, hello: Hello): number {
  writeU64(out, at + 2, hello.bootId);
  writeU24(out, at + 10, hello.tag);
  out[at + 13] = hello.established ? FLAG_ESTABLISHED : 0;
  writeU32(out, at + 14, hello.session);
  writeU64(out, at + 18, hello.echoBootId);
  writeU24(out, at + 26, hello.echoTag);
  out[at + 29] = 0;
  writeU16(out, at + 30, hello.segmentSize);
  writeU32(out, at + 32, hello.receiveWindow);
  writeU32(out, at + 36, hello.time);
  writeU32(out, at + 40, hello.echoTime);
  const room = out.subarray(at + HELLO_BYTES, at + HELLO_BYTES + MAXIMUM_SITE_BYTES);
  const { written } = new TextEncoder().encodeInto(hello.site, room);
  const end = at + HELLO_BYTES + written;
  out[at] = end - at;
  out[at + 1] = Subfield.HELLO;
  writeU32(out, at + CHECKSUM_AT, checksum(out.subarray(at, end)));
  return end;
}

/** Reads the subfield of `length` bytes at `at`; undefined if it makes no sense. */
export function readHello(bytes: Uint8Array, at: number, length: number): Hello | undefined {
  if (length < HELLO_BYTES || length > HELLO_BYTES + MAXIMUM_SITE_BYTES) return undefined;
  if (readU32(bytes, at + CHECKSUM_AT) !== checksum(bytes.subarray(at, at + length))) return undefined;
  const tag = readU24(bytes, at + 10);
  const segmentSize = readU16(bytes, at + 30);
  if (tag === 0 || segmentSize < MINIMUM_SEGMENT_SIZE) return undefined;
  return {
    bootId: readU64(bytes, at + 2),
    tag,
    established: (bytes[at + 13]! & FLAG_ESTABLISHED) !== 0,
    session: readU32(bytes, at + 14),
    echoBootId: readU64(bytes, at + 18),
    echoTag: readU24(bytes, at + 26),
    segmentSize,
    receiveWindow: readU32(bytes, at + 32),
    time: readU32(bytes, at + 36),
    echoTime: readU32(bytes, at + 40),
    site: new TextDecoder().decode(bytes.subarray(at + HELLO_BYTES, at + length)),
  };
}

/** A time in milliseconds as hellos have it: in 16 µs, from 1 up to `TIMES`, then again. */
export function helloTime(now: number): number {
  return helloTimeAfter(1, now);
}

/** The time that is `span` milliseconds later. */
export function helloTimeAfter(time: number, span: number): number {
  return ((time - 1 + Math.round(span / TIME_UNIT)) % TIMES) + 1;
}

/** Milliseconds from `earlier` to `later`; 0 if it seems to be the other way round. */
export function helloTimeBetween(earlier: number, later: number): number {
  const span = (later - earlier + TIMES) % TIMES;
  return span > TIMES / 2 ? 0 : span * TIME_UNIT;
}

function checksum(subfield: Uint8Array): number {
  const before = crc32(subfield.subarray(0, CHECKSUM_AT));
  return crc32(subfield.subarray(HELLO_BYTES), crc32(new Uint8Array(HELLO_BYTES - CHECKSUM_AT), before));
}
