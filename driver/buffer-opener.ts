import { FRAME_LENGTH, readRoutingHeader } from "./buffer.js";
import { slotLength } from "./buffer-pool.js";
import type { Compressor } from "./compressor.js";
import { Lz4Compressor } from "./lz4.js";
import { checkMessages } from "./message.js";
import { ReceiveCounters } from "./packet-driver-statistics.js";
import { WireError } from "./wire-error.js";

/** Checks buffers that have arrived, and uncompresses them. One opener is reused: its fields describe the last buffer. */
export class BufferOpener {
  readonly counters = new ReceiveCounters();
  /** Where the messages stand; valid until the next buffer. */
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  /** Bytes of all messages. */
  length = 0;
  messages = 0;
  readonly #limit: number;
  #decompressor: Compressor | undefined;
  /** Where blocks are uncompressed to. */
  #original: Uint8Array = new Uint8Array(0);

  /** `limit`: bytes of a buffer at most, frame included, uncompressed. */
  constructor(limit: number, decompressor?: Compressor) {
    this.#limit = limit;
    this.#decompressor = decompressor;
  }

  /** Opens `buffer`, the mover's field checked. Returns what is wrong with it; then there is nothing to be read of it. */
  open(buffer: Uint8Array): WireError | undefined {
    try {
      const contents = readRoutingHeader(buffer, this.#limit);
      this.bytes = contents.compressed ? this.#decompress(buffer, contents.originalLength) : buffer;
      this.offset = contents.compressed ? 0 : FRAME_LENGTH;
      this.length = contents.originalLength;
      this.messages = contents.messages;
      checkMessages(this.bytes, this.offset, this.offset + this.length, this.messages);
      this.counters.count(buffer.length, contents);
      return undefined;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed += 1;
      return error;
    }
  }

  #decompress(buffer: Uint8Array, originalLength: number): Uint8Array {
    this.#decompressor ??= new Lz4Compressor();
    if (this.#original.length < originalLength) {
      this.#original = Buffer.allocUnsafeSlow(slotLength(originalLength));
    }
    this.#decompressor.decompress(buffer.subarray(FRAME_LENGTH), this.#original.subarray(0, originalLength));
    return this.#original;
  }
}
