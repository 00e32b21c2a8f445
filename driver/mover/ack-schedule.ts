import {
  ACK_BUDGET,
  ACK_BUDGET_LIMIT,
  ACK_DEBT_LIMIT,
  ACK_EVERY,
  ACK_EVERY_INTERVAL,
  ACK_EVERY_LIMIT,
  ACK_INTERVAL,
  EXHAUSTED_ACK_DELAY,
  MAXIMUM_ACK_DELAY,
} from "./constants.js";

/** How long an acknowledgement waits at most where there is no budget for it. */
export function longestAckDelay(roundTrip: number): number {
  return Math.min(Math.max(roundTrip / 2, MAXIMUM_ACK_DELAY), EXHAUSTED_ACK_DELAY);
}

/**
 * When to acknowledge: at once when a gap opens, else after so many segments or so long, as far as the
 * budget goes; and in any case before the sender would take silence for loss. Pure; times in milliseconds,
 * sizes in bytes on the wire.
 */
export class AckSchedule {
  #interval = ACK_INTERVAL;
  #patience = MAXIMUM_ACK_DELAY;
  #budget = ACK_BUDGET_LIMIT;
  #unreported = 0;
  #urgent = false;
  #firstAt = Number.POSITIVE_INFINITY;

  /** `roundTrip` in milliseconds, NaN if not known. */
  setRoundTrip(roundTrip: number): void {
    if (Number.isNaN(roundTrip)) return;
    this.#interval = Math.min(Math.max(roundTrip / 4, 1), ACK_INTERVAL);
    this.#patience = longestAckDelay(roundTrip);
  }

  /** So many bytes have come. */
  onBytes(bytes: number): void {
    this.#budget = Math.min(this.#budget + bytes * ACK_BUDGET, ACK_BUDGET_LIMIT);
  }

  /** A segment has come, in so many bytes. `urgent`: the sender should know at once. */
  onData(now: number, bytes: number, urgent: boolean): void {
    this.onBytes(bytes);
    if (this.#unreported === 0) this.#firstAt = now;
    this.#unreported += 1;
    if (urgent) this.#urgent = true;
  }

  /** Whether one that costs no datagram of its own is worth its bytes. */
  worthwhile(now: number): boolean {
    return this.#unreported > 0 && (this.#budget > 0 || now >= this.dueAt());
  }

  /** When an acknowledgement is due, if nothing else happens. */
  dueAt(): number {
    if (this.#unreported === 0) return Number.POSITIVE_INFINITY;
    if (this.#budget <= 0) return this.#firstAt + this.#patience;
    if (this.#urgent || this.#unreported >= ACK_EVERY_LIMIT) return this.#firstAt;
    if (this.#unreported < ACK_EVERY) return this.#firstAt + this.#interval;
    return this.#firstAt + Math.min(ACK_EVERY_INTERVAL, this.#interval);
  }

  /** One has been sent, and took `bytes`. */
  onSent(bytes: number): void {
    // What small messages cost beyond the budget is not held against the bulk data that may follow.
    this.#budget = Math.max(this.#budget - bytes, -ACK_DEBT_LIMIT);
    this.#unreported = 0;
    this.#urgent = false;
    this.#firstAt = Number.POSITIVE_INFINITY;
  }
}
