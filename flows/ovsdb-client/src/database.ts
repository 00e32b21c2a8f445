import { EventEmitter } from "node:events";
import type { Json } from "./json/value.js";
import { type Lock, Locks } from "./lock.js";
import type { DatabaseSchema } from "./model/schema.js";
import type { AnySelection } from "./monitor.js";
import { Connection } from "./net/connection.js";
import { parseRemotes } from "./net/remote.js";
import type { AnyDatabase, DatabaseShape, Operation } from "./operation.js";
import type { CallOptions, DatabaseOptions, DatabaseState, Selection, WaitOptions } from "./options.js";
import { type Outcome, OutcomeUnknownError } from "./outcome.js";
import type { Change, Replica } from "./replica.js";
import { DeadlineError, NotConnectedError, ProtocolError, RpcError } from "./rpc/errors.js";
import type { RpcPeer } from "./rpc/peer.js";
import { Session, SessionMemory } from "./session.js";
import { type OperationResult, operationsToJson, parseResults, TransactionError } from "./transaction.js";

export interface DatabaseEvents<S extends DatabaseShape> {
  /** After an update has been applied as a whole. */
  change: [changes: readonly Change<S>[]];
  /** `reason` says why it came to this, in words. */
  state: [state: DatabaseState, reason: string];
}

/**
 * A database on an OVSDB server: a replica of what was selected, kept up over reconnections, and
 * transactions.
 */
export class Database<S extends DatabaseShape = AnyDatabase> extends EventEmitter<DatabaseEvents<S>> {
  readonly name: string;
  readonly #leaderOnly: boolean;
  readonly #timeout: number;
  readonly #memory = new SessionMemory();
  readonly #connection: Connection;
  readonly #locks: Locks;
  #tables: Selection<S>;
  #state: DatabaseState = "stopped";
  #reason = "not started";
  #session: Session | undefined;
  #schema: DatabaseSchema | undefined;
  #missing: readonly string[] = [];

  /** Throws `RemoteError` where a remote cannot be understood. */
  constructor(options: DatabaseOptions<S>) {
    super();
    // Each `waitFor` listens.
    this.setMaxListeners(0);
    this.name = options.database;
    this.#tables = options.tables;
    this.#leaderOnly = options.leaderOnly ?? true;
    this.#timeout = options.timeout ?? 10_000;
    const probe = options.probeInterval === undefined ? {} : { probeInterval: options.probeInterval };
    this.#connection = new Connection(
      {
        remotes: shuffle(parseRemotes(options.remotes), options.random ?? Math.random),
        tls: options.tls,
        timing: { ...options.reconnect, ...probe },
        limit: options.messageLimit ?? 256 * 2 ** 20,
      },
      {
        connecting: (remote) => this.#enter("connecting", remote),
        open: (peer, remote) => this.#open(peer, remote),
        notification: (notification) => {
          this.#session?.receive(notification);
          this.#locks.receive(notification);
        },
        closed: (reason) => this.#closed(reason),
      },
    );
    this.#locks = new Locks(this.#timeout, (error) => this.#connection.drop(error));
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

  /**
   * Tables (`T`) and columns (`T.C`) that were selected and that this server does not have; it may be older.
   */
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
    await this.waitFor(() => true, { ...options, what: "ready" });
  }

  /**
   * Resolves with the first value of `probe` that is neither `undefined` nor `false`: tried at once and after
   * each update, while the replica is what the server has. Rejects with `DeadlineError`, or the signal's
   * reason, or what `probe` throws, or `NotConnectedError` when it is stopped.
   */
  waitFor<T>(probe: (replica: Replica<S>) => T | undefined | false, options: WaitOptions = {}): Promise<T> {
    const { timeout = this.#timeout, signal, what = "wait" } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.off("change", look).off("state", entered);
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
      const entered = (state: DatabaseState) => {
        if (state === "stopped") end(() => reject(new NotConnectedError(this.#describe())));
        else look();
      };
      const abort = () => end(() => reject(signal?.reason));
      const timer = setTimeout(() => {
        end(() => reject(new DeadlineError(`${what} (${this.#describe()})`, timeout)));
      }, timeout);
      signal?.addEventListener("abort", abort, { once: true });
      this.on("change", look).on("state", entered);
      look();
    });
  }

  /** Follows something else from now on. Resolves when the replica has it; only what differs is a change. */
  async follow(tables: Selection<S>, options: CallOptions = {}): Promise<void> {
    this.#tables = tables;
    this.#memory.forget();
    try {
      await this.#session?.follow(tables as AnySelection);
    } catch (error) {
      // The next connection begins with it.
      if (!(error instanceof NotConnectedError)) throw error;
    }
    await this.ready(options);
  }

  /**
   * Runs a transaction: all of it or nothing. When it resolves, the replica has what it did. Throws
   * `TransactionError` or `RpcError` (refused), `OutcomeUnknownError` (unknown), `NotConnectedError` or
   * `ModelError` (not sent).
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
      if (this.#state !== "synchronised" || !schema) throw new NotConnectedError(this.#describe());
      params = [this.name, ...operationsToJson(schema, operations)];
    } catch (error) {
      return { state: "unsent", error: error as Error };
    }
    try {
      const decode = (reply: Json) => parseResults(schema, operations, reply);
      return { state: "committed", results: await this.#request("transact", params, options, decode) };
    } catch (error) {
      if (error instanceof TransactionError || error instanceof RpcError) return { state: "refused", error };
      return { state: "unknown", error: new OutcomeUnknownError(error) };
    }
  }

  /** Stands in line for a lock of the server's, now and after each reconnection, until it is released. */
  lock(name: string): Lock {
    return this.#locks.add(name);
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
    return this.call("get_schema", [database], options);
  }

  /**
   * Any method of the server's (ovsdb-server(7)). Rejects with `RpcError`, `DeadlineError`,
   * `NotConnectedError`.
   */
  call(method: string, params: Json[], options: CallOptions = {}): Promise<Json> {
    return this.#request(method, params, options, (result) => result);
  }

  async #request<T>(
    method: string,
    params: Json[],
    options: CallOptions,
    decode: (result: Json) => T,
  ): Promise<T> {
    const peer = this.#connection.peer;
    if (!peer) throw new NotConnectedError(this.#describe());
    return peer.request(method, params, {
      timeout: options.timeout ?? this.#timeout,
      signal: options.signal,
      decode,
    });
  }

  #open(peer: RpcPeer, remote: string): void {
    this.#enter("checking", remote);
    const options = {
      database: this.name,
      selection: this.#tables as AnySelection,
      leaderOnly: this.#leaderOnly,
      timeout: this.#timeout,
    };
    const session = new Session(peer, options, this.#memory, {
      loading: () => this.#enter("loading", remote),
      synchronised: (schema, plan, changes) => {
        this.#schema = schema;
        this.#missing = plan.missing;
        this.#locks.begin(peer);
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

  #closed(reason: Error): void {
    this.#session = undefined;
    if (this.#state !== "stopped") this.#enter("waiting", reason.message);
    this.#locks.end();
  }

  #describe(): string {
    return `${this.name} is ${this.#state}: ${this.#reason}`;
  }

  #changed(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#safely(() => this.emit("change", changes as unknown as readonly Change<S>[]));
  }

  #enter(state: DatabaseState, reason: string): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#safely(() => this.emit("state", state, reason));
  }

  /** A listener that throws is its owner's affair, as ever in Node, but must not leave us halfway. */
  #safely(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
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
