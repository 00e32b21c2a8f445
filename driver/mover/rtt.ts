import { PROBE_LEAST } from "./constants.js";

/**
 * Round-trip time as RFC 9002 §5 has it, from physical numbers, which are never ambiguous; the delay
 * that the receiver added is taken off. Milliseconds.
 */
export class RttEstimator {
  /** NaN before the first sample. */
  smoothed = Number.NaN;
  variation = Number.NaN;
  latest = Number.NaN;
  /** The least ever seen. */
  minimum = Number.POSITIVE_INFINITY;

  get known(): boolean {
    return !Number.isNaN(this.smoothed);
  }

  /** What an answer given at once takes at most, by and large; NaN before the first sample. */
  get longest(): number {
    return this.smoothed + Math.max(4 * this.variation, PROBE_LEAST);
  }

  sample(elapsed: number, ackDelay: number): number {
    const rtt = Math.max(elapsed - ackDelay, Math.min(elapsed, 0.01));
    this.latest = rtt;
    if (rtt < this.minimum) this.minimum = rtt;
    if (!this.known) {
      this.smoothed = rtt;
      this.variation = rtt / 2;
    } else {
      this.variation += (Math.abs(this.smoothed - rtt) - this.variation) / 4;
      this.smoothed += (rtt - this.smoothed) / 8;
    }
    return rtt;
  }
}
