/** How much more than the rate is tried, as a part of it. */
const GREATEST = 0.25;
const LEAST = 0.03;
/** If so much of a whole push comes through, and no queue grows, the link has become faster. */
const SUCCESS = 0.7;
/** Rounds between two, … */
const ROUNDS = 6;
/** … after one that came through, and after start-up, which may have ended for a moment's hindrance. */
const ROUNDS_SOON = 2;
/** Lost in a push, beyond what the link loses of its own, and yet chance. */
const CHANCE = 0.005;

/** How strongly, and how often, more than the rate is tried. */
export class Push {
  strength = GREATEST;
  /** Rounds until the next. */
  rounds = ROUNDS_SOON;

  /** Within reach is what is at most so many times the rate. */
  static readonly reach = 1 + GREATEST;

  /** The rate from which on, if `known` was, the link must have become faster. */
  static growth(known: number): number {
    return known * (1 + GREATEST * SUCCESS);
  }

  /** The limit has been found anew. */
  begin(): void {
    this.rounds = ROUNDS_SOON;
  }

  /** One is under way: the next comes after the usual time … */
  start(): void {
    this.rounds = ROUNDS;
  }

  /** … unless most of it comes through. `rate` was measured without a queue, where `known` was the greatest. */
  onMeasurement(rate: number, known: number): void {
    if (rate >= known * (1 + this.strength * SUCCESS)) this.rounds = ROUNDS_SOON;
  }

  /** One that only made the queue overflow was too strong. `lost` of it, and of what is sent at the rate, 0 … 1. */
  judge(lost: number, lostOtherwise: number): void {
    const excess = lost - lostOtherwise - CHANCE;
    if (excess > this.strength / 4) this.strength = Math.max(this.strength / 2, LEAST);
    else if (excess < this.strength / 8) this.strength = Math.min(this.strength * 1.25, GREATEST);
  }
}
