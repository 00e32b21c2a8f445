import type { AcknowledgementSample, CongestionModel } from "./model.js";

/** Milliseconds over which the breaker judges, or two round trips if that is longer. */
const SPAN = 1000;
/** More loss than this is not a line's own … */
const BREAKING_LOSS = 0.4;
/** … when it lasts for so many spans. */
const BREAKING_SPANS = 3;
/** Less than this lets the rate grow again. */
const MENDING_LOSS = 0.2;
const LEAST_PART = 1 / 64;
/** Round trips in flight at most, and milliseconds beside: enough for every loss to be noticed and mended. */
const WINDOW_TRIPS = 3;
const WINDOW_SPAN = 200;

/**
 * The configured rate, whatever is lost, for a line that nobody else uses; with a circuit breaker (RFC 8085 §3.1.10):
 * where most of it is lost for seconds, the line is not what it was taken for, and the rate is halved until it is.
 */
export class FixedModel implements CongestionModel {
  readonly phase = 0;
  readonly #rate: number;
  readonly #datagram: number;
  #roundTrip = 100;
  #part = 1;
  #since = 0;
  #sent = 0;
  #lost = 0;
  #badSpans = 0;
  #lossRate = 0;

  /** `rate` in bytes per millisecond, `datagram` a full one's bytes on the wire. */
  constructor(rate: number, datagram: number) {
    this.#rate = rate;
    this.#datagram = datagram;
  }

  get rate(): number {
    return this.#rate * this.#part;
  }

  get pacingRate(): number {
    return this.rate;
  }

  get window(): number {
    return this.#rate * (WINDOW_TRIPS * this.#roundTrip + WINDOW_SPAN) + 4 * this.#datagram;
  }

  /** Of the last span. */
  get lossRate(): number {
    return this.#lossRate;
  }

  onSent(now: number, _physical: number, bytes: number): void {
    if (now - this.#since >= Math.max(SPAN, 2 * this.#roundTrip)) this.#judge(now);
    this.#sent += bytes;
  }

  onLost(_phase: number, bytes: number): void {
    this.#lost += bytes;
  }

  onLossUndone(_phase: number, bytes: number): void {
    this.#lost -= bytes;
  }

  onAcknowledgement({ smoothedRtt }: AcknowledgementSample): void {
    if (!Number.isNaN(smoothedRtt)) this.#roundTrip = smoothedRtt;
  }

  onIdle(): void {
    // The rate does not depend on what is sent.
  }

  onSilence(): void {
    this.#part = Math.max(this.#part / 2, LEAST_PART);
  }

  restart(): void {
    this.#part = 1;
    this.#badSpans = 0;
    this.#sent = 0;
    this.#lost = 0;
  }

  #judge(now: number): void {
    this.#lossRate = this.#sent > 0 ? Math.max(this.#lost, 0) / this.#sent : 0;
    this.#badSpans = this.#lossRate > BREAKING_LOSS ? this.#badSpans + 1 : 0;
    if (this.#badSpans >= BREAKING_SPANS) this.#part = Math.max(this.#part / 2, LEAST_PART);
    else if (this.#lossRate < MENDING_LOSS) this.#part = Math.min(this.#part * 2, 1);
    this.#since = now;
    this.#sent = 0;
    this.#lost = 0;
  }
}
