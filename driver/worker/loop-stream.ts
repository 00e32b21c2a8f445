import type { LinkStream, SendBatch } from "../mover/index.js";
import type { Stream } from "./stream.js";

/** A connection that does not come within so many milliseconds does not come. */
const CONNECT_TIME = 5000;
/** After one that failed the next is tried so many milliseconds later, then twice as many, up to the second figure. */
const RETRY_FIRST = 500;
const RETRY_LONGEST = 8000;

/**
 * The stream to one peer: the connection that this side has opened, or one that the peer has. Both may be there; either
 * will do.
 *
 * | own connection | event | next |
 * |---|---|---|
 * | none | wanted, and the peer's is not there | connecting |
 * | connecting | connected | connected |
 * | connecting | `CONNECT_TIME`, refused | none, the next one after a while |
 * | connected | ended | none, the next one after a while |
 * | any | not wanted | none |
 */
export class LoopStream implements LinkStream {
  readonly #open: () => Stream | undefined;
  #own: Stream | undefined;
  #accepted: Stream | undefined;
  #wanted = false;
  #openedAt = 0;
  #openAt = 0;
  #retry = RETRY_FIRST;

  /** `open` begins to connect; undefined if that failed at once. */
  constructor(open: () => Stream | undefined) {
    this.#open = open;
  }

  /** By which it is sent. */
  get #current(): Stream | undefined {
    if (this.#own?.connected) return this.#own;
    return this.#accepted?.connected ? this.#accepted : undefined;
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  get full(): boolean {
    return this.#current?.full ?? true;
  }

  want(wanted: boolean): void {
    this.#wanted = wanted;
    if (wanted || this.#own === undefined) return;
    this.#own.close();
    this.#own = undefined;
    this.#openAt = 0;
  }

  send(batch: SendBatch): void {
    this.#current?.send(batch);
  }

  /** A connection that the peer has opened; the one before, if there was one, is not used any more. */
  accept(stream: Stream): void {
    if (this.#accepted === stream) return;
    this.#accepted?.close();
    this.#accepted = stream;
  }

  /** When `tend` has something to do. */
  nextAt(): number {
    if (this.#own !== undefined)
      return this.#own.connected ? Number.POSITIVE_INFINITY : this.#openedAt + CONNECT_TIME;
    return this.#wanted && this.#accepted === undefined ? this.#openAt : Number.POSITIVE_INFINITY;
  }

  /** Sees to connections that have ended or should begin; returns the one that has begun. */
  tend(now: number): Stream | undefined {
    if (this.#accepted?.closed) this.#accepted = undefined;
    const own = this.#own;
    if (own !== undefined && !own.connected && now >= this.#openedAt + CONNECT_TIME) own.close();
    if (own?.connected) this.#retry = RETRY_FIRST;
    if (own?.closed) {
      this.#own = undefined;
      this.#openAt = now + this.#retry;
      this.#retry = Math.min(this.#retry * 2, RETRY_LONGEST);
    }
    if (this.#own !== undefined || now < this.nextAt()) return undefined;
    this.#own = this.#open();
    this.#openedAt = now;
    if (this.#own === undefined) this.#openAt = now + RETRY_LONGEST;
    return this.#own;
  }

  close(): void {
    this.want(false);
    this.#accepted?.close();
  }
}
