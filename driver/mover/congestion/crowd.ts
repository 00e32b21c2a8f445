/** So many rounds in a row must show it; fewer where it has been so just now (milliseconds). */
const ROUNDS = 6;
const ROUNDS_AGAIN = 2;
const AGAIN = 10_000;
/** A queue of our own falls by what we send less; one that falls by less than this part of it is also others'. */
const OWN_PART = 0.7;

/**
 * Tells whether a queue that stays is our own. If it is, it shrinks by what is sent less than the link takes, and is
 * gone sooner or later; if others fill it as well, it hardly heeds what we do. Milliseconds.
 */
export class Crowd {
  #rounds = 0;
  #leftAt = Number.NEGATIVE_INFINITY;
  /** What the queue should be at most by now, if it were ours. */
  #expected = 0;

  /** Others keep the queue filled. */
  found(now: number): boolean {
    return this.#rounds >= (now - this.#leftAt < AGAIN ? ROUNDS_AGAIN : ROUNDS);
  }

  /** The queue is gone, for the moment perhaps. */
  leave(now: number): void {
    this.#leftAt = now;
  }

  clear(): void {
    this.#rounds = 0;
  }

  /**
   * A round of `length` has ended in which `gain` times the rate was sent; `queue` was waited at least, and `excess`
   * is what of it is too much.
   */
  onRound(queue: number, excess: number, gain: number, length: number): void {
    if (excess <= 0) {
      this.#rounds = 0;
      return;
    }
    const expected = this.#expected + (gain - 1) * (gain < 1 ? OWN_PART : 1) * length;
    if (this.#rounds === 0 || queue < expected) {
      this.#rounds = 1;
      this.#expected = queue;
      return;
    }
    this.#rounds += 1;
    this.#expected = expected;
  }
}
