import { EventEmitter } from "node:events";
import type { Json } from "./json/value.js";
import type { DatabaseSchema } from "./model/schema.js";
import type { AnySelection } from "./monitor.js";
import { Connection } from "./net/connection.js";
import { parseRemotes, type TlsOptions } from "./net/remote.js";
import type { AnyDatabase, ColumnName, Condition, DatabaseShape, Operation, TableName } from "./operation.js";
import type { ReconnectTiming } from "./reconnect.js";
import type { Change, Replica } from "./replica.js";
import { DeadlineError, NotConnectedError, ProtocolError, RpcError } from "./rpc/errors.js";
import { newMemory, Session, type SessionMemory } from "./session.js";
import { type OperationResult, operationsToJson, parseResults, TransactionError } from "./transaction.js";

/**
 * Which rows and columns of a table to follow: all columns, some, and all rows or those for which any one of the conditions
 * holds (in a transaction all must hold). Columns that a condition names are followed too.
 */
export type TableSelection<R> =
  | "all"
  | readonly ColumnName<R>[]
  | { readonly columns?: readonly ColumnName<R>[]; readonly where: readonly Condition<R>[] };

export type Selection<S> = { readonly [T in TableName<S>]?: TableSelection<S[T]> };

/**
 * | state          | what it means                                                    |
 * |----------------|------------------------------------------------------------------|
 * | `stopped`      | before `start`, after `stop`                                      |
 * | `waiting`      | no connection; the next try comes by itself                      |
 * | `connecting`   | to one of the remotes                                            |
 * | `checking`     | connected; finding out whether this server will do               |
 * | `loading`      | waiting for the content                                          |
 * | `synchronised` | the replica is what the server has; transactions can be sent     |
 *
 * In all but the last the replica stays as it last was.
 */
export type DatabaseState = "stopped" | "waiting" | "connecting" | "checking" | "loading" | "synchronised";

export interface DatabaseOptions<S extends DatabaseShape> {
  /** `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, several separated by commas or as an array. */
  remotes: string | readonly string[];
  /** The database's name, e.g. `Open_vSwitch`. */
  database: string;
  /** What the replica follows. */
  tables: Selection<S>;
  /** Keys for `ssl:` remotes. */
  tls?: TlsOptions;
  /** Of a cluster, take only the leader. Default: true. */
  leaderOnly?: boolean;
  /** Milliseconds without a byte from the server until it is probed, and as long again for its answer; 0: never. Default: 5000. */
  probeInterval?: number;
  /** Milliseconds; see `Reconnect`. */
  reconnect?: Partial<Omit<ReconnectTiming, "probeInterval">>;
  /** Milliseconds for a request where the call does not say. Default: 10000. */
  timeout?: number;
  /** Greatest length of a message, in bytes. Default: 256 MiB. */
  messageLimit?: number;
  /** Random numbers from 0 to 1, for the order of the remotes. Default: `Math.random`. */
  random?: () => number;
}

export interface CallOptions {
  /** Milliseconds. Default: the database's `timeout`. */
  timeout?: number;
  signal?: AbortSignal;
}

/**
 * What became of a transaction.
 *
 * `refused`: the server said no, nothing was done. `unsent`: it was never sent. `unknown`: it was sent, but the connection or the
 * time was lost before the answer; whether it was done can be seen in the replica once that is synchronised again.
 */
export type Outcome =
  | { readonly state: "committed"; readonly results: readonly OperationResult[] }
  | { readonly state: "refused"; readonly error: TransactionError | RpcError }
  | { readonly state: "unsent"; readonly error: Error }
  | { readonly state: "unknown"; readonly error: OutcomeUnknownError };

