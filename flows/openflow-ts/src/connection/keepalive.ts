/**
 * Whether the peer is alive, judged by what it sends. Pure: the time (milliseconds, any epoch) is an argument, and
 * `run` says what is to be done.
 *
 * | state  | entered by                | `run` says                                                            |
 * |--------|---------------------------|-----------------------------------------------------------------------|
 * | active | bytes received            | `probe` when nothing came for an interval; then it is idle            |
 * | idle   | the probe that was sent   | `expire` when nothing came for another interval, if a receive was attempted since |
 *
 * A process that was blocked finds its deadline passed and answers that wait unread: hence nothing expires before the
 * caller has tried to receive (OVS `reconnect`).
 */
export class Keepalive {
  readonly #interval: number;
  #idle = false;
  /** When this state began. */
  #since: number;
  #attempted: number;

  constructor(intervalMilliseconds: number, now: number) {
    this.#interval = intervalMilliseconds;
    this.#since = now;
    this.#attempted = now;
  }

  get state(): "active" | "idle" {
    return this.#idle ? "idle" : "active";
  }

  /** When `run` is to be called next. */
  get deadline(): number {
    return this.#since + this.#interval;
  }

  /** Something came in. */
  received(now: number): void {
    this.#idle = false;
    this.#since = now;
    this.#attempted = now;
  }

  /** Whatever had come in by `now` has been read. */
  attempted(now: number): void {
    this.#attempted = now;
  }

  run(now: number): "probe" | "expire" | undefined {
    if (now < this.deadline) return undefined;
    if (!this.#idle) {
      this.#idle = true;
      this.#since = now;
      return "probe";
    }
    return this.#attempted >= this.deadline ? "expire" : undefined;
  }
}
