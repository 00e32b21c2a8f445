import { BURST_INTERVAL, CREDIT_BURSTS, CREDIT_TIME, LONGEST_BURST } from "./constants.js";

/** Of the ceiling, what does not wait takes this part at most, so that the rest goes on; and pays for so many milliseconds. */
const BESIDE_SHARE = 1 / 2;
const BESIDE_TIME = 200;

/**
 * Token bucket on absolute time. Credit grows with the clock, so a late wake-up is made good, but only
 * up to a cap, so that a very late one is not followed by a burst that the queue cannot take. A second one,
 * where there is a ceiling, counts all that goes to the wire.
 * Rates are bytes per millisecond.
 */
export class Pacer {
  readonly #granularity: number;
  readonly #segment: number;
  readonly #ceiling: number;
  /** Bytes of credit so far that were lost to the cap: what could have been sent, had there been anything to send. */
  lost = 0;
  #credit = 0;
  /** Under the ceiling. */
  #room = 0;
  /** Bytes that went past the pace and are not yet paid for under the ceiling. */
  #owed = 0;
  #refilled = Number.NaN;
  #rate = 0;

  /** `granularity`: how late wake-ups are, milliseconds; `segment`: bytes of a full datagram on the wire. */
  constructor(granularity: number, segment: number, ceiling = Number.POSITIVE_INFINITY) {
    this.#granularity = granularity;
    this.#segment = segment;
    this.#ceiling = ceiling;
    if (ceiling === Number.POSITIVE_INFINITY) this.#room = ceiling;
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
    const limit = this.#limit(this.#rate);
    const credit = Number.isNaN(this.#refilled) ? limit : this.#credit + (now - this.#refilled) * this.#rate;
    this.#credit = Math.min(limit, credit);
    this.lost += credit - this.#credit;
    this.#makeRoom(now);
    this.#refilled = now;
  }

  /** Something else than the pace holds the sender: what it could have sent meanwhile is not made good in a burst. */
  forgo(now: number): void {
    this.#credit = Math.min(this.#credit, this.quantum);
    this.#makeRoom(now);
    this.#refilled = now;
  }

  get open(): boolean {
    return this.#credit > 0 && this.#room > 0;
  }

  /** Takes the bytes of a datagram; the credit may go below zero. */
  spend(bytes: number): void {
    this.#credit -= bytes;
    this.#room -= bytes;
  }

  /**
   * The bytes of a datagram that does not wait, as an acknowledgement: only a ceiling has to do with it. The rate is that
   * of what waits, and was found beside them; where much comes and little goes they may be more than it.
   */
  spendBeside(bytes: number): void {
    this.#owed = Math.min(this.#owed + bytes, this.#ceiling * BESIDE_TIME);
  }

  /** When there is credit for a quantum again; `refill` must have been called at `now`. */
  readyAt(now: number): number {
    const { quantum } = this;
    return Math.max(
      ready(now, quantum - this.#credit, this.#rate),
      ready(now, quantum - this.#room, this.#ceiling),
    );
  }

  #limit(rate: number): number {
    return Math.max(CREDIT_BURSTS * this.quantum, CREDIT_TIME * rate);
  }

  #makeRoom(now: number): void {
    if (this.#ceiling === Number.POSITIVE_INFINITY) return;
    const limit = this.#limit(this.#ceiling);
    const earned = Number.isNaN(this.#refilled) ? limit : (now - this.#refilled) * this.#ceiling;
    const paid = Math.min(this.#owed, earned * BESIDE_SHARE);
    this.#owed -= paid;
    this.#room = Math.min(limit, this.#room + earned - paid);
  }
}

function ready(now: number, missing: number, rate: number): number {
  // Less than a byte would be a time that may not even differ from now.
  return missing < 1 ? now : now + missing / rate;
}
