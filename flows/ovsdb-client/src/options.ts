import type { TlsOptions } from "./net/remote.js";
import type { ColumnName, Condition, DatabaseShape, TableName } from "./operation.js";
import type { ReconnectTiming } from "./reconnect.js";

/**
 * Which rows and columns of a table to follow: all columns, or some; all rows, or those for which any one of
 * the conditions holds (in a transaction all must hold). Columns that a condition names are followed too.
 */
export type TableSelection<R> =
  | "all"
  | readonly ColumnName<R>[]
  | { readonly columns?: readonly ColumnName<R>[]; readonly where: readonly Condition<R>[] };

export type Selection<S> = { readonly [T in TableName<S>]?: TableSelection<S[T]> };

/**
 * | state          | what it means                                                    |
 * |----------------|------------------------------------------------------------------|
 * | `stopped`      | before `start`, after `stop`                                     |
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
  /**
   * Milliseconds without a byte from the server until it is probed, and as long again for its answer; 0:
   * never. Default: 5000.
   */
  probeInterval?: number;
  /** Milliseconds; see `Reconnect`. */
  reconnect?: Partial<Omit<ReconnectTiming, "probeInterval">>;
  /** Milliseconds for a request where the call does not say. Default: 10000. */
  timeout?: number;
  /** Greatest length of a message, and of what may wait to be sent, in bytes. Default: 256 MiB. */
  messageLimit?: number;
  /** Random numbers from 0 to 1, for the order of the remotes. Default: `Math.random`. */
  random?: () => number;
}

export interface CallOptions {
  /** Milliseconds. Default: the database's `timeout`. */
  timeout?: number;
  signal?: AbortSignal;
}

export interface WaitOptions extends CallOptions {
  /** What is waited for, for the error. */
  what?: string;
}
