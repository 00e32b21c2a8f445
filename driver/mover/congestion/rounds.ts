import type { AcknowledgementSample } from "./model.js";

/** A measurement shorter than this (milliseconds) would show the clustering of acknowledgements and not the link. */
const SHORTEST = 25;
const SHORTEST_QUICK = 4;
/** Quick measurements to a round trip. */
const QUICK_PARTS = 4;

/**
 * Cuts a session into rounds, in each of which everything under way at its beginning is acknowledged, and
 * measures each: the rate of delivery and the least round trip. In quick mode, for a rate that is still
 * growing, the rate is measured several times a round. Rates are measured by the receiver's clock, so that what
 * happens to acknowledgements on their way back does not matter. Bytes and milliseconds.
 */
export class Rounds {
  quick = true;
  count = 0;
  /** Of the last measurement. */
  rate = 0;
  /** What arrived during it, bytes, how long it took to arrive, and to be sent. */
  arrived = 0;
  arrivalTime = 0;
  sendingTime = 0;
  /** The least time on the way there during it, plus an unknown constant; infinite if none was taken. */
  delay = Number.POSITIVE_INFINITY;
  /** The sender had at times nothing to send, so the rate may be less than what the link can do. */
  idle = false;
  /** Of the round that has ended last. */
  minimumRtt = Number.POSITIVE_INFINITY;
  /** The least time on the way there in it, as `delay`. */
  roundDelay = Number.POSITIVE_INFINITY;
  /** The longest wait for an acknowledgement in it. */
  longestGap = 0;
  /** With the latest acknowledgement a measurement was finished, and perhaps a round. */
  measured = false;
  ended = false;
  #mark = 0;
  #roundAt = Number.NaN;
  #leastRtt = Number.POSITIVE_INFINITY;
  #leastRoundDelay = Number.POSITIVE_INFINITY;
  #leastDelay = Number.POSITIVE_INFINITY;
  #gap = 0;
  #acknowledgedAt = Number.NaN;
  #startedAt = Number.NaN;
  #sentAt = 0;
  #delivered = 0;
  #highest = 0;
  #idleUntil = 0;

  onIdle(physical: number): void {
    this.#idleUntil = physical;
  }

  onAcknowledgement(ack: AcknowledgementSample): void {
    if (ack.rtt < this.#leastRtt) this.#leastRtt = ack.rtt;
    if (ack.forwardDelay < this.#leastRoundDelay) this.#leastRoundDelay = ack.forwardDelay;
    if (ack.forwardDelay < this.#leastDelay) this.#leastDelay = ack.forwardDelay;
    if (ack.now - this.#acknowledgedAt > this.#gap) this.#gap = ack.now - this.#acknowledgedAt;
    this.#acknowledgedAt = ack.now;
    this.ended = this.#endRound(ack);
    this.measured = this.#measure(ack);
  }

  /** Numbers begin anew with a new session. */
  restart(): void {
    this.#mark = 0;
    this.#roundAt = Number.NaN;
    this.#startedAt = Number.NaN;
    this.#acknowledgedAt = Number.NaN;
    this.#idleUntil = 0;
    this.#highest = 0;
    this.#gap = 0;
    this.#leastRtt = Number.POSITIVE_INFINITY;
    this.#leastRoundDelay = Number.POSITIVE_INFINITY;
  }

  #endRound(ack: AcknowledgementSample): boolean {
    const elapsed = ack.now - this.#roundAt;
    if (ack.highestReceived < this.#mark || elapsed < SHORTEST) return false;
    this.#mark = ack.next;
    this.#roundAt = ack.now;
    if (Number.isNaN(elapsed)) return false;
    this.count += 1;
    this.minimumRtt = this.#leastRtt;
    this.roundDelay = this.#leastRoundDelay;
    this.longestGap = this.#gap;
    this.#leastRtt = Number.POSITIVE_INFINITY;
    this.#leastRoundDelay = Number.POSITIVE_INFINITY;
    this.#gap = 0;
    return true;
  }

  #measure(ack: AcknowledgementSample): boolean {
    const elapsed = ack.receiverNow - this.#startedAt;
    if (this.quick) {
      if (elapsed < Math.max(SHORTEST_QUICK, ack.smoothedRtt / QUICK_PARTS)) return false;
    } else if (!this.ended && !Number.isNaN(elapsed)) return false;
    if (!Number.isNaN(elapsed)) {
      this.arrived = ack.delivered - this.#delivered;
      this.arrivalTime = elapsed;
      this.sendingTime = ack.newestSentAt - this.#sentAt;
      this.rate = this.arrived / Math.max(this.arrivalTime, this.sendingTime);
      this.idle = this.#idleUntil > this.#highest;
      this.delay = this.#leastDelay;
    }
    this.#leastDelay = Number.POSITIVE_INFINITY;
    this.#startedAt = ack.receiverNow;
    this.#sentAt = ack.newestSentAt;
    this.#delivered = ack.delivered;
    this.#highest = ack.highestReceived;
    return !Number.isNaN(elapsed);
  }
}
