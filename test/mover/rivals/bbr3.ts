import type { AckEvent, Control } from "./rival.js";

const STARTUP_GAIN = 2.77;
const DRAIN_GAIN = 0.35;
const UP_GAIN = 1.25;
const DOWN_GAIN = 0.9;
const WINDOW_GAIN = 2;
const UP_WINDOW_GAIN = 2.25;
const GROWTH = 1.25;
const PLATEAU_ROUNDS = 3;
/** More loss than this in a round is too much. */
const LOSS_THRESHOLD = 0.02;
const BETA = 0.7;
const HEADROOM = 0.85;
/** Packets. */
const LEAST_WINDOW = 4;
const FIRST_WINDOW = 10;
/** Milliseconds. */
const PROBE_RTT_INTERVAL = 5000;
const PROBE_RTT_SPAN = 200;
const MINIMUM_SPAN = 10_000;
const CRUISE_LEAST = 2000;
const CRUISE_SPREAD = 1000;
/** Rounds after which it probes in any case, as Reno would. */
const MOST_ROUNDS = 63;

type State = "startup" | "drain" | "down" | "cruise" | "refill" | "up" | "probe-rtt";

/** The manner of BBR's third version (draft-ietf-ccwg-bbr): bounds on what is in flight, learnt from loss. */
export class Bbr3 implements Control {
  #state: State = "startup";
  #pacingGain = STARTUP_GAIN;
  /** The greatest rate of the last two cycles, packets per millisecond. */
  #rates: [number, number] = [0, 0];
  #shortRate = Number.POSITIVE_INFINITY;
  /** What may be in flight: found by probing, and for the time being. */
  #longBound = Number.POSITIVE_INFINITY;
  #shortBound = Number.POSITIVE_INFINITY;
  #minimumRtt = Number.POSITIVE_INFINITY;
  #minimumAt = 0;
  #probedRttAt = 0;
  #probeDoneAt = 0;
  #fullRate = 0;
  #fullRounds = 0;
  #rounds = 0;
  #roundsInState = 0;
  #stateAt = 0;
  #upRounds = 0;
  #lostAtRound = 0;
  #deliveredAtRound = 0;
  #latestRate = 0;
  #latestDelivered = 0;

