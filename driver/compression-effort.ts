/** Part of the time that thorough compression may take, … */
const SHARE = 0.25;
/** … of which so much is saved up at most, milliseconds. */
const MOST_CREDIT = 20;
/** Where so small a part of the bytes could be compressed thoroughly, the link is too fast for it to matter … */
const LEAST_PART = 0.5;
/** … as seen over such a time, and for such a time. Milliseconds. */
const SPAN = 1000;
const PAUSE = 10_000;
/** Milliseconds for each byte, before anything has been measured. */
const FIRST_COST = 1 / 25_000;

/**
 * Decides which blocks are compressed thoroughly, at ten times the cost for a quarter fewer bytes: on a slow link there is
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

  /** Whether there is time for a block of `length` bytes; if so, `spent` follows. */
  allows(now: number, length: number): boolean {
    this.#credit = Number.isNaN(this.#now)
      ? MOST_CREDIT
      : Math.min(MOST_CREDIT, this.#credit + (now - this.#now) * SHARE);
    this.#now = now;
    if (now < this.#pauseEnd) return false;
    if (now >= this.#spanEnd) this.#judge(now);
    const allowed = now >= this.#pauseEnd && this.#cost * length <= this.#credit;
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
    if (this.#thorough < this.#bytes * LEAST_PART) this.#pauseEnd = now + PAUSE;
    this.#bytes = 0;
    this.#thorough = 0;
    this.#spanEnd = now + SPAN;
  }
}
