import type { AckEvent, Control } from "./rival.js";

const HIGH_GAIN = 2.885;
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1];
const RATE_ROUNDS = 10;
const GROWTH = 1.25;
const PLATEAU_ROUNDS = 3;
/** Milliseconds. */
const MINIMUM_SPAN = 10_000;
const PROBE_SPAN = 200;
/** Packets. */
const LEAST_WINDOW = 4;
const FIRST_WINDOW = 10;

/** BBR in its first version (draft-cardwell-iccrg-bbr-congestion-control-00), which Linux has. */
export class Bbr implements Control {
  #state: "startup" | "drain" | "probe-bandwidth" | "probe-rtt" = "startup";
  #pacingGain = HIGH_GAIN;
  #windowGain = HIGH_GAIN;
  /** The greatest rate of each of the last rounds, packets per millisecond. */
  readonly #rates: number[] = [0];
  #rate = 0;
  #minimumRtt = Number.POSITIVE_INFINITY;
  #minimumAt = 0;
  #fullRate = 0;
  #fullRounds = 0;
  #phase = 0;
  #phaseAt = 0;
  #lostAtPhase = 0;
  #probeDoneAt = 0;

  get window(): number {
    if (this.#state === "probe-rtt") return LEAST_WINDOW;
    return Math.max(this.#windowGain * this.#product, this.#rate === 0 ? FIRST_WINDOW : LEAST_WINDOW);
  }

  get pacing(): number {
    return this.#rate === 0 ? Number.POSITIVE_INFINITY : this.#pacingGain * this.#rate;
  }

  onLoss(): void {
    // Only that it happened in a push matters, and an acknowledgement tells that.
  }

  onTimeout(): void {
    // What is in flight was counted as lost, and that is all.
  }

  onAck(event: AckEvent): void {
    this.#measure(event);
    const { now, rtt, inFlight, lost } = event;
    const expired = now - this.#minimumAt > MINIMUM_SPAN;
    if (rtt <= this.#minimumRtt || expired) {
      this.#minimumRtt = rtt;
      this.#minimumAt = now;
    }
    if (this.#state === "startup" && event.roundStart) this.#checkFull();
    if (this.#state === "drain" && inFlight <= this.#product) this.#probeBandwidth(now, lost);
    if (this.#state === "probe-bandwidth") this.#cycle(now, inFlight, lost);
    this.#checkProbeRtt(now, expired, inFlight, lost);
  }

  get #product(): number {
    return this.#minimumRtt < Number.POSITIVE_INFINITY ? this.#rate * this.#minimumRtt : FIRST_WINDOW;
  }

  #measure({ now, roundStart, delivered, deliveredWhenSent, deliveredAtWhenSent }: AckEvent): void {
    if (roundStart) this.#rates.push(0);
    if (this.#rates.length > RATE_ROUNDS) this.#rates.shift();
    const span = now - deliveredAtWhenSent;
    const last = this.#rates.length - 1;
    if (span > 0) this.#rates[last] = Math.max(this.#rates[last]!, (delivered - deliveredWhenSent) / span);
    this.#rate = Math.max(...this.#rates);
  }

  #checkFull(): void {
    if (this.#rate >= this.#fullRate * GROWTH) {
      this.#fullRate = this.#rate;
      this.#fullRounds = 0;
      return;
    }
    this.#fullRounds += 1;
    if (this.#fullRounds < PLATEAU_ROUNDS) return;
    this.#state = "drain";
    this.#pacingGain = 1 / HIGH_GAIN;
  }

  #probeBandwidth(now: number, lost: number): void {
    this.#state = "probe-bandwidth";
    this.#windowGain = 2;
    this.#enterPhase(2 + (Math.floor(now) % 6), now, lost);
  }

  #cycle(now: number, inFlight: number, lost: number): void {
    let next = now - this.#phaseAt > this.#minimumRtt;
    if (this.#pacingGain > 1)
      next &&= lost > this.#lostAtPhase || inFlight >= this.#pacingGain * this.#product;
    else if (this.#pacingGain < 1) next ||= inFlight <= this.#product;
    if (next) this.#enterPhase((this.#phase + 1) % CYCLE.length, now, lost);
  }

  #enterPhase(phase: number, now: number, lost: number): void {
    this.#phase = phase;
    this.#phaseAt = now;
    this.#lostAtPhase = lost;
    this.#pacingGain = CYCLE[phase]!;
  }

  #checkProbeRtt(now: number, expired: boolean, inFlight: number, lost: number): void {
    if (this.#state !== "probe-rtt" && expired) {
      this.#state = "probe-rtt";
      this.#pacingGain = 1;
      this.#probeDoneAt = 0;
    }
    if (this.#state !== "probe-rtt") return;
    if (this.#probeDoneAt === 0 && inFlight <= LEAST_WINDOW) this.#probeDoneAt = now + PROBE_SPAN;
    if (this.#probeDoneAt === 0 || now < this.#probeDoneAt) return;
    this.#minimumAt = now;
    if (this.#fullRounds >= PLATEAU_ROUNDS) this.#probeBandwidth(now, lost);
    else {
      this.#state = "startup";
      this.#pacingGain = HIGH_GAIN;
    }
  }
}
