/** The greatest of the last few samples. */
export class MaxFilter {
  readonly #samples: Float64Array;
  #at = 0;
  value = 0;

  constructor(length: number) {
    this.#samples = new Float64Array(length);
  }

  add(sample: number): void {
    this.#samples[this.#at] = sample;
    this.#at = (this.#at + 1) % this.#samples.length;
    this.value = 0;
    for (const kept of this.#samples) if (kept > this.value) this.value = kept;
  }

  /** Forgets all samples but this one. */
  reset(sample: number): void {
    this.#samples.fill(0);
    this.add(sample);
  }
}
