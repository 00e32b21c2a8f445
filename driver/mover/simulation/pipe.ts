import type { SimulatedClock } from "./clock.js";
import type { Conditions } from "./conditions.js";
import type { SeededRandom } from "./random.js";

/** Milliseconds without a datagram after which a burst of losses is over. */
const BURST_PAUSE = 50;

/** What happened to datagrams in a pipe. */
export interface PipeCounters {
  offered: number;
  lost: number;
  /** Dropped because the queue was full. */
  overflowed: number;
  corrupted: number;
  delivered: number;
  /** Bytes of frames that passed the bottleneck. */
  bytes: number;
}

/**
 * One direction of a simulated path: loss, then a bottleneck with its queue, then delay. Several flows may
 * share one. The conditions may be changed at any time.
 */
export class SimulatedPipe {
  readonly conditions: Conditions;
  readonly counters: PipeCounters = {
    offered: 0,
    lost: 0,
    overflowed: 0,
    corrupted: 0,
    delivered: 0,
    bytes: 0,
  };
  /** Sees each datagram before anything happens to it. */
  tap: ((datagram: Uint8Array) => void) | undefined;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  #inBurst = false;
  #lastAt = 0;
  /** When the bottleneck has sent all that it was given. */
  #freeAt = 0;

  constructor(clock: SimulatedClock, random: SeededRandom, conditions: Conditions) {
    this.#clock = clock;
    this.#random = random;
    this.conditions = conditions;
  }

  /** Bytes that wait at the bottleneck. */
  get queued(): number {
    const { rate } = this.conditions;
    return rate === Number.POSITIVE_INFINITY
      ? 0
      : (Math.max(0, this.#freeAt - this.#clock.now) * rate) / 8000;
  }

  /**
   * Takes a datagram, which it may alter, and calls `deliver` once for each copy that arrives. `whole`: it must not be cut
   * into fragments.
   */
  carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void, whole = false): void {
    const { conditions, counters } = this;
    counters.offered += 1;
    this.tap?.(datagram);
    const fits = datagram.length + conditions.frame <= conditions.mtu || (conditions.fragments && !whole);
    const struck = conditions.cut || !fits || this.#loses();
    if (struck && !conditions.lossBehind) {
      counters.lost += 1;
      return;
    }
    const size = datagram.length + conditions.frame;
    if (this.queued + size > conditions.queue) {
      counters.overflowed += 1;
      return;
    }
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now) + (size * 8000) / conditions.rate;
    counters.bytes += size;
    if (struck) {
      counters.lost += 1;
      return;
    }
    if (conditions.corrupt > 0 && this.#random.next() < conditions.corrupt && !this.#corrupt(datagram))
      return;
    this.#deliver(datagram, deliver);
    if (conditions.duplicate > 0 && this.#random.next() < conditions.duplicate) {
      this.#deliver(datagram.slice(), deliver);
    }
  }

  #deliver(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void {
    const { delay, jitter, reorder, reorderDelay } = this.conditions;
    let at = this.#freeAt + delay;
    if (jitter > 0) at += this.#random.next() * jitter;
    if (reorder > 0 && this.#random.next() < reorder) at += reorderDelay;
    this.#clock.at(at, () => {
      this.counters.delivered += 1;
      deliver(datagram);
    });
  }

  /**
   * Every datagram of a burst is lost; bursts begin so often that the mean comes out right. Since a burst is
   * in earnest a matter of time, none outlasts a pause.
   */
  #loses(): boolean {
    const { loss, burstLoss, burstLength } = this.conditions;
    if (burstLoss > 0) {
      const leave = 1 / burstLength;
      const enter = (leave * burstLoss) / (1 - burstLoss);
      if (this.#clock.now - this.#lastAt > BURST_PAUSE) this.#inBurst = false;
      this.#lastAt = this.#clock.now;
      this.#inBurst = this.#random.next() < (this.#inBurst ? 1 - leave : enter);
      if (this.#inBurst) return true;
    }
    return loss > 0 && this.#random.next() < loss;
  }

  /**
   * Flips bits that lie close together, as on a wire; false if the check sum tells. It always does, for the one
   * pattern that it cannot see, sixteen zeros turned into ones, does not happen here.
   */
  #corrupt(datagram: Uint8Array): boolean {
    const before = internetChecksum(datagram);
    const at = this.#random.below(datagram.length - 1);
    const bits = 1 + this.#random.below(0xfffe);
    datagram[at]! ^= bits >>> 8;
    datagram[at + 1]! ^= bits;
    this.counters.corrupted += 1;
    return !this.conditions.checksum || internetChecksum(datagram) === before;
  }
}

/** RFC 1071 */
function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