/** A transaction was sent, and what became of it is not known. */
export class OutcomeUnknownError extends Error {
  readonly code = "OUTCOME_UNKNOWN";

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the transaction was sent, but its outcome is not known: ${why}; read again, then decide`, {
      cause,
    });
    this.name = "OutcomeUnknownError";
  }
}

export interface DatabaseEvents<S extends DatabaseShape> {
  /** After an update has been applied as a whole. */
  change: [changes: readonly Change<S>[]];
  /** `reason` says why it came to this, in words. */
  state: [state: DatabaseState, reason: string];
}

/** A database on an OVSDB server: a replica of what was selected, kept up over reconnections, and transactions. */
export class Database<S extends DatabaseShape = AnyDatabase> extends EventEmitter<DatabaseEvents<S>> {
  readonly name: string;
  readonly #options: DatabaseOptions<S>;
  readonly #memory: SessionMemory = newMemory();
  readonly #connection: Connection;
  readonly #timeout: number;
  #state: DatabaseState = "stopped";
  #reason = "not started";
  #session: Session | undefined;
  #schema: DatabaseSchema | undefined;
  #missing: readonly string[] = [];

  /** Throws `RemoteError` where a remote cannot be understood. */
  constructor(options: DatabaseOptions<S>) {
    super();
    this.name = options.database;
    this.#options = options;
    this.#timeout = options.timeout ?? 10_000;
    const random = options.random ?? Math.random;
    this.#connection = new Connection(
      {
        remotes: shuffle(parseRemotes(options.remotes), random),
        tls: options.tls,
        timing: {
          ...options.reconnect,
          ...(options.probeInterval !== undefined && { probeInterval: options.probeInterval }),
        },
        limit: options.messageLimit ?? 256 * 2 ** 20,
      },
      {
        connecting: (remote) => this.#enter("connecting", remote),
        open: (peer, remote) => this.#open(peer, remote),
        notification: (notification) => this.#session?.receive(notification),
        closed: (reason) => {
          this.#session = undefined;
          if (this.#state !== "stopped") this.#enter("waiting", reason.message);
        },
      },
    );
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Why it is in its state, in words. */
  get reason(): string {
    return this.#reason;
  }

  get replica(): Replica<S> {
    return this.#memory.store as unknown as Replica<S>;
  }

  /** The server's schema, as last seen. */
  get schema(): DatabaseSchema | undefined {
    return this.#schema;
  }

  /** Tables (`T`) and columns (`T.C`) that were selected and that this server does not have; it may be older. */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /** Begins to connect; returns at once, and keeps trying until `stop`. */
  start(): void {
    if (this.#state !== "stopped") return;
    this.#enter("waiting", "starting");
    this.#connection.start();
  }

  /** Ends the connection. The replica stays as it is. `start` may follow. */
  stop(): void {
    this.#enter("stopped", "stopped by the caller");
    this.#connection.stop();
  }

  /** Resolves when the replica is what the server has. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.waitFor(() => true, options);
  }

  /**
   * Resolves with the first value of `probe` that is neither `undefined` nor `false`: tried at once and after each update, while
   * the replica is what the server has. Rejects with `DeadlineError`, or the signal's reason, or what `probe` throws.
   */
  waitFor<T>(
    probe: (replica: Replica<S>) => T | undefined | false,
    { timeout = this.#timeout, signal, what = "wait" }: CallOptions & { what?: string } = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.off("change", look).off("state", look);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      const look = () => {
        if (this.#state !== "synchronised") return;
        try {
          const value = probe(this.replica);
          if (value !== undefined && value !== false) end(() => resolve(value));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const abort = () => end(() => reject(signal?.reason));
      const timer = setTimeout(() => {
        end(() =>
          reject(new DeadlineError(`${what} (${this.name} is ${this.#state}: ${this.#reason})`, timeout)),
        );
      }, timeout);
      signal?.addEventListener("abort", abort, { once: true });
      this.on("change", look).on("state", look);
      look();
    });
  }

  /**
   * Runs a transaction: all of it or nothing. When it resolves, the replica has what it did. Throws `TransactionError` or `RpcError`
   * (refused), `OutcomeUnknownError` (unknown), `NotConnectedError` or `ModelError` (not sent).
   */
  async transact(
    operations: readonly Operation[],
    options: CallOptions = {},
  ): Promise<readonly OperationResult[]> {
    const outcome = await this.attempt(operations, options);
    if (outcome.state === "committed") return outcome.results;
    throw outcome.error;
  }

  /** Runs a transaction; what became of it is a value. Does not throw. */
  async attempt(operations: readonly Operation[], options: CallOptions = {}): Promise<Outcome> {
    const schema = this.#schema;
    let params: Json[];
    try {
      options.signal?.throwIfAborted();
      if (this.#state !== "synchronised" || !schema) throw this.#notConnected();
      params = [this.name, ...operationsToJson(schema, operations)];
    } catch (error) {
      return { state: "unsent", error: error as Error };
    }
    try {
      const results = await this.#request("transact", params, options, (reply) => {
        return parseResults(schema, operations, reply);
      });
      return { state: "committed", results };
    } catch (error) {
      if (error instanceof TransactionError || error instanceof RpcError) return { state: "refused", error };
      return { state: "unknown", error: new OutcomeUnknownError(error) };
    }
  }

  /** The server's databases. */
  listDatabases(options: CallOptions = {}): Promise<string[]> {
    return this.#request("list_dbs", [], options, (result) => {
      if (!Array.isArray(result)) throw new ProtocolError("list_dbs: the reply must be an array");
      return result.map(String);
    });
  }

  /** A database's schema as JSON (RFC 7047 §3.2). */
  getSchema(database = this.name, options: CallOptions = {}): Promise<Json> {
    return this.#request("get_schema", [database], options, (result) => result);
  }

  async #request<T>(
    method: string,
    params: Json[],
    options: CallOptions,
    decode: (result: Json) => T,
  ): Promise<T> {
    const peer = this.#connection.peer;
    if (!peer) throw this.#notConnected();
    return peer.request(method, params, {
      timeout: options.timeout ?? this.#timeout,
      signal: options.signal,
      decode,
    });
  }

  #notConnected(): NotConnectedError {
    return new NotConnectedError(`${this.name} is ${this.#state}: ${this.#reason}`);
  }

  #open(peer: ConstructorParameters<typeof Session>[0], remote: string): void {
    this.#enter("checking", remote);
    const options = {
      database: this.name,
      selection: this.#options.tables as AnySelection,
      leaderOnly: this.#options.leaderOnly ?? true,
      timeout: this.#timeout,
    };
    const session = new Session(peer, options, this.#memory, {
      loading: () => this.#enter("loading", remote),
      synchronised: (schema, plan, changes) => {
        this.#schema = schema;
        this.#missing = plan.missing;
        this.#enter("synchronised", remote);
        this.#changed(changes);
      },
      changed: (changes) => this.#changed(changes),
      failed: (error) => {
        if (this.#session === session) this.#connection.drop(error);
      },
    });
    this.#session = session;
    session.start();
  }

  #changed(changes: readonly Change[]): void {
    if (changes.length > 0) this.emit("change", changes as unknown as readonly Change<S>[]);
  }

  #enter(state: DatabaseState, reason: string): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    this.emit("state", state, reason);
  }
}

/** So that not all clients lean on the server that the configuration names first (Fisher and Yates). */
function shuffle<T>(list: readonly T[], random: () => number): T[] {
  const shuffled = [...list];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}
