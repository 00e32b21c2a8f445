import type { AcknowledgementSample } from "./model.js";

/** A round shorter than this (milliseconds) would measure the clustering of acknowledgements and not the link. */
const SHORTEST_ROUND = 25;

/**
 * Cuts a session into rounds, in each of which everything under way at its beginning is acknowledged, and
 * measures each: the rate of delivery and the least round trip. Bytes and milliseconds.
 */
export class Rounds {
  count = 0;
  /** Of the round that has ended last. */
  rate = 0;
  minimumRtt = Number.POSITIVE_INFINITY;
  /** The sender had at times nothing to send, so the rate may be less than what the link can do. */
  idle = false;
  /** The longest wait for an acknowledgement. */
  longestGap = 0;
  #mark = 0;
  #startedAt = Number.NaN;
  #sentAt = 0;
  #delivered = 0;
  #highest = 0;
  #idleUntil = 0;
  #acknowledgedAt = Number.NaN;
  #gap = 0;
  #leastRtt = Number.POSITIVE_INFINITY;

  onIdle(physical: number): void {
    this.#idleUntil = physical;
  }

  /** True if a round has ended with this acknowledgement. */
  onAcknowledgement(ack: AcknowledgementSample): boolean {
    if (ack.rtt < this.#leastRtt) this.#leastRtt = ack.rtt;
    if (ack.now - this.#acknowledgedAt > this.#gap) this.#gap = ack.now - this.#acknowledgedAt;
    this.#acknowledgedAt = ack.now;
    const elapsed = ack.now - this.#startedAt;
    if (ack.highestReceived < this.#mark || elapsed < SHORTEST_ROUND) return false;
    const first = Number.isNaN(elapsed);
    if (!first) {
      this.count += 1;
      this.rate = (ack.delivered - this.#delivered) / Math.max(elapsed, ack.newestSentAt - this.#sentAt);
      this.minimumRtt = this.#leastRtt;
      this.longestGap = this.#gap;
      this.idle = this.#idleUntil > this.#highest;
    }
    this.#mark = ack.next;
    this.#startedAt = ack.now;
    this.#sentAt = ack.newestSentAt;
    this.#delivered = ack.delivered;
    this.#highest = ack.highestReceived;
    this.#leastRtt = Number.POSITIVE_INFINITY;
    this.#gap = 0;
    return !first;
  }

  /** Numbers begin anew with a new session. */
  restart(): void {
    this.#mark = 0;
    this.#startedAt = Number.NaN;
    this.#idleUntil = 0;
    this.#highest = 0;
    this.#acknowledgedAt = Number.NaN;
    this.#gap = 0;
    this.#leastRtt = Number.POSITIVE_INFINITY;
  }
}
