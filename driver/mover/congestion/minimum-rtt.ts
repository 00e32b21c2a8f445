/** For how long a minimum is believed, in milliseconds. */
const SPAN = 10_000;

/** The least round trip of the last ten to twenty seconds. */
export class MinimumRtt {
  value = Number.POSITIVE_INFINITY;
  /** When a round trip was last seen that is as good as the least. */
  confirmedAt = Number.NEGATIVE_INFINITY;
  #current = Number.POSITIVE_INFINITY;
  #previous = Number.POSITIVE_INFINITY;
  #since = Number.NaN;

  /** A round has ended of which this was the least round trip. */
  add(now: number, rtt: number): void {
    if (!(now - this.#since < SPAN)) {
      this.#previous = this.#current;
      this.#current = Number.POSITIVE_INFINITY;
      this.#since = now;
    }
    if (rtt < this.#current) this.#current = rtt;
    this.value = Math.min(this.#current, this.#previous);
    if (rtt <= this.value * 1.05 + 0.5) this.confirmedAt = now;
  }
}
