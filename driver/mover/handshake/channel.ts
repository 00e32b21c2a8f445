import { AEAD_TAG_BYTES, type DatagramCipher, datagramCipher, type Region } from "../../ffi/index.js";
import { type NoiseKeys, ReplayWindow } from "../../security/index.js";
import {
  DATAGRAM_HEADER_BYTES,
  PacketType,
  SEALED_HEADER_BYTES,
  writeDatagramHeader,
} from "../wire/datagram.js";
import { readU24, writeU24 } from "../wire/integer.js";

/** Who speaks to whom: what one handshake has agreed on. A session has one after the other. */
export interface Channel {
  /** What datagrams to us carry. */
  readonly localTag: number;
  /** What ours carry. */
  readonly remoteTag: number;
  /** Datagrams arrive as they were sent, or not at all. */
  readonly sealed: boolean;
  readonly headerBytes: number;
  /** What `seal` adds behind a datagram. */
  readonly trailerBytes: number;
  /** Datagrams sealed. */
  readonly sent: number;
  /** A datagram has come by it. */
  readonly used: boolean;
  /** Writes a datagram's header; returns where its subfields go. */
  writeHeader(out: Uint8Array, at: number): number;
  /** Makes the datagram ready to be sent: `length` bytes at `at`, the header included, with room for the trailer. */
  seal(region: Region, at: number, length: number): void;
  /** Opens a received one in place; returns where its subfields end, or -1 if it is forged, damaged or a repetition. */
  open(region: Region, at: number, length: number): number;
  /** Wipes the keys. */
  erase(): void;
}

/** Datagrams as they are. */
export class PlainChannel implements Channel {
  readonly sealed = false;
  readonly headerBytes = DATAGRAM_HEADER_BYTES;
  readonly trailerBytes = 0;
  readonly sent = 0;
  readonly localTag: number;
  readonly remoteTag: number;
  used = false;

  constructor(localTag: number, remoteTag: number) {
    this.localTag = localTag;
    this.remoteTag = remoteTag;
  }

  writeHeader(out: Uint8Array, at: number): number {
    return writeDatagramHeader(out, at, PacketType.SESSION, this.remoteTag);
  }

  seal(): void {}

  open(_region: Region, at: number, length: number): number {
    this.used = true;
    return at + length;
  }

  erase(): void {}
}

/** The header carries so many bits of a datagram's number. */
const NUMBER_BITS = 24;

/**
 * Sealed datagrams: each has a number, from 0 up, that is its nonce; its low bits are in the header, which is
 * authenticated. The receiver takes each number once.
 */
export class SealedChannel implements Channel {
  readonly sealed = true;
  readonly headerBytes = SEALED_HEADER_BYTES;
  readonly trailerBytes = AEAD_TAG_BYTES;
  readonly localTag: number;
  readonly remoteTag: number;
  sent = 0;
  readonly #out: DatagramCipher;
  readonly #in: DatagramCipher;
  readonly #window = new ReplayWindow();

  /** The keys are taken, and wiped. */
  constructor(localTag: number, remoteTag: number, { send, receive }: NoiseKeys) {
    this.localTag = localTag;
    this.remoteTag = remoteTag;
    this.#out = datagramCipher(send);
    this.#in = datagramCipher(receive);
    send.fill(0);
    receive.fill(0);
  }

  get used(): boolean {
    return this.#window.highest >= 0;
  }

  writeHeader(out: Uint8Array, at: number): number {
    writeDatagramHeader(out, at, PacketType.SEALED_SESSION, this.remoteTag);
    return at + SEALED_HEADER_BYTES;
  }

  /** It takes the number itself, so that none can be used twice. */
  seal(region: Region, at: number, length: number): void {
    const number = this.sent;
    this.sent += 1;
    writeU24(region.bytes, at + DATAGRAM_HEADER_BYTES, number % 2 ** NUMBER_BITS);
    this.#out.seal(region, at, SEALED_HEADER_BYTES, length, number);
  }

  open(region: Region, at: number, length: number): number {
    if (length < SEALED_HEADER_BYTES + AEAD_TAG_BYTES) return -1;
    const number = extend(readU24(region.bytes, at + DATAGRAM_HEADER_BYTES), this.#window.highest + 1);
    if (number < 0 || !this.#window.fresh(number)) return -1;
    if (!this.#in.open(region, at, SEALED_HEADER_BYTES, length, number)) return -1;
    this.#window.add(number);
    return at + length - AEAD_TAG_BYTES;
  }

  erase(): void {
    this.#out.erase();
    this.#in.erase();
  }
}

/** The number with these low bits that is nearest to `near`. */
function extend(low: number, near: number): number {
  const difference = (low - near) << (32 - NUMBER_BITS);
  return near + (difference >> (32 - NUMBER_BITS));
}
