import { FRAME_LENGTH, writeRoutingHeader } from "./buffer.js";
import { type BufferPool, slotLength } from "./buffer-pool.js";
import { CompressionEffort } from "./compression-effort.js";
import { CompressionRatio } from "./compression-ratio.js";
import { CompressionBackoff, type Compressor } from "./compressor.js";
import { SendCounters } from "./packet-driver-statistics.js";

const NO_DATA = new Uint8Array(0);

/** Makes buffers of messages: compressed where that pays, behind their routing header, in memory of the pool. */
export class BufferFramer {
  readonly counters = new SendCounters();
  readonly #pool: BufferPool;
  readonly #compressor: Compressor | null;
  readonly #clock: (() => number) | undefined;
  readonly #backoff = new CompressionBackoff();
  readonly #effort = new CompressionEffort();
  readonly #ratio = new CompressionRatio();
  /** Where blocks are compressed to; how long they become is known only afterwards. */
  #compressed: Uint8Array = NO_DATA;

  /**
   * `compressor`: null switches compression off. With a `clock` (milliseconds) what compresses is compressed thoroughly as
   * far as there is time.
   */
  constructor(pool: BufferPool, compressor: Compressor | null, clock?: () => number) {
    this.#pool = pool;
    this.#compressor = compressor;
    this.#clock = clock;
  }

  /** How much longer the messages of late were than what has become of them. */
  get ratio(): number {
    return this.#ratio.value;
  }

  /**
   * Frames the messages that stand behind `FRAME_LENGTH` in a slot taken from the pool, which thereby is lent out or
   * given back. `length`: bytes of all of them.
   */
  frame(slot: Uint8Array, length: number, messages: number): Uint8Array {
    const messageBytes = slot.subarray(FRAME_LENGTH, FRAME_LENGTH + length);
    const compressedLength = this.#compress(messageBytes);
    const compressed = compressedLength > 0;
    const dataLength = compressed ? compressedLength : length;
    let target = slot;
    if (slotLength(FRAME_LENGTH + dataLength) < slot.length) {
      // So that a small buffer does not hold a big slot for a round trip; at the ceiling it has to.
      target = this.#pool.take(FRAME_LENGTH + dataLength) ?? slot;
    }
    if (compressed) target.set(this.#compressed.subarray(0, dataLength), FRAME_LENGTH);
    else if (target !== slot) target.set(messageBytes, FRAME_LENGTH);
    if (target !== slot) this.#pool.give(slot);
    return this.#finish(target, dataLength, messages, length);
  }

  /** Frames a copy of messages that stand elsewhere; undefined if there is no memory. */
  frameCopy(messageBytes: Uint8Array, messages: number): Uint8Array | undefined {
    const compressedLength = this.#compress(messageBytes);
    const data = compressedLength > 0 ? this.#compressed.subarray(0, compressedLength) : messageBytes;
    const slot = this.#pool.take(FRAME_LENGTH + data.length);
    if (slot === undefined) return undefined;
    slot.set(data, FRAME_LENGTH);
    return this.#finish(slot, data.length, messages, messageBytes.length);
  }

  #finish(slot: Uint8Array, dataLength: number, messages: number, originalLength: number): Uint8Array {
    const buffer = this.#pool.lend(slot, FRAME_LENGTH + dataLength);
    const contents = { messages, originalLength, compressed: dataLength < originalLength };
    writeRoutingHeader(buffer, contents);
    this.counters.count(buffer.length, contents);
    this.#ratio.count(originalLength, dataLength);
    return buffer;
  }

  /** Returns the length of the block in `#compressed`; 0 if the messages are to go as they are. */
  #compress(messages: Uint8Array): number {
    const { length } = messages;
    if (this.#compressor === null || !this.#backoff.worthTrying(length)) return 0;
    if (this.#compressed.length < length) this.#compressed = Buffer.allocUnsafeSlow(slotLength(length));
    const compressedLength = this.#compressWell(this.#compressor, messages);
    this.#backoff.tried(length, compressedLength);
    return compressedLength;
  }

  #compressWell(compressor: Compressor, messages: Uint8Array): number {
    const begun = this.#clock?.();
    const thorough =
      begun !== undefined && this.#backoff.promising && this.#effort.allows(begun, messages.length);
    const compressedLength = compressor.compress(messages, this.#compressed, thorough);
    if (thorough) this.#effort.spent(this.#clock!() - begun, messages.length);
    return compressedLength;
  }
}
