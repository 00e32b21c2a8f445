import { longestAckDelay } from "./ack-schedule.js";
import { ACK_EARNED, MAXIMUM_ACK_DELAY, PROBE_LONGEST, PROBE_UNKNOWN, SILENT_PROBES } from "./constants.js";
import type { RttEstimator } from "./rtt.js";

/** The wait does not double more often than this. */
const MOST_DOUBLINGS = 10;

/**
 * The timer that has something sent again when nothing is heard of what is in flight: the loss of the last segments shows
 * in no acknowledgement (RFC 9002 §6.2). Each round in silence doubles the wait, up to a bound.
 */
export class TailProbe {
  /** The probes are to be sent. */
  due = false;
  readonly #rtt: RttEstimator;
  #rounds = 0;
  #lastSentAt = Number.NEGATIVE_INFINITY;

  constructor(rtt: RttEstimator) {
    this.#rtt = rtt;
  }

  /** When it expires; milliseconds. */
  at(inFlight: number): number {
    if (inFlight === 0) return Number.POSITIVE_INFINITY;
    const { known, longest, smoothed } = this.#rtt;
    const ackDelay = inFlight > ACK_EARNED ? MAXIMUM_ACK_DELAY : longestAckDelay(smoothed);
    const timeout = known ? longest + ackDelay : PROBE_UNKNOWN;
    const doubled = timeout * 2 ** Math.min(this.#rounds, MOST_DOUBLINGS);
    return this.#lastSentAt + Math.min(doubled, Math.max(timeout, PROBE_LONGEST));
  }

  /** It has expired. True once in a silence: when that has lasted so long that the path may have gone. */
  expire(now: number): boolean {
    this.due = true;
    this.#rounds += 1;
    this.#lastSentAt = now;
    return this.#rounds === SILENT_PROBES;
  }

  /** A segment has been sent. */
  sent(now: number): void {
    this.#lastSentAt = now;
  }

  /** Something new has been acknowledged. */
  heard(): void {
    this.#rounds = 0;
  }
}
