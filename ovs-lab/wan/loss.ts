import type { Random } from "./random.js";

/** Losses in runs: `share` of all frames in the long run, in bursts of `length` frames on average. */
export interface BurstLoss {
  /** 0 to below length / (length + 1), which is as often as bursts of that length can follow each other. */
  readonly share: number;
  /** At least 1. */
  readonly length: number;
}

/**
 * Gilbert's two-state chain (E. N. Gilbert, "Capacity of a burst-noise channel", 1960), stepped once a frame:
 *
 *          p                      p = r · share / (1 − share)
 *   good ─────► bad  (all lost)   r = 1 / length
 *    ▲           │
 *    └─────r─────┘
 */
export class BurstLossChain {
  readonly #random: Random;
  readonly #toBad: number;
  readonly #toGood: number;
  #bad = false;

  constructor({ share, length }: BurstLoss, random: Random) {
    this.#random = random;
    this.#toGood = 1 / length;
    this.#toBad = (this.#toGood * share) / (1 - share);
  }

  /** Whether the next frame is lost. */
  next(): boolean {
    const draw = this.#random();
    this.#bad = this.#bad ? draw >= this.#toGood : draw < this.#toBad;
    return this.#bad;
  }
}
