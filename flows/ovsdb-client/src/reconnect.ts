/**
 * When to connect, probe and give up: a state machine without sockets or clocks; `now` is an argument, in
 * milliseconds of any monotonic clock.
 *
 * | state        | what it waits for                                   | `run` says then | and goes to            |
 * |--------------|-----------------------------------------------------|-----------------|------------------------|
 * | `void`       | `enable`                                            |                 | `backoff`              |
 * | `backoff`    | the time to try again                               | `connect`       | `connecting`           |
 * | `connecting` | `connected`; or `connectTimeout` to pass            | `disconnect`    | `active`; `backoff`    |
 * | `active`     | `activity`; or `probeInterval` without any          | `probe`         | `active`; `idle`       |
 * | `idle`       | `activity`; or another `probeInterval` without any  | `disconnect`    | `active`; `backoff`    |
 *
 * `disconnected` (also: could not connect) goes to `backoff` from anywhere, `disable` to `void`.
 *
 * The first try is made at once, and so are `freeTries` after failures (as many as there are other remotes to
 * try). Then there is a wait before each: `minBackoff`, doubled every time up to `maxBackoff`. A connection
 * that stayed up for longer than the wait before it, and than `minBackoff`, starts the count again.
 *
 * Silence counts only once the process has looked: when it was busy for longer than the probe interval, the
 * answer may be lying in the socket. So after a deadline passes, `run` says `look`, and the caller reads what
 * is there (`activity`), says `looked`, and runs again.
 */
export class Reconnect {
  readonly #timing: ReconnectTiming;
  #state: ReconnectState = "void";
  /** Since when in this state; in `active`, since when silent. */
  #since = 0;
  #connectedAt = 0;
  #lookedAt = 0;
  #failures = 0;
  /** The wait before the next try. */
  #backoff = 0;

  constructor(timing: Partial<ReconnectTiming> = {}) {
    this.#timing = { ...DEFAULT_TIMING, ...timing };
  }

  get state(): ReconnectState {
    return this.#state;
  }

  enable(now: number): void {
    if (this.#state === "void") this.#enter("backoff", now);
  }

  disable(now: number): void {
    this.#startAgain();
    this.#enter("void", now);
  }

  connected(now: number): void {
    this.#connectedAt = now;
    this.#enter("active", now);
  }

  /** Bytes came from the other side. */
  activity(now: number): void {
    if (this.#state === "active" || this.#state === "idle") this.#enter("active", now);
  }

  /** What had arrived by `now` has been read. */
  looked(now: number): void {
    this.#lookedAt = now;
  }

  /** The connection ended, or could not be made. */
  disconnected(now: number): void {
    if (this.#state === "void") return;
    const { minBackoff, maxBackoff, freeTries } = this.#timing;
    const wasUp = this.#state === "active" || this.#state === "idle";
    if (wasUp && now - this.#connectedAt > Math.max(this.#backoff, minBackoff)) this.#startAgain();
    if (++this.#failures > freeTries) {
      this.#backoff = Math.min(Math.max(this.#backoff * 2, minBackoff), maxBackoff);
    }
    this.#enter("backoff", now);
  }

  /** When `run` has something to say next; `undefined`: not before something happens. */
  get deadline(): number | undefined {
    const { connectTimeout, probeInterval } = this.#timing;
    switch (this.#state) {
      case "void":
        return undefined;
      case "backoff":
        return this.#since + this.#backoff;
      case "connecting":
        return this.#since + connectTimeout;
      default:
        return probeInterval > 0 ? this.#since + probeInterval : undefined;
    }
  }

  /** What to do now; `undefined`: nothing until `deadline`. */
  run(now: number): ReconnectAction | undefined {
    const deadline = this.deadline;
    if (deadline === undefined || now < deadline) return undefined;
    switch (this.#state) {
      case "backoff":
        this.#enter("connecting", now);
        return "connect";
      case "connecting":
        return "disconnect";
      case "active":
        if (this.#lookedAt < deadline) return "look";
        this.#enter("idle", now);
        return "probe";
      case "idle":
        return this.#lookedAt < deadline ? "look" : "disconnect";
      default:
        return undefined;
    }
  }

  #startAgain(): void {
    this.#failures = 0;
    this.#backoff = 0;
  }

  #enter(state: ReconnectState, now: number): void {
    this.#state = state;
    this.#since = now;
  }
}

export type ReconnectState = "void" | "backoff" | "connecting" | "active" | "idle";
export type ReconnectAction = "connect" | "disconnect" | "probe" | "look";

/** Milliseconds. */
export interface ReconnectTiming {
  minBackoff: number;
  maxBackoff: number;
  connectTimeout: number;
  /** 0: never probes. */
  probeInterval: number;
  /** How many failures in a row are not followed by a wait. */
  freeTries: number;
}

const DEFAULT_TIMING: ReconnectTiming = {
  minBackoff: 100,
  maxBackoff: 8000,
  connectTimeout: 5000,
  probeInterval: 5000,
  freeTries: 0,
};
