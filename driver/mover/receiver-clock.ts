import { TIME_UNIT } from "./wire/acknowledgement.js";

/** The receiver's clock, from the 32 bits of it that acknowledgements carry. */
export class ReceiverClock {
  /** When the newest acknowledgement was written; milliseconds from an unknown zero. */
  now = 0;
  /** -1 before the first. */
  #time = -1;

  /** `time`: in units of 16 µs modulo 2^32. Acknowledgements that were overtaken do not turn it back. */
  follow(time: number): void {
    const step = (time - this.#time) | 0;
    if (step <= 0 && this.#time >= 0) return;
    if (this.#time >= 0) this.now += step * TIME_UNIT;
    this.#time = time;
  }
}
