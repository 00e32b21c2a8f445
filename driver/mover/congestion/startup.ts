import type { Rounds } from "./rounds.js";

/** A round that brings less than this has found the limit … */
const GROWTH = 1.25;
/** … if it is not the only one. */
const PLATEAU_ROUNDS = 3;
/** So does a measurement that brings less than this while there is a queue … */
const QUICK_GROWTH = 1.1;
/** … if it is not the only one. */
const QUEUED_MEASUREMENTS = 2;
/**
 * The link was busy, although the source paused, if what arrived was sent in less than this part of the time that it
 * took, and is at least this part of what was delivered before, and of what was tried first: of a source that trickles a
 * peer that pauses would make a slow link.
 */
const BUNCHED = 0.8;
const LEAST = 0.5;

/**
 * Looks for the link's limit while the rate grows. Hardly any source keeps up with that, so one that pauses says
 * nothing; but a queue that grows while no more comes through does. Bytes and milliseconds.
 */
export class Startup {
  #plateau = 0;
  #fullRate = 0;
  #queued = 0;
  /** What came with the last measurement, and the greatest rate of one that is no more together with the one before. */
  #arrived = 0;
  #arrivalTime = 0;
  #steadyRate = 0;
  readonly #firstRate: number;

  /** `firstRate`: what was tried first. */
  constructor(firstRate: number) {
    this.#firstRate = firstRate;
  }

  /** `rate`: what is delivered by now. */
  begin(rate: number): void {
    this.#fullRate = rate;
    this.#steadyRate = rate;
    this.#plateau = 0;
    this.#queued = 0;
  }

  /** The limit seems to have been found: the queue should not be made longer until that is certain. */
  get doubtful(): boolean {
    return this.#queued > 0;
  }

  get done(): boolean {
    return this.#plateau >= PLATEAU_ROUNDS || this.#queued >= QUEUED_MEASUREMENTS;
  }

  /**
   * What the link delivers, if `greatest` was measured. The greatest of many short measurements is one of what came late
   * and in a bunch; together with the one before it is not.
   */
  limit(greatest: number): number {
    return Math.min(greatest, this.#steadyRate);
  }

  /** `queued`: there was a queue all the time. `delivered`: the greatest rate before this measurement. */
  onMeasurement(rounds: Rounds, queued: boolean, delivered: number): void {
    const { rate, idle, arrived, arrivalTime, sendingTime } = rounds;
    const ofTwo = (arrived + this.#arrived) / (arrivalTime + this.#arrivalTime);
    this.#steadyRate = Math.max(this.#steadyRate, Math.min(rate, ofTwo));
    this.#arrived = arrived;
    this.#arrivalTime = arrivalTime;
    const enough = LEAST * Math.max(delivered, this.#firstRate);
    const busy = !idle || (sendingTime < BUNCHED * arrivalTime && rate >= enough);
    if (rate >= delivered * QUICK_GROWTH) this.#queued = 0;
    else if (queued && busy) this.#queued += 1;
    else if (!idle) this.#queued = 0;
  }

  /** After a round in which the source did not pause. `queued`: there was a queue all the time. */
  onRound(queued: boolean, delivered: number): void {
    if (delivered >= this.#fullRate * GROWTH) {
      this.#fullRate = delivered;
      this.#plateau = 0;
    } else this.#plateau += queued ? PLATEAU_ROUNDS : 1;
  }
}
