import { BURST_INTERVAL, CREDIT_BURSTS, CREDIT_TIME, LONGEST_BURST } from "./constants.js";

/**
 * Token bucket on absolute time. Credit grows with the clock, so a late wake-up is made good, but only
 * up to a cap, so that a very late one is not followed by a burst that the queue cannot take.
 * Rates are bytes per millisecond.
 */
export class Pacer {
  readonly #granularity: number;
  readonly #segment: number;
  /** Bytes of credit so far that were lost to the cap: what could have been sent, had there been anything to send. */
  lost = 0;
  #credit = 0;
  #refilled = Number.NaN;
  #rate = 0;

  /** `granularity`: how late wake-ups are, milliseconds; `segment`: bytes of a full datagram on the wire. */
  constructor(granularity: number, segment: number) {
    this.#granularity = granularity;
    this.#segment = segment;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Bytes that are worth waking up for: more than a segment only if the timer is too coarse for that. */
  get quantum(): number {
    const interval = Math.max(BURST_INTERVAL, this.#granularity);
    const longest = Math.max(LONGEST_BURST * this.#segment, this.#rate * this.#granularity);
    return Math.min(Math.max(this.#rate * interval, this.#segment), longest);
  }

  setRate(now: number, rate: number): void {
    if (rate === this.#rate) return;
    this.refill(now);
    this.#rate = rate;
  }

  refill(now: number): void {
    const limit = Math.max(CREDIT_BURSTS * this.quantum, CREDIT_TIME * this.#rate);
    const credit = Number.isNaN(this.#refilled) ? limit : this.#credit + (now - this.#refilled) * this.#rate;
    this.#credit = Math.min(limit, credit);
    this.lost += credit - this.#credit;
    this.#refilled = now;
  }

  /** Something else than the pace holds the sender: what it could have sent meanwhile is not made good in a burst. */
  forgo(now: number): void {
    this.#credit = Math.min(this.#credit, this.quantum);
    this.#refilled = now;
  }

  get open(): boolean {
    return this.#credit > 0;
  }

  /** Takes the bytes of a datagram; the credit may go below zero. */
  spend(bytes: number): void {
    this.#credit -= bytes;
  }

  /** When there is credit for a quantum again; `refill` must have been called at `now`. */
  readyAt(now: number): number {
    const missing = this.quantum - this.#credit;
    // Less than a byte would be a time that may not even differ from now.
    return missing < 1 ? now : now + missing / this.#rate;
  }
}
