/** So long a busy socket is left alone, milliseconds: what a datagram waits is little beside any WAN's jitter. */
export const GATHERING_TIME = 0.5;
/** Datagrams that come no further apart than that, so many times in a row, are a stream … */
const STREAK = 4;
/** … and it goes on while so many are found together. */
const LEAST_TOGETHER = 2;

/**
 * Whether datagrams come in a stream, which is then taken some at a time, as a network card moderates its interrupts: at
 * 100 Mbit/s one comes each 0.12 ms, and to be woken for it costs more than to take it. One by one, as questions and
 * answers come, they are taken at once.
 */
export class Gathering {
  #on = false;
  #streak = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #cameAt = Number.NEGATIVE_INFINITY;

  /** The socket need not be looked at before {@link GATHERING_TIME} is over. */
  get on(): boolean {
    return this.#on;
  }

  /** The socket has been looked at, and so many datagrams were there. `now` in milliseconds. */
  looked(now: number, datagrams: number): void {
    // Who had to look sooner, for another reason, finds less.
    const whole = now - this.#lookedAt >= GATHERING_TIME;
    this.#lookedAt = now;
    if (this.#on) {
      if (whole && datagrams < LEAST_TOGETHER) this.#on = false;
      return;
    }
    if (datagrams === 0) return;
    this.#streak = now - this.#cameAt <= GATHERING_TIME ? this.#streak + 1 : 0;
    this.#cameAt = now;
    if (this.#streak < STREAK) return;
    this.#on = true;
    this.#streak = 0;
  }
}