  get window(): number {
    if (this.#state === "probe-rtt") return Math.max(LEAST_WINDOW, this.#product / 2);
    if (this.#rates[1] === 0) return FIRST_WINDOW;
    const gain = this.#state === "up" ? UP_WINDOW_GAIN : this.#state === "startup" ? 2 : WINDOW_GAIN;
    const bound =
      this.#state === "cruise" || this.#state === "down" ? this.#longBound * HEADROOM : this.#longBound;
    return Math.max(LEAST_WINDOW, Math.min(gain * this.#product, bound, this.#shortBound));
  }

  get pacing(): number {
    return this.#rates[1] === 0 ? Number.POSITIVE_INFINITY : this.#pacingGain * this.#rate * 0.99;
  }

  onLoss(): void {
    // How much was lost is what matters, and acknowledgements tell that.
  }

  onTimeout(): void {
    this.#shortBound = Math.max(LEAST_WINDOW, this.#product);
  }

  onAck(event: AckEvent): void {
    const { now, rtt, delivered, roundStart } = event;
    const span = now - event.deliveredAtWhenSent;
    const sample = span > 0 ? (delivered - event.deliveredWhenSent) / span : 0;
    this.#rates[1] = Math.max(this.#rates[1], sample);
    this.#latestRate = Math.max(this.#latestRate, sample);
    this.#latestDelivered = Math.max(this.#latestDelivered, delivered - event.deliveredWhenSent);
    if (rtt <= this.#minimumRtt || now - this.#minimumAt > MINIMUM_SPAN) {
      this.#minimumRtt = rtt;
      this.#minimumAt = now;
    }
    if (rtt <= this.#minimumRtt) this.#probedRttAt = now;
    this.#heedLoss(event);
    if (roundStart) this.#endRound(event);
    this.#advance(event);
    this.#probeRtt(event);
  }

  get #rate(): number {
    return Math.min(Math.max(...this.#rates), this.#shortRate);
  }

  get #product(): number {
    return this.#rate * this.#minimumRtt;
  }

  /** While it probes for more, too much loss sets the bound. */
  #heedLoss({ now, lost, lostWhenSent, inFlightWhenSent }: AckEvent): void {
    if (this.#state !== "up" && this.#state !== "refill") return;
    if (lost - lostWhenSent <= LOSS_THRESHOLD * inFlightWhenSent) return;
    this.#longBound = Math.max(inFlightWhenSent, this.#product * BETA, LEAST_WINDOW);
    this.#enter(now, "down", DOWN_GAIN);
  }

  #endRound({ lost, delivered }: AckEvent): void {
    this.#rounds += 1;
    this.#roundsInState += 1;
    const lostNow = lost - this.#lostAtRound;
    const share = lostNow / Math.max(lostNow + delivered - this.#deliveredAtRound, 1);
    if (this.#state === "startup") this.#checkFull(share);
    else if (lostNow > 0 && (this.#state === "down" || this.#state === "cruise" || this.#state === "drain")) {
      const rate = this.#shortRate < Number.POSITIVE_INFINITY ? this.#shortRate : Math.max(...this.#rates);
      const bound = this.#shortBound < Number.POSITIVE_INFINITY ? this.#shortBound : this.window;
      this.#shortRate = Math.max(this.#latestRate, rate * BETA);
      this.#shortBound = Math.max(this.#latestDelivered, bound * BETA);
    }
    if (this.#state === "up" && this.#longBound < Number.POSITIVE_INFINITY) {
      this.#longBound += 2 ** Math.min(this.#upRounds, 30);
      this.#upRounds += 1;
    }
    this.#lostAtRound = lost;
    this.#deliveredAtRound = delivered;
    this.#latestRate = 0;
    this.#latestDelivered = 0;
  }

  #checkFull(share: number): void {
    if (this.#rates[1] >= this.#fullRate * GROWTH) {
      this.#fullRate = this.#rates[1];
      this.#fullRounds = 0;
    } else this.#fullRounds += 1;
    if (share > LOSS_THRESHOLD) {
      this.#longBound = Math.max(this.#product, this.#latestDelivered);
      this.#fullRounds = PLATEAU_ROUNDS;
    }
  }

  #advance({ now, inFlight }: AckEvent): void {
    const elapsed = now - this.#stateAt;
    switch (this.#state) {
      case "startup":
        if (this.#fullRounds >= PLATEAU_ROUNDS) this.#enter(now, "drain", DRAIN_GAIN);
        break;
      case "drain":
        if (inFlight <= this.#product) this.#enter(now, "down", DOWN_GAIN);
        break;
      case "down":
        if (inFlight <= Math.min(this.#product, this.#longBound * HEADROOM)) this.#enter(now, "cruise", 1);
        break;
      case "cruise":
        if (elapsed >= CRUISE_LEAST + (now % CRUISE_SPREAD) || this.#roundsInState >= this.#renoRounds) {
          this.#shortBound = Number.POSITIVE_INFINITY;
          this.#shortRate = Number.POSITIVE_INFINITY;
          this.#enter(now, "refill", 1);
        }
        break;
      case "refill":
        if (this.#roundsInState >= 1) {
          this.#upRounds = 0;
          this.#rates = [this.#rates[1], 0.9 * this.#rates[1]];
          this.#enter(now, "up", UP_GAIN);
        }
        break;
      case "up":
        if (elapsed > this.#minimumRtt && inFlight >= UP_GAIN * this.#product)
          this.#enter(now, "down", DOWN_GAIN);
        break;
    }
  }

  get #renoRounds(): number {
    return Math.min(this.#product, MOST_ROUNDS);
  }

  #probeRtt({ now, inFlight }: AckEvent): void {
    if (this.#state !== "probe-rtt") {
      if (this.#state === "startup" || now - this.#probedRttAt < PROBE_RTT_INTERVAL) return;
      this.#probeDoneAt = 0;
      this.#enter(now, "probe-rtt", 1);
    }
    if (this.#probeDoneAt === 0 && inFlight <= this.window) this.#probeDoneAt = now + PROBE_RTT_SPAN;
    if (this.#probeDoneAt === 0 || now < this.#probeDoneAt) return;
    this.#probedRttAt = now;
    this.#minimumAt = now;
    this.#shortBound = Number.POSITIVE_INFINITY;
    this.#shortRate = Number.POSITIVE_INFINITY;
    this.#enter(now, "cruise", 1);
  }

  #enter(now: number, state: State, gain: number): void {
    this.#state = state;
    this.#stateAt = now;
    this.#roundsInState = 0;
    this.#pacingGain = gain;
  }
}
