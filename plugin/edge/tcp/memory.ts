import { BlockPool } from "./byte-queue.js";

/** Someone who holds data of a connection. */
export interface Holder {
  /** Bytes. */
  readonly holding: number;
  /** Lets go of all of it, and of the connection. */
  shed(): void;
}

/**
 * What windows begin with, in bytes: on a long path that loses, a connection has to have several bandwidth-delay products
 * under way, and waits for its window to widen before that. So as much as the last figure, as long as all windows
 * together begin with that part of the ceiling; but with a bandwidth-delay product of 100 Mbit/s in any case.
 */
const FIRST_WINDOWS = 1 / 4;
const LEAST_FIRST_WINDOW = 1024 * 1024;
const MOST_FIRST_WINDOW = 4 * 1024 * 1024;
/**
 * What an application has sent and the driver not yet pulled, at most about this much (bytes); then the socket rests. As
 * much as all that wait share, within these bounds. Whatever is read beyond that only makes room for more in the kernel's
 * buffer, which then widens: a thousand senders would fill a LAN, and a gigabyte, with what cannot go on for a minute.
 */
const READ_AHEAD = 4 * 1024 * 1024;
const LEAST_READ_AHEAD = 16 * 1024;
const MOST_READ_AHEAD = 256 * 1024;
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
  /** Connections of which something waits for its turn to be pulled. */
  waiting = 0;
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

  /** What the window of one more connection may begin with, in bytes, unless memory is short. */
  get firstWindow(): number {
    const share = (this.limit * FIRST_WINDOWS) / (this.#holders.size + 1);
    return Math.min(Math.max(share, LEAST_FIRST_WINDOW), MOST_FIRST_WINDOW);
  }

  /** Bytes of one connection that may wait to be pulled. */
  get readAhead(): number {
    if (this.pressed) return LEAST_READ_AHEAD;
    return Math.min(Math.max(READ_AHEAD / this.waiting, LEAST_READ_AHEAD), MOST_READ_AHEAD);
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
