/** A configured ceiling: once it is passed nothing new is taken, until there is half of it again. */
export class Ceiling {
  readonly limit: number;
  #passed = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  get passed(): boolean {
    return this.#passed;
  }

  /** Holds a figure against it. */
  look(figure: number): void {
    this.#passed = this.#passed ? figure > this.limit / 2 : figure >= this.limit;
  }
}
