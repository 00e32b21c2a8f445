import { EXAMINE_INTERVAL, STUCK_AFTER } from "./constants.js";
import type { DownReason } from "./contract.js";
import type { Receiver } from "./receiver.js";
import type { Sender } from "./sender.js";

/** Looks now and then whether a session can still go on. */
export class Examination {
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  #at = Number.NEGATIVE_INFINITY;
  #lowest = 0;
  /** Since when the lowest segment that is missing has been that, and too long for the path. */
  #stuckSince = 0;

  constructor(sender: Sender, receiver: Receiver) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /**
   * Why it cannot, if it cannot. `whole`: longer datagrams go in fragments, which may not get through; infinite while that
   * is not known, for nothing does.
   */
  failure(now: number, whole: number): DownReason | undefined {
    if (now < this.#at + EXAMINE_INTERVAL) return undefined;
    this.#at = now;
    if (this.#receiver.contradictory) return "corrupt";
    const { lowest } = this.#sender.window;
    if (lowest !== this.#lowest || this.#sender.oldestBytes <= whole) this.#stuckSince = now;
    this.#lowest = lowest;
    return now >= this.#stuckSince + STUCK_AFTER ? "timeout" : undefined;
  }
}
