/** How much later than due frames were delivered, in milliseconds. */
export interface LatenessReport {
  readonly frames: number;
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

const STEPS_PER_OCTAVE = 8;
/** 2^0 to 2^40 ns, which is 18 minutes. */
const BUCKETS = 40 * STEPS_PER_OCTAVE;

/** Counts delays in buckets that grow by 9 %, so that a percentile is known to within that. */
export class Lateness {
  readonly #buckets = new Float64Array(BUCKETS);
  #frames = 0;
  #sum = 0;
  #max = 0;

  /** @param late in nanoseconds */
  add(late: number): void {
    this.#frames++;
    this.#sum += late;
    if (late > this.#max) this.#max = late;
    const bucket = late < 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(late) * STEPS_PER_OCTAVE));
    this.#buckets[bucket]! += 1;
  }

  /** @param share such as 0.99 @returns nanoseconds: the upper edge of the bucket that holds the percentile */
  quantile(share: number): number {
    let left = this.#frames * share;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket]!;
      if (left <= 0) return Math.min(this.#max, 2 ** ((bucket + 1) / STEPS_PER_OCTAVE));
    }
    return this.#max;
  }

  report(): LatenessReport {
    const mean = this.#frames === 0 ? 0 : this.#sum / this.#frames;
    return {
      frames: this.#frames,
      mean: mean / 1e6,
      p99: this.quantile(0.99) / 1e6,
      max: this.#max / 1e6,
    };
  }

  reset(): void {
    this.#buckets.fill(0);
    this.#frames = 0;
    this.#sum = 0;
    this.#max = 0;
  }
}
