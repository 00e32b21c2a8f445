/** A connection that has its endpoints still. */
export interface Former {
  /** Ends it here alone: its client has done so already, and what says so is on its way, or lost. */
  abandon(): void;
}

interface Place {
  former: Former;
  /** Told in turn that the endpoints are free. */
  readonly waiting: (() => void)[];
  timer?: NodeJS.Timeout;
}

/** Longer than what was lost takes to be sent again, and shorter than a client is willing to wait. Milliseconds. */
const PATIENCE = 1000;

/**
 * Connections with the same endpoints one after another. A client that has reset one may use its port again at once, and
 * the news of the end may come behind the news of the next: buffers are handed up in any order. As long as the former has
 * the address and port, the next can't be opened from there; it waits, and if the former does not end, that is ended.
 */
export class Successors {
  readonly #places = new Map<string, Place>();

  /** The endpoints are this one's until `leave`, or until another one takes its place. */
  enter(key: string, former: Former): void {
    const place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, { former, waiting: [] });
    else place.former = former;
  }

  /** Whether somebody has the endpoints. Then `free` is called once they are free, and it is its turn. */
  await(key: string, free: () => void): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    place.waiting.push(free);
    place.timer ??= setTimeout(() => place.former.abandon(), PATIENCE);
    return true;
  }

  /** Whoever waits is told, and finds them taken where one before it has come. */
  leave(key: string, former: Former): void {
    const place = this.#places.get(key);
    if (place?.former !== former) return;
    this.#places.delete(key);
    clearTimeout(place.timer);
    for (const free of place.waiting) free();
  }

  /** Nobody is told any more. */
  clear(): void {
    for (const { timer } of this.#places.values()) clearTimeout(timer);
    this.#places.clear();
  }
}
