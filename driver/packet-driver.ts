import { FRAME_LENGTH, MAXIMUM_BUFFER_LENGTH, readRoutingHeader, writeRoutingHeader } from "./buffer.js";
import { BufferPool, slotLength } from "./buffer-pool.js";
import { BufferWriter } from "./buffer-writer.js";
import { CompressionBackoff, type Compressor } from "./compressor.js";
import { Lz4Compressor } from "./lz4.js";
import { checkMessages, type MessageHeader, MessageView } from "./message.js";
import type { MessageSource } from "./message-source.js";
import type { BufferSource } from "./mover/contract.js";
import { PacketDriverError } from "./packet-driver-error.js";
import { type PacketDriverStatistics, ReceiveCounters, SendCounters } from "./packet-driver-statistics.js";
import { ReadyQueue } from "./ready-queue.js";
import { WireError } from "./wire-error.js";

export interface PacketDriverOptions {
  /**
   * Takes a message that has arrived. `header` and `data` are valid during the call only: the next message is read
   * into the same header and the same memory. `header.addresses` may be kept.
   */
  readonly onMessage: (header: MessageHeader, data: Uint8Array) => void;
  /** Bytes of a buffer at most, frame included, before compression. Default 65536. */
  readonly bufferSize?: number;
  /** Bytes of a received buffer at most, frame included, uncompressed. Default `MAXIMUM_BUFFER_LENGTH`. */
  readonly receiveLimit?: number;
  /** Bytes of one fair turn. Default 16384. */
  readonly quantum?: number;
  /** Default LZ4; null switches compression off. What the peer has compressed is read in any case. */
  readonly compressor?: Compressor | null;
  /** Memory for buffers on their way, to be shared by the drivers of a thread. Default: one of its own. */
  readonly pool?: BufferPool;
}

const DEFAULT_BUFFER_SIZE = 65_536;
const DEFAULT_QUANTUM = 16_384;
const LEAST_BUFFER_SIZE = 1024;
const LEAST_QUANTUM = 1024;
/** A buffer with less room than this is full: a message there would be mostly header. */
const LEAST_ROOM = 128;
const NO_DATA = new Uint8Array(0);

/**
 * Joins the edges with the mover to one peer. Out: the mover pulls buffers, each filled from the sources that have
 * something to say, and compressed. In: each buffer is checked as a whole, then its messages go to the edges.
 *
 * There is no timer: an idle link is asked for a buffer as soon as there is one message, a busy one when it may send
 * again, and by then there are more.
 */
export class PacketDriver implements BufferSource {
  /** Called when there is something to pull where there was nothing: the mover's `wake`. */
  onReady: (() => void) | undefined;

  readonly #onMessage: (header: MessageHeader, data: Uint8Array) => void;
  readonly #queue: ReadyQueue;
  readonly #writer = new BufferWriter();
  readonly #pool: BufferPool;
  readonly #compressor: Compressor | null;
  readonly #backoff = new CompressionBackoff();
  readonly #sent = new SendCounters();
  readonly #received = new ReceiveCounters();
  readonly #view = new MessageView();
  readonly #receiveLimit: number;
  #bufferSize = DEFAULT_BUFFER_SIZE;
  /** Where blocks are compressed to; how long they become is known only afterwards. */
  #compressed: Uint8Array = NO_DATA;
  /** Where blocks are decompressed to. */
  #original: Uint8Array = NO_DATA;
  #decompressor: Compressor | undefined;
  /** The last time that the mover asked, it got nothing. */
  #drained = true;
  #filling = false;
  #receiving = false;

