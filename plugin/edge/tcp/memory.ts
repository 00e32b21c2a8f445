import { BlockPool } from "./byte-queue.js";

/** Someone who holds data of a connection. */
export interface Holder {
  /** Bytes. */
  readonly holding: number;
  /** Lets go of all of it, and of the connection. */
  shed(): void;
}

/** Of the ceiling: from here on windows do not widen, less is read ahead … */
const PRESSED = 1 / 2;
/** … and from here on there are no new connections. */
const FULL = 3 / 4;

/**
 * How much the connections of this process hold, of what they may: data on its way between the LAN and the driver.
 *
 * Credit that has been given cannot be taken back, and all senders together have more of it than there is memory, since
 * few use theirs at the same time. If they do, those who hold the most are dropped: the ceiling is one.
 */
export class EdgeMemory {
  readonly blocks = new BlockPool();
  readonly limit: number;
  /** Connections that were dropped for the memory that they held. */
  shed = 0;
  #used = 0;
  readonly #holders = new Set<Holder>();
  #relief: NodeJS.Immediate | undefined;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get pressed(): boolean {
    return this.#used > this.limit * PRESSED;
  }

  get full(): boolean {
    return this.#used >= this.limit * FULL;
  }

  join(holder: Holder): void {
    this.#holders.add(holder);
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Less is held where `bytes` is negative. */
  take(bytes: number): void {
    this.#used += bytes;
    // Not at once: whoever takes it is in the middle of something.
    if (this.#used > this.limit) this.#relief ??= setImmediate(this.#relieve);
  }

  readonly #relieve = (): void => {
    this.#relief = undefined;
    while (this.#used > this.limit) {
      let most: Holder | undefined;
      for (const holder of this.#holders) if (holder.holding > (most?.holding ?? 0)) most = holder;
      if (most === undefined) return;
      this.shed++;
      most.shed();
    }
  };
}
