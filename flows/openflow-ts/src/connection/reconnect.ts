export interface ReconnectOptions {
  /** Milliseconds to wait after the first failure; doubled with each further one. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** How long an attempt may take until the connection can be used. */
  readonly connectTimeout: number;
}

/**
 * When to connect. Pure: the time (milliseconds, any epoch) is an argument, and `run` says what is to be done.
 *
 * | state      | left by                       | to                                                              |
 * |------------|-------------------------------|-----------------------------------------------------------------|
 * | void       | `enable`                      | backoff, of no length                                           |
 * | backoff    | `run` when it is over         | connecting; `run` says `connect`                                |
 * | connecting | `connected`                   | up                                                              |
 * |            | `disconnected`                | backoff, twice as long as the last                              |
 * |            | `run` after `connectTimeout`  | backoff, twice as long; `run` says `abandon`                    |
 * | up         | `disconnected`                | backoff: none if it was up longer than the last backoff (which then starts over), else twice as long |
 * | any        | `disable`                     | void                                                            |
 */
export class Reconnect {
  readonly #options: ReconnectOptions;
  #state: "void" | "backoff" | "connecting" | "up" = "void";
  #since = 0;
  /** Length of the present backoff, and of the last one in other states. */
  #backoff = 0;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  get state(): "void" | "backoff" | "connecting" | "up" {
    return this.#state;
  }

  /** When `run` is to be called next; undefined if nothing is to be done by time. */
  get deadline(): number | undefined {
    if (this.#state === "backoff") return this.#since + this.#backoff;
    return this.#state === "connecting" ? this.#since + this.#options.connectTimeout : undefined;
  }

  enable(now: number): void {
    if (this.#state !== "void") return;
    this.#backoff = 0;
    this.#enter("backoff", now);
  }

  disable(now: number): void {
    this.#enter("void", now);
  }

  connected(now: number): void {
    if (this.#state === "connecting") this.#enter("up", now);
  }

  /** The attempt failed, or the connection ended. */
  disconnected(now: number): void {
    if (this.#state === "connecting") this.#fail(now);
    else if (this.#state === "up") {
      if (now - this.#since <= this.#backoff) {
        this.#fail(now);
        return;
      }
      this.#backoff = 0;
      this.#enter("backoff", now);
    }
  }

  run(now: number): "connect" | "abandon" | undefined {
    const { deadline } = this;
    if (deadline === undefined || now < deadline) return undefined;
    if (this.#state === "backoff") {
      this.#enter("connecting", now);
      return "connect";
    }
    this.#fail(now);
    return "abandon";
  }

  #fail(now: number): void {
    const { minBackoff, maxBackoff } = this.#options;
    this.#backoff = Math.min(maxBackoff, Math.max(minBackoff, this.#backoff * 2));
    this.#enter("backoff", now);
  }

  #enter(state: "void" | "backoff" | "connecting" | "up", now: number): void {
    this.#state = state;
    this.#since = now;
  }
}
