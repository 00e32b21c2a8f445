/** For how long a minimum is believed, in milliseconds. */
const SPAN = 10_000;

/** The least time of the last ten to twenty seconds. */
export class RecentMinimum {
  value = Number.POSITIVE_INFINITY;
  /** When a time was last seen that is about as good. */
  confirmedAt = Number.NEGATIVE_INFINITY;
  #current = Number.POSITIVE_INFINITY;
  #previous = Number.POSITIVE_INFINITY;
  #since = Number.NaN;

  /** A round has ended of which this was the least. */
  add(now: number, time: number): void {
    if (!(now - this.#since < SPAN)) {
      this.#previous = this.#current;
      this.#current = Number.POSITIVE_INFINITY;
      this.#since = now;
    }
    if (time < this.#current) this.#current = time;
    this.value = Math.min(this.#current, this.#previous);
    this.confirm(now, time);
  }

  /** So much was seen; what is known is not forgotten for it. */
  confirm(now: number, time: number): void {
    if (time <= this.value * 1.05 + 0.5) this.confirmedAt = now;
  }
}
