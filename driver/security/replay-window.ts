/** So far behind the highest number a datagram may come. A power of two, a multiple of 32. */
export const REPLAY_WINDOW = 16_384;

/** Which of the numbers up to the highest have been seen: each datagram is taken once (RFC 6479's ring of bits). */
export class ReplayWindow {
  /** -1: none yet. */
  highest = -1;
  readonly #seen = new Uint32Array(REPLAY_WINDOW / 32 + 1);

  /** Whether the number may be new; its datagram still has to be authentic. */
  fresh(number: number): boolean {
    if (number > this.highest) return true;
    if (this.highest - number >= REPLAY_WINDOW) return false;
    return (this.#seen[this.#word(number)]! & (1 << (number % 32))) === 0;
  }

  /** The datagram is authentic. */
  add(number: number): void {
    if (number > this.highest) {
      const words = Math.floor(number / 32) - Math.floor(this.highest / 32);
      for (let i = 0; i < Math.min(words, this.#seen.length); i += 1)
        this.#seen[this.#word(number - i * 32)] = 0;
      this.highest = number;
    }
    this.#seen[this.#word(number)]! |= 1 << (number % 32);
  }

  /** There is a word more than the window needs, so that clearing the newest leaves the oldest whole. */
  #word(number: number): number {
    return Math.floor(number / 32) % this.#seen.length;
  }
}
