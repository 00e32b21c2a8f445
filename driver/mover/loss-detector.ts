import { MAXIMUM_ACK_DELAY, PACKET_THRESHOLD } from "./constants.js";
import { ReorderingWindow } from "./reordering.js";
import type { RttEstimator } from "./rtt.js";
import { Fate, type SentLog } from "./sent-log.js";

export interface LossDetectorOptions {
  readonly log: SentLog;
  readonly rtt: RttEstimator;
  /** Until when a segment is not called lost that looks so at `lostAt`. */
  readonly patience: (logical: number, lostAt: number) => number;
  /** A transmission is lost. */
  readonly lost: (physical: number) => void;
}

/**
 * Tells which transmissions are lost, by what was sent behind them and has arrived (docs/mover.md, "Loss"). Times in
 * milliseconds.
 */
export class LossDetector {
  /** All transmissions below are received or lost. */
  lowest = 1;
  /** The highest known as received, and when it was sent. */
  highest = 0;
  highestSentAt = Number.NaN;
  /** When `detect` should be called again. */
  dueAt = Number.POSITIVE_INFINITY;
  readonly #options: LossDetectorOptions;
  readonly #reordering = new ReorderingWindow();
  #highestAckedAt = Number.NaN;

  constructor(options: LossDetectorOptions) {
    this.#options = options;
  }

  /** A transmission was received that was sent behind all that were known as received. */
  onHighest(now: number, physical: number): void {
    const { log } = this.#options;
    this.highest = physical;
    this.highestSentAt = log.sentAt[physical & log.mask]!;
    this.#highestAckedAt = now;
  }

  /** One was received; perhaps later than others that were sent behind it. */
  onReceived(now: number, physical: number): void {
    if (physical >= this.highest) return;
    const { log } = this.#options;
    const waited = Math.min(now - this.#highestAckedAt, MAXIMUM_ACK_DELAY);
    this.#reordering.saw(now, this.highestSentAt - log.sentAt[physical & log.mask]! + waited);
  }

  /** In physical order, up to the first that may still come; `dueAt` is when that would be lost. */
  detect(now: number): void {
    const { log, rtt, patience, lost } = this.#options;
    const window = this.#reordering.length(now, rtt.minimum);
    this.dueAt = Number.POSITIVE_INFINITY;
    for (; this.lowest < log.next; this.lowest += 1) {
      const i = this.lowest & log.mask;
      if (log.fate[i] !== Fate.IN_FLIGHT) continue;
      if (this.lowest >= this.highest) return;
      const length = this.highest - this.lowest >= PACKET_THRESHOLD ? window : window * 2;
      const looksLostAt = this.#highestAckedAt + length - (this.highestSentAt - log.sentAt[i]!);
      const lostAt = patience(log.logical[i]!, looksLostAt);
      if (now < lostAt) {
        this.dueAt = lostAt;
        return;
      }
      lost(this.lowest);
    }
  }

  /** Whatever is in flight is lost. */
  giveUp(): void {
    const { log, lost } = this.#options;
    for (; this.lowest < log.next; this.lowest += 1) {
      if (log.fate[this.lowest & log.mask] === Fate.IN_FLIGHT) lost(this.lowest);
    }
  }
}
