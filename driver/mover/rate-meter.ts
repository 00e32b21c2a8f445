/** Bytes per time, over spans of at least `span` milliseconds. */
export class RateMeter {
  readonly #span: number;
  #since = Number.NaN;
  #bytes = 0;
  #rate = 0;

  constructor(span: number) {
    this.#span = span;
  }

  add(now: number, bytes: number): void {
    this.#turn(now);
    this.#bytes += bytes;
  }

  /** Bits per second in the last whole span. */
  read(now: number): number {
    this.#turn(now);
    return this.#rate;
  }

  #turn(now: number): void {
    const elapsed = now - this.#since;
    if (elapsed < this.#span) return;
    this.#rate = !Number.isNaN(elapsed) ? (this.#bytes * 8000) / elapsed : 0;
    this.#bytes = 0;
    this.#since = now;
  }
}
