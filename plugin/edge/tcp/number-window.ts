/** The number after this one: 1, 2, 3 … 2^32 - 1, and 1 again. */
export function numberAfter(number: number): number {
  return (number + 1) >>> 0 || 1;
}

/**
 * Which of a sequence of numbers have been seen, in about as much memory as there are gaps. As they begin again, those
 * that are more than half of them behind the latest are to come.
 */
export class NumberWindow {
  /** All up to here have been seen. */
  #floor: number;
  readonly #above = new Set<number>();
  /** Whether a number is left out, since it is still in use from the last time. */
  readonly #inUse: (number: number) => boolean;

  /** @param floor the number before the first one */
  constructor(inUse: (number: number) => boolean = () => false, floor = 0) {
    this.#inUse = inUse;
    this.#floor = floor;
  }

  has(number: number): boolean {
    return ((number - this.#floor) | 0) <= 0 || this.#above.has(number);
  }

  add(number: number): void {
    if (this.has(number)) return;
    this.#above.add(number);
    let next = numberAfter(this.#floor);
    while (this.#above.delete(next) || this.#inUse(next)) {
      this.#floor = next;
      next = numberAfter(next);
    }
  }
}
