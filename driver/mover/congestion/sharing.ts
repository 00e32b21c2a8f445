import type { ContestRound } from "./contest.js";
import { FairWindow } from "./fair-window.js";

/** Rounds after a loss in which the queue is watched, but for the first, and no further loss is heeded. */
const WATCHED_ROUNDS = 3;
const BLIND_ROUNDS = 1;
/** By this part a window shrinks for a loss. */
const DECREASE = 0.3;
/** What we take of the link at least, beside others that do not give way. */
const LEAST_SHARE = 0.42;
/** Rounds in which no loss is heeded after others have not; twice as many each time, for every trial costs a part. */
const DEAF_ROUNDS = 16;
const MOST_DEAF_ROUNDS = 64;
/** So much may the window grow meanwhile. */
const DEAF_GROWTH = 2;
/** In flight for what is delivered at most, while no loss is heeded. */
const HELD_GAIN = 2.5;
/** A queue of so many round trips may be one that the BBR family keeps, whose window is so many times the product. */
const PATIENT_QUEUE = 1.25;
const PATIENT_GAIN = 2;
const LOSS_MARGIN = 1.5;

/** How to get one's part of a queue that others fill, and no more. */
export class Sharing {
  readonly #datagram: number;
  readonly #fair: FairWindow;
  /** Since the last loss that was heeded. */
  #rounds = 0;
  /** Left in which none is heeded. */
  #deafRounds = 0;
  #deafness = DEAF_ROUNDS;
  #mostDeaf = 0;
  #windowBefore = 0;
  #queueBefore = 0;
  #queueAfter = 0;
  #lastQueue = 0;
  #pausedAt = 0;

  /** `datagram`: a full one's bytes on the wire. */
  constructor(datagram: number) {
    this.#datagram = datagram;
    this.#fair = new FairWindow(datagram);
  }

  get window(): number {
    return this.#fair.bytes;
  }

  begin(now: number, bytes: number): void {
    this.#fair.begin(now, bytes);
    this.#rounds = WATCHED_ROUNDS;
    this.#deafRounds = 0;
    this.#lastQueue = 0;
  }

  /** A round of `length` has ended in which the window was used, and so much was sent and lost. */
  onRound(round: ContestRound, length: number, sent: number, lost: number): void {
    const { now, ownLoss, roundTrip, queue } = round;
    const lossy = lost > sent * ownLoss * LOSS_MARGIN + this.#datagram / 2;
    if (this.#deafRounds > 0) {
      this.#deafRounds -= 1;
      const held = this.#held(round);
      if (this.window > held) this.#fair.begin(now, held);
      else if (this.window < Math.min(this.#mostDeaf, this.#patient(round)))
        this.#fair.grow(now, roundTrip + queue, length);
      else this.#fair.pause(length);
    } else if (lossy && this.#rounds >= WATCHED_ROUNDS) {
      this.#windowBefore = this.window;
      this.#queueBefore = Math.max(queue, this.#lastQueue);
      this.#queueAfter = 0;
      this.#rounds = 0;
      this.#fair.onLoss(now);
    } else {
      this.#rounds += 1;
      if (this.#rounds > BLIND_ROUNDS) this.#queueAfter = Math.max(this.#queueAfter, queue);
      if (this.#rounds === WATCHED_ROUNDS) this.#judge(round);
      else if (this.window > this.#patient(round)) this.#fair.pause(length);
      else this.#fair.grow(now, roundTrip + queue, length);
    }
    this.#lastQueue = queue;
  }

  /** The queue did not go away. */
  resume(now: number): void {
    this.#fair.pause(now - this.#pausedAt);
  }

  pause(now: number): void {
    this.#pausedAt = now;
  }

  /**
   * Of the decrease the queue shows our share, and that of the others who have heeded the loss as well. If it hardly
   * shows, we have little, and the others do not heed losses: it is taken back.
   */
  #judge(round: ContestRound): void {
    const decrease = (this.#queueBefore - this.#queueAfter) / (round.roundTrip + this.#queueBefore);
    if (decrease >= DECREASE * LEAST_SHARE) {
      this.#deafness = DEAF_ROUNDS;
      return;
    }
    this.#fair.begin(round.now, Math.min(this.#windowBefore, this.#held(round)));
    this.#deafRounds = this.#deafness;
    this.#mostDeaf = this.window * DEAF_GROWTH;
    this.#deafness = Math.min(2 * this.#deafness, MOST_DEAF_ROUNDS);
  }

  /** In flight at most while no loss is heeded. */
  #held({ delivered, roundTrip, queue }: ContestRound): number {
    return HELD_GAIN * delivered * (roundTrip + queue);
  }

  /** In flight at most beside those who keep a queue without any loss. */
  #patient({ delivered, roundTrip, queue }: ContestRound): number {
    return PATIENT_GAIN * delivered * (roundTrip + Math.max(queue - PATIENT_QUEUE * roundTrip, 0));
  }
}
