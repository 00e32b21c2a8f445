import { FRAME_LENGTH, MAXIMUM_BUFFER_LENGTH } from "./buffer.js";
import { BufferFiller } from "./buffer-filler.js";
import { BufferFramer } from "./buffer-framer.js";
import { BufferOpener } from "./buffer-opener.js";
import { BufferPool } from "./buffer-pool.js";
import type { Compressor } from "./compressor.js";
import { Lz4Compressor } from "./lz4.js";
import { MessageReader, type OnMessage } from "./message-reader.js";
import type { MessageSource } from "./message-source.js";
import type { BufferSource } from "./mover/contract.js";
import { PacketDriverError } from "./packet-driver-error.js";
import type { PacketDriverStatistics } from "./packet-driver-statistics.js";
import type { WireError } from "./wire-error.js";

export interface PacketDriverOptions {
  readonly onMessage: OnMessage;
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

export const DEFAULT_BUFFER_SIZE = 65_536;
export const DEFAULT_QUANTUM = 16_384;
export const LEAST_BUFFER_SIZE = 1024;
const LEAST_QUANTUM = 1024;

/**
 * Joins the edges with the mover to one peer. Out: the mover pulls buffers, each filled from the sources that have
 * something to say, and compressed. In: each buffer is checked as a whole, then its messages go to the edges.
 *
 * There is no timer: an idle link is asked for a buffer as soon as there is one message, a busy one when it may send
 * again, and by then there are more.
 *
 * Each way has two halves, which need not be in one thread (docs/threads.md): `BufferFiller` and `MessageReader` on the
 * edges' side, `BufferFramer` and `BufferOpener` on the mover's.
 */
export class PacketDriver implements BufferSource {
  /** Called when there is something to pull where there was nothing: the mover's `wake`. */
  onReady: (() => void) | undefined;

  readonly #pool: BufferPool;
  readonly #filler: BufferFiller;
  readonly #framer: BufferFramer;
  readonly #opener: BufferOpener;
  readonly #reader: MessageReader;
  #bufferSize = DEFAULT_BUFFER_SIZE;

  /** @throws PacketDriverError option; CompressionUnavailableError */
  constructor(options: PacketDriverOptions) {
    const { quantum = DEFAULT_QUANTUM, receiveLimit = MAXIMUM_BUFFER_LENGTH } = options;
    checkOption("quantum", quantum, LEAST_QUANTUM, MAXIMUM_BUFFER_LENGTH);
    checkOption("receiveLimit", receiveLimit, LEAST_BUFFER_SIZE, MAXIMUM_BUFFER_LENGTH);
    const compressor = options.compressor === undefined ? new Lz4Compressor() : options.compressor;
    this.#pool = options.pool ?? new BufferPool();
    this.#filler = new BufferFiller(quantum);
    this.#filler.onReady = this.#wake;
    this.#framer = new BufferFramer(this.#pool, compressor);
    this.#opener = new BufferOpener(receiveLimit, compressor ?? undefined);
    this.#reader = new MessageReader(options.onMessage);
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
    return this.#filler.pending;
  }

  /** Queues a source for its turn; no change if it is queued already. */
  ready(source: MessageSource): void {
    this.#filler.ready(source);
  }

  /**
   * Fills the next buffer and frames it; its first 12 bytes are for the mover's field. It stays as it is until it is
   * released. It becomes some `limit` bytes long at most, if it compresses as those before; 1024 are filled in any case.
   * Undefined if there is nothing to say, or no memory: then `onReady` is called once there is.
   *
   * @throws PacketDriverError reentrant
   */
  nextBuffer(limit = MAXIMUM_BUFFER_LENGTH): Uint8Array | undefined {
    this.#filler.refuseReentry();
    if (!this.#filler.pending) return undefined;
    const size = Math.max(
      LEAST_BUFFER_SIZE,
      Math.min(this.#bufferSize, Math.floor(limit * this.#framer.ratio)),
    );
    const slot = this.#pool.take(size);
    if (slot === undefined) {
      this.#framer.counters.poolExhausted += 1;
      this.#pool.whenReleased(this.#wake);
      return undefined;
    }
    const messages = this.#fill(slot, size);
    if (messages === 0) {
      this.#pool.give(slot);
      return undefined;
    }
    this.#framer.counters.offeredBytes += size;
    return this.#framer.frame(slot, this.#filler.end - FRAME_LENGTH, messages);
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
    this.#reader.refuseReentry();
    const opener = this.#opener;
    const error = opener.open(buffer);
    if (error === undefined) this.#reader.read(opener.bytes, opener.offset, opener.messages);
    return error;
  }

  /** Totals since the start. */
  statistics(): PacketDriverStatistics {
    const { stalledSources } = this.#filler;
    return {
      sent: { ...this.#framer.counters.snapshot(), stalledSources },
      received: this.#opener.counters.snapshot(),
    };
  }

  readonly #wake = (): void => this.onReady?.();

  #fill(slot: Uint8Array, size: number): number {
    try {
      return this.#filler.fill(slot, FRAME_LENGTH, size);
    } catch (error) {
      this.#pool.give(slot);
      throw error;
    }
  }
}

function checkOption(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PacketDriverError("option", `${name} is ${value}: give a whole number from ${least} to ${most}`);
}
