import type { Integer } from "./json/value.js";
import type { AnyRow } from "./operation.js";

/** The database in which a server says what databases it has (ovsdb-server(5)). */
export const SERVER_DATABASE = "_Server";

export const SERVER_SELECTION = {
  Database: ["name", "model", "connected", "leader", "schema", "cid", "index"],
} as const;

/** The row of one database in `_Server`, as far as the server knows the columns. */
export interface ServedDatabase extends AnyRow {
  readonly name: string;
  readonly model: string;
  /** To its cluster, or to what it relays. */
  readonly connected: boolean;
  readonly leader: boolean;
  /** JSON text; absent while the server does not have it. */
  readonly schema: string | undefined;
  readonly cid: string | undefined;
  /** How far the server has come in the cluster's log. */
  readonly index: Integer | undefined;
}

/** A server that does not do, and why. Another one may. */
export class ServerUnsuitableError extends Error {
  readonly code: "NO_DATABASE" | "NO_SCHEMA" | "DISCONNECTED" | "NOT_LEADER" | "STALE";

  constructor(code: ServerUnsuitableError["code"], why: string) {
    super(why);
    this.name = "ServerUnsuitableError";
    this.code = code;
  }
}

export interface Requirements {
  readonly database: string;
  readonly leaderOnly: boolean;
  /** The furthest that any server was in the cluster's log: one that is behind would take us back in time. */
  readonly index: Integer;
}

/** Why a server does not do; `undefined` where it does. */
export function objection(
  row: ServedDatabase | undefined,
  wanted: Requirements,
): ServerUnsuitableError | undefined {
  const { database } = wanted;
  if (!row) return new ServerUnsuitableError("NO_DATABASE", `the server has no database "${database}"`);
  if (!row.connected && row.model !== "standalone") {
    return new ServerUnsuitableError(
      "DISCONNECTED",
      `the server has lost its ${row.model} source of "${database}"`,
    );
  }
  if (row.schema === undefined) {
    return new ServerUnsuitableError("NO_SCHEMA", `the server does not have the schema of "${database}" yet`);
  }
  if (row.model !== "clustered") return undefined;
  if (wanted.leaderOnly && !row.leader) {
    return new ServerUnsuitableError(
      "NOT_LEADER",
      `the server is not the leader of the cluster of "${database}"`,
    );
  }
  if (row.index !== undefined && row.index < wanted.index) {
    return new ServerUnsuitableError(
      "STALE",
      `the server is at ${row.index} of "${database}", we have seen ${wanted.index}`,
    );
  }
  return undefined;
}
