import { Crowd } from "./crowd.js";
import { Doubt, slot } from "./doubt.js";
import { Sharing } from "./sharing.js";

/** A queue of that part of the round trip, and of that many milliseconds, may be others'. */
const CROWD_PART = 1 / 8;
const CROWD_LEAST = 3;
/** The queue is shorter than ever if it is so by this part and so many milliseconds. */
const SHORTER_PART = 0.1;
const SHORTER_LEAST = 1;
/** Milliseconds since the shortest queue was seen before the next probe. */
const PROBE_PAUSE = 5000;
/** Rounds of a probe: until what it sends less has been answered, and until it has failed. */
const PROBE_LEAST_ROUNDS = 2;
const PROBE_ROUNDS = 3;
/** Part of the bandwidth-delay product that is in flight in it. */
const PROBE_PART = 0.5;
/** Milliseconds in which those are expected back who have let a queue run empty that had never been seen so. */
const REVEALED = 10_000;
/** Rounds in which it still shows what was lost beside others. */
const AFTERMATH_ROUNDS = 3;

/**
 * | course | meaning | left when |
 * |---|---|---|
 * | free | nobody else keeps a queue here | a queue stays that should have shrunk (shared); losses are not the link's known ones (probe) |
 * | shared | others fill the queue: takes its part as they do | the queue is gone (free); it has not been seen short for long (probe) |
 * | probe | hardly sends, to see whether the queue goes away | it has (free), it has not (shared) |
 */
export type Course = "free" | "shared" | "probe";

/** What a round was like. Bytes and milliseconds. */
export interface ContestRound {
  readonly now: number;
  readonly idle: boolean;
  /** The least that was waited, and what is too much of it. */
  readonly queue: number;
  readonly excess: number;
  /** The part of the rate that was sent when the datagrams were sent that the round has answered. */
  readonly gain: number;
  /** Of the empty path, when it was last seen so, and as it is now. */
  readonly roundTrip: number;
  readonly confirmedAt: number;
  readonly smoothedRtt: number;
  /** The link's own loss, 0 … 1. */
  readonly ownLoss: number;
  /** Bytes per millisecond: the greatest of the last rounds, and the last. */
  readonly delivered: number;
  readonly latest: number;
}

/** Whether others keep the queue full, and what to do then: docs/mover.md, "Fairness". */
export class Contest {
  course: Course = "free";
  /** Bytes in flight at most, in a probe. */
  probeWindow = 0;
  readonly #crowd = new Crowd();
  readonly #doubt: Doubt;
  readonly #sharing: Sharing;
  /** Since the round began, bytes. */
  #sent = 0;
  #lost = 0;
  #roundAt = 0;
  /** Since the course was taken. */
  #rounds = 0;
  #shortest = Number.POSITIVE_INFINITY;
  #shortestAt = 0;
  #probedSlot = 0;
  #lastQueue = 0;
  #revealedAt = Number.NEGATIVE_INFINITY;

  /** `datagram`: a full one's bytes on the wire. */
  constructor(datagram: number) {
    this.#doubt = new Doubt(datagram);
    this.#sharing = new Sharing(datagram);
  }

  /** What is in flight beside others at most, bytes, acknowledgements that wait aside. */
  get sharedWindow(): number {
    return this.#sharing.window;
  }

  /** The way has become shorter than it was ever seen: what it was longer was a queue that others kept. */
  reveal(now: number): void {
    this.#revealedAt = now;
  }

  /** They will be back: what they leave for a moment is not ours. */
  expects(now: number): boolean {
    return now - this.#revealedAt < REVEALED;
  }

  /** What is lost is lost by the link itself. */
  trusts(now: number): boolean {
    return this.#doubt.trusts(now);
  }

  onSent(bytes: number): void {
    this.#sent += bytes;
  }

  onLost(bytes: number): void {
    this.#lost += bytes;
  }

  /** The limit is being looked for, or the session is new: what the queue does says nothing. */
  clear(now: number): void {
    this.course = "free";
    this.#rounds = AFTERMATH_ROUNDS;
    this.#crowd.clear();
    this.#doubt.clear();
    this.#roundAt = now;
    this.#sent = 0;
    this.#lost = 0;
  }

  onRound(round: ContestRound): void {
    const { now, queue } = round;
    const length = now - this.#roundAt;
    const [sent, lost] = [this.#sent, this.#lost];
    this.#roundAt = now;
    this.#sent = 0;
    this.#lost = 0;
    // Without a time on the way that was measured nothing can be said.
    if (!Number.isFinite(queue)) return;
    this.#rounds += 1;
    if (this.course === "probe") this.#onProbe(round, length);
    else {
      this.#see(now, queue);
      if (this.course === "shared") this.#onShared(round, length, sent, lost);
      else this.#onFree(round, length, sent, lost);
    }
  }

  #onFree(round: ContestRound, length: number, sent: number, lost: number): void {
    const { now, queue, roundTrip, ownLoss } = round;
    const crowd = this.#crowd;
    if (round.idle) crowd.clear();
    else {
      const excess = queue - Math.max(roundTrip * CROWD_PART, CROWD_LEAST);
      crowd.onRound(queue, excess, round.gain, length);
    }
    if (crowd.found(now)) {
      crowd.clear();
      this.#doubt.raise();
      this.#begin(round);
      this.#take("shared");
    } else if (this.#rounds <= AFTERMATH_ROUNDS) this.#doubt.clear();
    else if (this.#doubt.onRound(sent, lost, ownLoss) && !this.#doubt.trusts(now)) {
      this.#begin(round);
      this.#probe(round);
    }
  }

  #onShared(round: ContestRound, length: number, sent: number, lost: number): void {
    const { now, confirmedAt, excess } = round;
    const seenAt = Math.max(this.#shortestAt, confirmedAt);
    if (excess <= 0) {
      this.#crowd.leave(now);
      this.#take("free");
    } else if (slot(now) > this.#probedSlot && now - seenAt > PROBE_PAUSE) this.#probe(round);
    else this.#sharing.onRound(round, length, sent, lost);
  }

  #onProbe({ now, queue, excess, roundTrip }: ContestRound, length: number): void {
    // Alone, the queue is gone in as much time as was waited in it.
    const draining = queue < this.#lastQueue - length / 2;
    this.#lastQueue = queue;
    if (excess > 0 && (draining || this.#rounds < PROBE_ROUNDS)) return;
    if (this.#rounds < PROBE_LEAST_ROUNDS) return;
    this.#shortest = queue;
    this.#shortestAt = now;
    this.#sharing.resume(now);
    if (excess <= 0) this.#doubt.settle(now, roundTrip);
    this.#take(excess > 0 ? "shared" : "free");
  }

  #probe({ now, queue, latest, roundTrip }: ContestRound): void {
    this.#probedSlot = slot(now);
    this.#lastQueue = queue;
    this.probeWindow = PROBE_PART * latest * roundTrip;
    this.#sharing.pause(now);
    this.#take("probe");
  }

  #begin({ now, delivered, smoothedRtt }: ContestRound): void {
    this.#sharing.begin(now, delivered * smoothedRtt);
  }

  #take(course: Course): void {
    this.course = course;
    this.#rounds = 0;
  }

  /** All who share a queue see it shortest at the same time. */
  #see(now: number, queue: number): void {
    if (queue >= this.#shortest * (1 - SHORTER_PART) - SHORTER_LEAST) return;
    this.#shortest = queue;
    this.#shortestAt = now;
  }
}
