import { EventEmitter } from "node:events";
import type { Json } from "./json/value.js";
import type { AnyDatabase, ColumnName, Condition, DatabaseShape, Operation, TableName } from "./operation.js";
import type { Uuid } from "./uuid.js";

/** Which rows and columns of a table to follow: all columns, some, or some of the rows that meet the conditions. */
export type TableSelection<R> =
  | "all"
  | readonly ColumnName<R>[]
  | { readonly columns?: readonly ColumnName<R>[]; readonly where: readonly Condition<R>[] };

export type Selection<S> = { readonly [T in TableName<S>]?: TableSelection<S[T]> };

/** One row's change in an update. All changes of an update are reported together, after all have been applied. */
export type Change<S = AnyDatabase> = {
  [T in TableName<S>]:
    | { readonly table: T; readonly kind: "insert"; readonly uuid: Uuid<T>; readonly row: S[T] }
    | {
        readonly table: T;
        readonly kind: "modify";
        readonly uuid: Uuid<T>;
        readonly row: S[T];
        readonly before: S[T];
      }
    | { readonly table: T; readonly kind: "delete"; readonly uuid: Uuid<T>; readonly before: S[T] };
}[TableName<S>];

export type DatabaseState = "stopped" | "waiting" | "connecting" | "checking" | "loading" | "synchronised";

export interface DatabaseOptions<S extends DatabaseShape> {
  /** Where the servers are: `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`, several separated by commas or as an array. */
  remotes: string | readonly string[];
  /** The database's name, e.g. `Open_vSwitch`. */
  database: string;
  /** What the replica follows. */
  tables: Selection<S>;
  /** Take only a cluster's leader. Default: true. */
  leaderOnly?: boolean;
  /** Milliseconds without a byte from the server until we probe it; 0 never does. Default: 5000. */
  probeInterval?: number;
  /** Milliseconds for a request where the call gives none. Default: 10000. */
  timeout?: number;
}

export interface CallOptions {
  /** Milliseconds. */
  timeout?: number;
  signal?: AbortSignal;
}

export interface Table<R> {
  readonly size: number;
  get(uuid: string): R | undefined;
  /** The first row that meets the predicate. */
  find(predicate: (row: R) => boolean): R | undefined;
  filter(predicate: (row: R) => boolean): R[];
  [Symbol.iterator](): IterableIterator<R>;
}

/** What is known of the database. Between two updates it never changes, and it never shows half of one. */
export interface Replica<S extends DatabaseShape> {
  table<T extends TableName<S>>(name: T): Table<S[T]>;
}

/** What one operation of a committed transaction gave. */
export type OperationResult = {
  readonly uuid?: Uuid;
  readonly count?: number;
  readonly rows?: readonly Record<string, unknown>[];
};

/** What is known of a transaction. `unknown`: sent, but the connection or the time was lost before the answer. */
export type Outcome =
  | { readonly state: "committed"; readonly results: readonly OperationResult[] }
  | { readonly state: "refused"; readonly error: Error }
  | { readonly state: "unknown"; readonly error: Error }
  | { readonly state: "unsent"; readonly error: Error };

export interface DatabaseEvents<S extends DatabaseShape> {
  change: [changes: readonly Change<S>[]];
  state: [state: DatabaseState, reason: string];
}

/** A database on an OVSDB server: a replica of what was selected, kept up over reconnections, and transactions. */
export declare class Database<S extends DatabaseShape = AnyDatabase> extends EventEmitter<DatabaseEvents<S>> {
  readonly replica: Replica<S>;
  readonly state: DatabaseState;
  constructor(options: DatabaseOptions<S>);
  /** Begins to connect; returns at once, and keeps trying until `stop`. */
  start(): void;
  stop(): Promise<void>;
  /** Resolves when the replica is synchronised. */
  ready(options?: CallOptions): Promise<void>;
  /** Resolves with the first value of `probe` that is not `undefined` or `false`, tried now and after each update. */
  waitFor<T>(probe: (replica: Replica<S>) => T | undefined | false, options?: CallOptions): Promise<T>;
  /** Runs a transaction. Throws `TransactionError`, `OutcomeUnknownError` or `NotConnectedError`. */
  transact(operations: readonly Operation[], options?: CallOptions): Promise<readonly OperationResult[]>;
  /** The same, with the outcome as a value. */
  attempt(operations: readonly Operation[], options?: CallOptions): Promise<Outcome>;
  listDatabases(options?: CallOptions): Promise<string[]>;
  getSchema(database?: string, options?: CallOptions): Promise<Json>;
}
