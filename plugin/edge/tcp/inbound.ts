/** What arrived of one direction of a connection: its messages put back in order. */

/** Data, or null for the end. */
type Held = Uint8Array | null;

/** A message that cannot belong to the connection: the peer's edge broke the rules, or two sessions were mixed up. */
export class SequenceError extends Error {
  override readonly name = "SequenceError";
  readonly code = "sequence";
}

export interface InboundHandler {
  /** The next bytes, in order, valid during the call only. */
  data(bytes: Uint8Array): void;
  /** Nothing more will come. */
  end(): void;
}

/**
 * Buffers are handed up as they complete, so messages come in any order; each carries its number. Those ahead of their
 * turn are copied and held: never more than the credit granted, which {@link accept} enforces.
 */
export class Inbound {
  readonly #handler: InboundHandler;
  readonly #held = new Map<number, Held>();
  /** OPEN and OPENED are 0. */
  #next = 1;
  #received = 0;
  #ended = false;

  constructor(handler: InboundHandler) {
    this.#handler = handler;
  }

  /** The number of the message that is to come next. */
  get next(): number {
    return this.#next;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes a message: `data` is a view into the driver's memory, or null for FIN.
   * @param limit bytes the sender may have sent in all
   * @throws SequenceError when the sender went past its credit, or its end
   */
  accept(sequence: number, data: Uint8Array | null, limit: number): void {
    const ahead = (sequence - this.#next) | 0;
    if (ahead < 0 || this.#held.has(sequence)) {
      throw new SequenceError(`message ${sequence} came twice, ${this.#next} is the next one`);
    }
    if (this.#ended) throw new SequenceError(`message ${sequence} came after the end`);
    this.#received += data?.length ?? 0;
    if (this.#received > limit) {
      throw new SequenceError(`${this.#received} bytes came where credit was given for ${limit}`);
    }
    if (ahead > 0) {
      this.#held.set(sequence, data && Buffer.from(data));
      return;
    }
    this.#deliver(data);
    this.#deliverHeld();
  }

  #deliverHeld(): void {
    while (!this.#ended && this.#held.size > 0) {
      const held = this.#held.get(this.#next);
      if (held === undefined) return;
      this.#held.delete(this.#next);
      this.#deliver(held);
    }
  }

  #deliver(message: Held): void {
    this.#next = (this.#next + 1) >>> 0;
    if (message === null) {
      this.#ended = true;
      this.#handler.end();
    } else {
      this.#handler.data(message);
    }
  }

  /** Drops what is held. */
  clear(): void {
    this.#held.clear();
    this.#ended = true;
  }
}
