import type { Random } from "./random.js";

/**
 * A delay that wanders within ± `amplitude` as queues elsewhere on a path make it: straight lines between random
 * points, one every four amplitudes. So it never falls faster than half as fast as time passes, and frames keep
 * their order; reordering is a parameter of its own.
 */
export class Jitter {
  readonly #random: Random;
  readonly #amplitude: number;
  readonly #step: number;
  #since = Number.NEGATIVE_INFINITY;
  #from = 0;
  #to = 0;

  /** @param amplitude in nanoseconds, above 0 */
  constructor(amplitude: number, random: Random) {
    this.#random = random;
    this.#amplitude = amplitude;
    this.#step = 4 * amplitude;
  }

  /** The deviation at a time, both in nanoseconds; times must not go back. */
  at(time: number): number {
    const passed = time - this.#since;
    if (passed >= this.#step) {
      // After a pause the last line's end is long past: start afresh, nothing is near enough to be overtaken.
      const idle = passed >= 2 * this.#step;
      this.#from = idle ? this.#point() : this.#to;
      this.#to = this.#point();
      this.#since = idle ? time : this.#since + this.#step;
    }
    return this.#from + ((this.#to - this.#from) * (time - this.#since)) / this.#step;
  }

  #point(): number {
    return (2 * this.#random() - 1) * this.#amplitude;
  }
}
