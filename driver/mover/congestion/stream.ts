import type { AcknowledgementSample, CongestionModel } from "./model.js";

/** Bytes per millisecond that no stream reaches: nothing is held back, yet sums of it stay exact. */
const UNLIMITED = 1e9;
/** The rate is measured over so many milliseconds. */
const SPAN = 500;
/** Taken for the rate before it is known: 1 Mbit/s. */
const UNKNOWN_RATE = 125;

/**
 * For a stream: the kernel's TCP finds the rate, and says by a full socket when there has been enough. So nothing is paced
 * but what a ceiling asks for.
 */
export class StreamModel implements CongestionModel {
  readonly phase = 0;
  readonly lossRate = 0;
  readonly pacingRate: number;
  #rate = UNKNOWN_RATE;
  #since = Number.NaN;
  #delivered = 0;

  /** In bytes per millisecond. */
  constructor(ceiling = UNLIMITED) {
    this.pacingRate = Math.min(ceiling, UNLIMITED);
  }

  /** What gets through. */
  get rate(): number {
    return Math.min(this.#rate, this.pacingRate);
  }

  get window(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  onSent(): void {
    // Counted when it arrives.
  }

  onLost(): void {
    // With a connection that has broken, perhaps; it says nothing of the next one.
  }

  onLossUndone(): void {
    // As for what was lost.
  }

  onAcknowledgement({ now, delivered }: AcknowledgementSample): void {
    const elapsed = now - this.#since;
    if (elapsed < SPAN) return;
    // What came after a pause says little.
    if (elapsed < 2 * SPAN) this.#rate = Math.max((delivered - this.#delivered) / elapsed, UNKNOWN_RATE);
    this.#since = now;
    this.#delivered = delivered;
  }

  onIdle(): void {
    // The rate does not depend on what is sent.
  }

  onSilence(): void {
    // The kernel slows down by itself.
  }

  restart(): void {
    this.#since = Number.NaN;
  }
}