  /** @throws PacketDriverError option; CompressionUnavailableError */
  constructor(options: PacketDriverOptions) {
    const quantum = options.quantum ?? DEFAULT_QUANTUM;
    checkOption("quantum", quantum, LEAST_QUANTUM, MAXIMUM_BUFFER_LENGTH);
    this.#receiveLimit = options.receiveLimit ?? MAXIMUM_BUFFER_LENGTH;
    checkOption("receiveLimit", this.#receiveLimit, LEAST_BUFFER_SIZE, MAXIMUM_BUFFER_LENGTH);
    this.#onMessage = options.onMessage;
    this.#queue = new ReadyQueue(quantum);
    this.#pool = options.pool ?? new BufferPool();
    this.#compressor = options.compressor === undefined ? new Lz4Compressor() : options.compressor;
    this.bufferSize = options.bufferSize ?? DEFAULT_BUFFER_SIZE;
  }

  /** Bytes of a buffer at most, frame included, before compression; a change holds from the next buffer on. */
  get bufferSize(): number {
    return this.#bufferSize;
  }

  /** @throws PacketDriverError option */
  set bufferSize(bytes: number) {
    checkOption("bufferSize", bytes, LEAST_BUFFER_SIZE, Math.min(MAXIMUM_BUFFER_LENGTH, this.#pool.longest));
    this.#bufferSize = bytes;
  }

  /** Whether sources wait to be pulled. */
  get pending(): boolean {
    return this.#queue.size > 0;
  }

  /** Queues a source for its turn; no change if it is queued already. */
  ready(source: MessageSource): void {
    const idle = this.#drained || this.#queue.size === 0;
    this.#queue.add(source);
    if (idle && !this.#filling) this.#wake();
  }

  /**
   * Fills the next buffer, at most `limit` bytes of it (but 1024 in any case), and frames it; its first 12 bytes are
   * for the mover's field. It stays as it is until it is released.
   * Undefined if there is nothing to say, or no memory: then `onReady` is called once there is.
   *
   * @throws PacketDriverError reentrant
   */
  nextBuffer(limit = MAXIMUM_BUFFER_LENGTH): Uint8Array | undefined {
    if (this.#filling) {
      throw new PacketDriverError("reentrant", "nextBuffer called by a source that is being pulled");
    }
    const size = Math.max(LEAST_BUFFER_SIZE, Math.min(this.#bufferSize, limit));
    const buffer = this.#queue.size > 0 ? this.#next(size) : undefined;
    this.#drained = buffer === undefined;
    return buffer;
  }

  /**
   * Gives back a buffer from `nextBuffer`, once no segment of it can be asked for again.
   *
   * @throws PacketDriverError not-lent
   */
  release(buffer: Uint8Array): void {
    this.#pool.release(buffer);
  }

  /**
   * Takes a buffer that has arrived, the mover's field checked, and hands on its messages in order: all of them, or
   * none if the buffer is malformed. Then the error is returned and counted. Its messages are missing for good, so
   * whoever called has to end the session. `buffer` is not kept.
   *
   * An exception of `onMessage` goes through to the caller.
   *
   * @throws PacketDriverError reentrant
   */
  receive(buffer: Uint8Array): WireError | undefined {
    if (this.#receiving) throw new PacketDriverError("reentrant", "receive called from within onMessage");
    let bytes: Uint8Array;
    let offset: number;
    let messages: number;
    try {
      const contents = readRoutingHeader(buffer, this.#receiveLimit);
      messages = contents.messages;
      bytes = contents.compressed ? this.#decompress(buffer, contents.originalLength) : buffer;
      offset = contents.compressed ? 0 : FRAME_LENGTH;
      checkMessages(bytes, offset, offset + contents.originalLength, messages);
      this.#received.count(buffer.length, contents);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#received.malformed += 1;
      return error;
    }
    this.#receiving = true;
    try {
      this.#deliver(bytes, offset, messages);
    } finally {
      this.#receiving = false;
    }
    return undefined;
  }

  /** Totals since the start. */
  statistics(): PacketDriverStatistics {
    return { sent: this.#sent.snapshot(), received: this.#received.snapshot() };
  }

  readonly #wake = (): void => {
    this.#drained = false;
    this.onReady?.();
  };

  #next(size: number): Uint8Array | undefined {
    const slot = this.#pool.take(size);
    if (slot === undefined) {
      this.#sent.poolExhausted += 1;
      this.#pool.whenReleased(this.#wake);
      return undefined;
    }
    const writer = this.#writer;
    writer.begin(slot, FRAME_LENGTH, size);
    this.#filling = true;
    try {
      this.#fill();
    } catch (error) {
      this.#pool.give(slot);
      throw error;
    } finally {
      writer.end();
      this.#filling = false;
    }
    if (writer.messages === 0) {
      this.#pool.give(slot);
      return undefined;
    }
    this.#sent.offeredBytes += size;
    return this.#finish(slot, writer.offset - FRAME_LENGTH, writer.messages);
  }

  /** Asks the sources, turn by turn, until the buffer is full or all have spoken. */
  #fill(): void {
    const queue = this.#queue;
    const writer = this.#writer;
    while (writer.room >= LEAST_ROOM) {
      const source = queue.next();
      if (source === undefined) return;
      const before = writer.offset;
      const more = source.pull(writer, queue.allowance);
      const written = writer.offset - before;
      if (written > 0 || !more) {
        queue.wrote(written, more);
      } else if (writer.messages > 0) {
        return; // Its message does not fit here: it is the first one in the next buffer.
      } else {
        queue.drop();
        this.#sent.stalledSources += 1;
      }
    }
  }

  /** Compresses what stands in `slot`, moves it to a smaller slot if it fits there, and writes the header. */
  #finish(slot: Uint8Array, originalLength: number, messages: number): Uint8Array {
    const compressedLength = this.#compress(slot, originalLength);
    const compressed = compressedLength > 0;
    const data = compressed ? this.#compressed : slot.subarray(FRAME_LENGTH);
    const dataLength = compressed ? compressedLength : originalLength;
    const length = FRAME_LENGTH + dataLength;
    let target = slot;
    if (slotLength(length) < slot.length) {
      // So that a small buffer does not hold a big slot for a round trip; at the ceiling it has to.
      target = this.#pool.take(length) ?? slot;
    }
    if (compressed || target !== slot) target.set(data.subarray(0, dataLength), FRAME_LENGTH);
    if (target !== slot) this.#pool.give(slot);
    const buffer = this.#pool.lend(target, length);
    const contents = { messages, originalLength, compressed };
    writeRoutingHeader(buffer, contents);
    this.#sent.count(length, contents);
    return buffer;
  }

  /** Returns the length of the block in `#compressed`; 0 if the messages are to go as they are. */
  #compress(slot: Uint8Array, length: number): number {
    if (this.#compressor === null || !this.#backoff.worthTrying(length)) return 0;
    if (this.#compressed.length < length) this.#compressed = Buffer.allocUnsafeSlow(slot.length);
    const input = slot.subarray(FRAME_LENGTH, FRAME_LENGTH + length);
    const compressedLength = this.#compressor.compress(input, this.#compressed);
    this.#backoff.tried(length, compressedLength);
    return compressedLength;
  }

  #decompress(buffer: Uint8Array, originalLength: number): Uint8Array {
    this.#decompressor ??= this.#compressor ?? new Lz4Compressor();
    if (this.#original.length < originalLength) {
      this.#original = Buffer.allocUnsafeSlow(slotLength(originalLength));
    }
    this.#decompressor.decompress(buffer.subarray(FRAME_LENGTH), this.#original.subarray(0, originalLength));
    return this.#original;
  }

  #deliver(bytes: Uint8Array, start: number, messages: number): void {
    const view = this.#view;
    let offset = start;
    for (let left = messages; left > 0; left -= 1) {
      offset = view.read(bytes, offset);
      const length = view.dataLength;
      // Not `subarray`: of a Buffer that is a Buffer, whose `slice` does not copy as a Uint8Array's does.
      const data = length === 0 ? NO_DATA : new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
      this.#onMessage(view, data);
      offset += length;
    }
  }
}

function checkOption(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PacketDriverError("option", `${name} is ${value}: give a whole number from ${least} to ${most}`);
}
