/** Which of a sequence of numbers 1, 2, 3 … have been seen, in about as much memory as there are gaps. */
export class NumberWindow {
  /** All up to here have been seen. */
  #floor = 0;
  readonly #above = new Set<number>();

  has(number: number): boolean {
    return number <= this.#floor || this.#above.has(number);
  }

  add(number: number): void {
    if (this.has(number)) return;
    this.#above.add(number);
    while (this.#above.delete(this.#floor + 1)) this.#floor++;
  }
}
