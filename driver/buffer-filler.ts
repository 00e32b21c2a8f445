import { BufferWriter } from "./buffer-writer.js";
import type { MessageSource } from "./message-source.js";
import { PacketDriverError } from "./packet-driver-error.js";
import { ReadyQueue } from "./ready-queue.js";

/** A buffer with less room than this is full: a message there would be mostly header. */
const LEAST_ROOM = 128;
/**
 * Sources that have said all that they had, in their first turns and in no more bytes than this, have the buffer for
 * themselves: it goes in one datagram, and need not wait for the others of a longer one, of which any may be lost.
 */
const BRIEF = 1200;

/** Fills buffers with messages: the sources that have something to say are asked by fair turns. */
export class BufferFiller {
  /** Called when there is something to say where there was nothing. */
  onReady: (() => void) | undefined;
  /** Sources taken out of the queue since they had more to say and wrote nothing into an empty buffer. */
  stalledSources = 0;
  readonly #queue: ReadyQueue;
  readonly #writer = new BufferWriter();
  #filling = false;

  /** `quantum`: bytes of one fair turn. */
  constructor(quantum: number) {
    this.#queue = new ReadyQueue(quantum);
  }

  /** Whether sources wait to be asked. */
  get pending(): boolean {
    return this.#queue.size > 0;
  }

  /** Where the messages end that the last `fill` has written. */
  get end(): number {
    return this.#writer.offset;
  }

  /** Queues a source for its turn; no change if it is queued already. */
  ready(source: MessageSource): void {
    const idle = this.#queue.size === 0;
    this.#queue.add(source);
    if (idle && !this.#filling) this.onReady?.();
  }

  /**
   * Writes messages into `bytes` from `offset` on, up to `limit`, until there is no room or nothing more to say.
   * Returns how many; after none there is no source left that waits.
   *
   * @throws PacketDriverError reentrant; what a source throws
   */
  fill(bytes: Uint8Array, offset: number, limit: number): number {
    this.refuseReentry();
    this.#writer.begin(bytes, offset, limit);
    this.#filling = true;
    try {
      this.#askSources();
    } finally {
      this.#writer.end();
      this.#filling = false;
    }
    return this.#writer.messages;
  }

  /** @throws PacketDriverError reentrant, within a `fill` */
  refuseReentry(): void {
    if (!this.#filling) return;
    throw new PacketDriverError("reentrant", "a buffer asked for by a source that is being pulled");
  }

  /** Turn by turn, until the buffer is full or all have spoken. */
  #askSources(): void {
    const queue = this.#queue;
    const writer = this.#writer;
    const start = writer.offset;
    let brief = false;
    while (writer.room >= LEAST_ROOM) {
      const source = queue.next();
      if (source === undefined) return;
      const before = writer.offset;
      if (brief && !queue.first && writer.messages > 0 && before - start <= BRIEF) return;
      const more = source.pull(writer, queue.allowance);
      const written = writer.offset - before;
      if (written > 0 || !more) {
        const { first, size } = queue;
        queue.wrote(written, more);
        brief = first && queue.size < size;
      } else if (writer.messages > 0) {
        return; // Its message does not fit here: it is the first one in the next buffer.
      } else {
        queue.drop();
        this.stalledSources += 1;
      }
    }
  }
}
