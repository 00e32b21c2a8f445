import {
  REORDER_FIRST,
  REORDER_LEAST,
  REORDER_LONGEST,
  REORDER_MARGIN,
  REORDER_MEMORY,
  REORDER_PART,
} from "./constants.js";

/**
 * How much later than its successors a datagram may come without being lost, learnt from those that came
 * late. In time between sendings, for a jittery path reorders by time and not by count. Milliseconds.
 */
export class ReorderingWindow {
  #greatest = 0;
  #previousGreatest = 0;
  #since = Number.NaN;

  /** A datagram was received `lateness` after one that was sent behind it. */
  saw(now: number, lateness: number): void {
    this.#turn(now);
    if (lateness > this.#greatest) this.#greatest = lateness;
  }

  /** The window for a path whose least round trip is `minimumRtt`. */
  length(now: number, minimumRtt: number): number {
    this.#turn(now);
    const seen = Math.max(this.#greatest, this.#previousGreatest) * REORDER_MARGIN;
    const least = Math.max(REORDER_LEAST, Math.min(minimumRtt * REORDER_PART, REORDER_FIRST));
    return Math.min(Math.max(seen, least), REORDER_LONGEST);
  }

  #turn(now: number): void {
    if (now - this.#since < REORDER_MEMORY) return;
    this.#since = now;
    this.#previousGreatest = this.#greatest;
    this.#greatest = 0;
  }
}
