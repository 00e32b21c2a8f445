import type { AckEvent, Control } from "./rival.js";

const C = 0.4;
const BETA = 0.7;
const FIRST_WINDOW = 10;
const LEAST_WINDOW = 2;
/** HyStart++ (RFC 9406 §4.3), milliseconds. */
const LEAST_DELAY_STEP = 4;
const GREATEST_DELAY_STEP = 16;
const HYSTART_SAMPLES = 8;

/** CUBIC (RFC 9438) with fast convergence, the Reno-friendly region, and a slow start that heeds delay. */
export class Cubic implements Control {
  window = FIRST_WINDOW;
  readonly pacing = Number.POSITIVE_INFINITY;
  #threshold = Number.POSITIVE_INFINITY;
  #greatest = 0;
  #epochAt = Number.NaN;
  #inflection = 0;
  #origin = 0;
  #reno = 0;
  #minimumRtt = Number.POSITIVE_INFINITY;
  #roundRtt = Number.POSITIVE_INFINITY;
  #lastRoundRtt = Number.POSITIVE_INFINITY;
  #samples = 0;

  onAck({ now, rtt, roundStart }: AckEvent): void {
    this.#minimumRtt = Math.min(this.#minimumRtt, rtt);
    if (this.window < this.#threshold) this.#slowStart(rtt, roundStart);
    else this.#avoidCongestion(now);
  }

  onLoss(): void {
    this.#epochAt = Number.NaN;
    this.#greatest = this.window < this.#greatest ? (this.window * (1 + BETA)) / 2 : this.window;
    this.window = Math.max(this.window * BETA, LEAST_WINDOW);
    this.#threshold = this.window;
  }

  onTimeout(): void {
    this.onLoss();
    this.window = 1;
  }

  #slowStart(rtt: number, roundStart: boolean): void {
    this.window += 1;
    if (roundStart) {
      this.#lastRoundRtt = this.#roundRtt;
      this.#roundRtt = Number.POSITIVE_INFINITY;
      this.#samples = 0;
    }
    this.#roundRtt = Math.min(this.#roundRtt, rtt);
    this.#samples += 1;
    const step = Math.min(Math.max(this.#lastRoundRtt / 8, LEAST_DELAY_STEP), GREATEST_DELAY_STEP);
    if (this.#samples >= HYSTART_SAMPLES && this.#roundRtt >= this.#lastRoundRtt + step)
      this.#threshold = this.window;
  }

  #avoidCongestion(now: number): void {
    if (Number.isNaN(this.#epochAt)) {
      this.#epochAt = now;
      this.#origin = Math.max(this.#greatest, this.window);
      this.#inflection = Math.cbrt((this.#origin - this.window) / C);
      this.#reno = this.window;
    }
    const seconds = (now - this.#epochAt + this.#minimumRtt) / 1000;
    const target = this.#origin + C * (seconds - this.#inflection) ** 3;
    this.#reno += (3 * (1 - BETA)) / (1 + BETA) / this.window;
    const wanted = Math.min(Math.max(target, this.#reno), this.window * 1.5);
    if (wanted > this.window) this.window += (wanted - this.window) / this.window;
  }
}
