/** Part of the time that thorough compression may take, … */
const SHARE = 0.5;
/** … of which so much is saved up at most, milliseconds. */
const MOST_CREDIT = 20;
/** Where so small a part of the bytes could be compressed thoroughly, the link is too fast for it to matter … */
const LEAST_PART = 0.5;
/** … as seen over such a time. Milliseconds. */
const SPAN = 1000;
/** It is let be for as long, the first time and each other time in a row for twice as long, … */
const FIRST_PAUSE = 1000;
/** … up to here. Milliseconds. */
const LONGEST_PAUSE = 30_000;
/** Milliseconds for each byte, before anything has been measured. */
const FIRST_COST = 1 / 80_000;

/**
 * Decides which blocks are compressed thoroughly, at five times the cost for a fifth fewer bytes: on a slow link there is
 * time for all of them, on a faster one for some, and where there is time for few it is better used otherwise. What
 * counts is time as it passes: on a busy processor there is less of it. Milliseconds.
 */
export class CompressionEffort {
  #credit = 0;
  #now = Number.NaN;
  #cost = FIRST_COST;
  #bytes = 0;
  #thorough = 0;
  #spanEnd = 0;
  #pauseEnd = Number.NEGATIVE_INFINITY;
  #pause = FIRST_PAUSE;

  /** Whether there is time for a block of `length` bytes; if so, `spent` follows. */
  allows(now: number, length: number): boolean {
    this.#credit = Number.isNaN(this.#now)
      ? MOST_CREDIT
      : Math.min(MOST_CREDIT, this.#credit + (now - this.#now) * SHARE);
    this.#now = now;
    if (now >= this.#spanEnd && now >= this.#pauseEnd) this.#judge(now);
    if (now < this.#pauseEnd) return false;
    const allowed = this.#cost * length <= this.#credit;
    this.#bytes += length;
    if (allowed) this.#thorough += length;
    return allowed;
  }

  /** A block of `length` bytes has taken so long. */
  spent(duration: number, length: number): void {
    this.#credit -= duration;
    this.#cost += (duration / length - this.#cost) / 8;
  }

  #judge(now: number): void {
    if (this.#thorough < this.#bytes * LEAST_PART) {
      this.#pauseEnd = now + this.#pause;
      // A block that takes longer than can be saved up would never be tried again.
      this.#cost = FIRST_COST;
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    } else if (this.#bytes > 0) this.#pause = FIRST_PAUSE;
    this.#bytes = 0;
    this.#thorough = 0;
    this.#spanEnd = now + SPAN;
  }
}
