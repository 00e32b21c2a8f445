import type { Message } from "../model/message.js";
import type { FeaturesReply } from "../model/switch.js";
import type { Version } from "../version.js";
import { dial, type TlsOptions } from "./dial.js";
import { DisconnectedError, RequestTimeoutError } from "./errors.js";
import { Peer } from "./peer.js";
import { Reconnect } from "./reconnect.js";
import { Session, type SessionOptions } from "./session.js";
import type { Transaction } from "./transaction.js";

export interface ConnectionOptions extends SessionOptions {
  /** `unix:PATH`, `tcp:HOST[:PORT]` or `ssl:HOST[:PORT]`. */
  readonly address: string;
  readonly tls?: TlsOptions;
  /** Milliseconds between attempts, doubled from the least to the greatest (default 500 to 8000). */
  readonly minBackoff?: number;
  readonly maxBackoff?: number;
  /** Milliseconds that an attempt may take, handshake included (default 10000). */
  readonly connectTimeout?: number;
}

const now = () => performance.now();

/**
 * A connection to a switch that comes back by itself. Nothing of a request outlives the session it was sent in: at
 * every `up` the switch may be another, or the same without its flows.
 */
export class Connection extends Peer {
  readonly requestTimeout: number;
  readonly #options: ConnectionOptions;
  readonly #reconnect: Reconnect;
  #session: Session | undefined;
  #attempt: AbortController | undefined;
  readonly #abandoned = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #lastError: Error | undefined;

  constructor(options: ConnectionOptions) {
    super();
    const { minBackoff = 500, maxBackoff = 8000, connectTimeout = 10_000, requestTimeout = 10_000 } = options;
    this.#options = options;
    this.requestTimeout = requestTimeout;
    this.#reconnect = new Reconnect({ minBackoff, maxBackoff, connectTimeout });
  }

  get version(): Version | undefined {
    return this.#session?.version;
  }

  /** "void" before `open` and after `close`. */
  get state(): Reconnect["state"] {
    return this.#reconnect.state;
  }

  /** Why the last attempt failed or the last session ended. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Begins to connect, and keeps on until `close`. Fulfilled when it is up; rejected by `close`. */
  open(): Promise<FeaturesReply> {
    const up = new Promise<FeaturesReply>((resolve, reject) => {
      this.once("up", resolve);
      this.#abandoned.signal.addEventListener("abort", () => reject(this.#abandoned.signal.reason), {
        once: true,
      });
    });
    this.#reconnect.enable(now());
    this.#run();
    return up;
  }

  /** Ends the connection for good; open requests fail. */
  close(): void {
    const reason = new DisconnectedError("closed from this side", true);
    this.#reconnect.disable(now());
    clearTimeout(this.#timer);
    this.#attempt?.abort(reason);
    this.#abandoned.abort(reason);
  }

  send(message: Message): number {
    return this.#current().send(message);
  }

  begin(transaction: Transaction): number {
    return this.#current().begin(transaction);
  }

  forget(xid: number): void {
    this.#session?.forget(xid);
  }

  async drained(): Promise<void> {
    await this.#session?.drained();
  }

  #current(): Session {
    if (this.#session?.version !== undefined) return this.#session;
    const why = this.#lastError ? `: ${this.#lastError.message}` : "";
    throw new DisconnectedError(`not connected to ${this.#options.address}${why}`, false, this.#lastError);
  }

  #run(): void {
    clearTimeout(this.#timer);
    const action = this.#reconnect.run(now());
    if (action === "connect") void this.#connect();
    else if (action === "abandon") {
      this.#attempt?.abort(
        new RequestTimeoutError(`the connection to ${this.#options.address}`, this.#connectTimeout()),
      );
    }
    const { deadline } = this.#reconnect;
    if (deadline === undefined) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, deadline - now()));
  }

  #connectTimeout(): number {
    return this.#options.connectTimeout ?? 10_000;
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { signal } = attempt;
    let wasUp = false;
    let reason: Error;
    try {
      const session = new Session(
        await dial(this.#options.address, this.#options.tls, signal),
        this.#options,
      );
      signal.addEventListener("abort", () => session.close(signal.reason as Error), { once: true });
      session.on("message", (envelope) => this.deliver(envelope));
      session.on("undecodable", (error, bytes) => this.emit("undecodable", error, bytes));
      const features = await session.ready;
      this.#session = session;
      wasUp = true;
      this.#reconnect.connected(now());
      this.#run();
      this.emit("up", features);
      reason = await session.closed;
    } catch (error) {
      reason = error as Error;
    }
    this.#over(attempt, reason, wasUp);
  }

  #over(attempt: AbortController, reason: Error, wasUp: boolean): void {
    if (this.#attempt !== attempt) return;
    this.#session = undefined;
    this.#lastError = reason;
    this.#reconnect.disconnected(now());
    if (wasUp) this.emit("down", reason);
    else if (this.state !== "void")
      this.emit("retry", reason, Math.max(0, (this.#reconnect.deadline ?? now()) - now()));
    this.#run();
  }
}
