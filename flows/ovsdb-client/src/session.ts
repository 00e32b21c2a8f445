import { parseJson } from "./json/parse.js";
import type { Integer, Json } from "./json/value.js";
import { type DatabaseSchema, parseSchema } from "./model/schema.js";
import {
  type AnySelection,
  type MonitorPlan,
  monitorRequests,
  parseUpdates,
  parseUpdates2,
  planMonitor,
  type RowUpdate,
} from "./monitor.js";
import { type Change, ReplicaStore } from "./replica.js";
import { ProtocolError, RpcError } from "./rpc/errors.js";
import type { Notification, RpcPeer } from "./rpc/peer.js";
import { objection, SERVER_DATABASE, SERVER_SELECTION, type ServedDatabase } from "./server.js";
import { ZERO_UUID } from "./uuid.js";

/** What lasts from one session to the next. */
export interface SessionMemory {
  readonly store: ReplicaStore;
  /** The last transaction in the store, as clusters count them: the next session can go on from there. */
  lastTransaction: string;
  /** The schema and the cluster that the above belong to. */
  schemaText: string | undefined;
  cluster: string | undefined;
  /** The furthest that a server was in the cluster's log. */
  index: Integer;
}

export function newMemory(): SessionMemory {
  return {
    store: new ReplicaStore(),
    lastTransaction: ZERO_UUID,
    schemaText: undefined,
    cluster: undefined,
    index: 0,
  };
}

export interface SessionOptions {
  readonly database: string;
  readonly selection: AnySelection;
  readonly leaderOnly: boolean;
  /** Milliseconds for each step. */
  readonly timeout: number;
}

export interface SessionHandlers {
  loading(): void;
  /** The store is what the server has. */
  synchronised(schema: DatabaseSchema, plan: MonitorPlan, changes: Change[]): void;
  changed(changes: Change[]): void;
  /** The session is of no more use. */
  failed(error: Error): void;
}

/**
 * What is said with one server, in this order (as ovsdb-server(7) means its clients to):
 *
 * | step    | what                                                                | what ends it                          |
 * |---------|---------------------------------------------------------------------|---------------------------------------|
 * | server  | follow `_Server`; is this server's copy of the database what we want? | an objection to the server ends the session, now and later |
 * | schema  | parse it; lay the selection over it                                 |                                       |
 * | monitor | `monitor_cond_since`, else `monitor_cond`, else `monitor`           |                                       |
 * | follow  | updates go to the store                                             | another schema, `monitor_canceled`: schema again |
 *
 * There is one monitor for the database; its id has a number, so that what is said of an earlier one is not taken for it.
 */
export class Session {
  readonly #peer: RpcPeer;
  readonly #options: SessionOptions;
  readonly #memory: SessionMemory;
  readonly #handlers: SessionHandlers;
  /** The content of `_Server`; a server older than that has none. */
  #server: ReplicaStore | undefined;
  #loads = 0;
  #monitor: string | undefined;

  constructor(peer: RpcPeer, options: SessionOptions, memory: SessionMemory, handlers: SessionHandlers) {
    this.#peer = peer;
    this.#options = options;
    this.#memory = memory;
    this.#handlers = handlers;
  }

  start(): void {
    this.#attempt(async () => {
      await this.#followServer();
      this.#checkServer();
      await this.#load();
    });
  }

  receive({ method, params }: Notification): void {
    const [id, ...rest] = params;
    if (method === "update2" && id === SERVER_DATABASE) {
      this.#server?.apply(parseUpdates2(rest[0] ?? null));
      this.#attempt(() => this.#serverChanged());
    } else if (id !== this.#monitor || id === undefined) {
      return;
    } else if (method === "update3") {
      this.#apply(parseUpdates2(rest[1] ?? null));
      if (typeof rest[0] === "string") this.#memory.lastTransaction = rest[0];
    } else if (method === "update2") {
      this.#apply(parseUpdates2(rest[0] ?? null));
    } else if (method === "update") {
      this.#apply(parseUpdates(rest[0] ?? null));
    } else if (method === "monitor_canceled") {
      this.#monitor = undefined;
      this.#attempt(() => this.#load());
    }
  }

  /** The next session must not go on from what the store has. */
  forget(): void {
    this.#memory.lastTransaction = ZERO_UUID;
  }

  #attempt(step: () => Promise<void>): void {
    step().catch((error: Error) => this.#handlers.failed(error));
  }

  #call<T>(method: string, params: Json[], decode: (result: Json) => T): Promise<T> {
    return this.#peer.request(method, params, { timeout: this.#options.timeout, decode });
  }

  async #followServer(): Promise<void> {
    const schema = await this.#call("get_schema", [SERVER_DATABASE], parseSchema).catch(refused);
    if (!schema) return;
    // Without this the server ends the connection rather than tell us of a change.
    await this.#call("set_db_change_aware", [true], () => undefined).catch(refused);
    const plan = planMonitor(schema, SERVER_SELECTION);
    await this.#call(
      "monitor_cond",
      [SERVER_DATABASE, SERVER_DATABASE, monitorRequests(plan, true)],
      (result) => {
        const server = new ReplicaStore();
        server.load(plan, parseUpdates2(result));
        this.#server = server;
      },
    );
  }

  #served(): ServedDatabase | undefined {
    const rows = this.#server?.table("Database");
    return rows?.find((row) => row["name"] === this.#options.database) as ServedDatabase | undefined;
  }

  #checkServer(): void {
    if (!this.#server) return;
    const row = this.#served();
    const memory = this.#memory;
    if (row?.cid !== undefined && row.cid !== memory.cluster) {
      memory.cluster = row.cid;
      memory.index = 0;
      this.forget();
    }
    const problem = objection(row, { ...this.#options, index: memory.index });
    if (problem) throw problem;
    memory.index = row?.index ?? memory.index;
  }

  async #serverChanged(): Promise<void> {
    // Before the monitor is asked for, the check is still to come.
    if (this.#loads === 0) return;
    this.#checkServer();
    if (this.#served()?.schema !== this.#memory.schemaText) await this.#load();
  }

  async #load(): Promise<void> {
    this.#handlers.loading();
    const load = ++this.#loads;
    const memory = this.#memory;
    const served = this.#served()?.schema;
    if (served !== memory.schemaText || served === undefined) this.forget();
    memory.schemaText = served;
    const schema =
      served === undefined
        ? await this.#call("get_schema", [this.#options.database], parseSchema)
        : parseSchema(parseJson(served));
    if (this.#monitor !== undefined)
      await this.#call("monitor_cancel", [this.#monitor], () => undefined).catch(refused);
    if (load === this.#loads) await this.#askForMonitor(schema, `${schema.name} ${load}`);
  }

  async #askForMonitor(schema: DatabaseSchema, id: string): Promise<void> {
    const plan = planMonitor(schema, this.#options.selection);
    const { store } = this.#memory;
    const target = [schema.name, id];
    const begin = (changes: Change[]) => {
      this.#monitor = id;
      this.#handlers.synchronised(schema, plan, changes);
    };
    const since = await this.#call(
      "monitor_cond_since",
      [...target, monitorRequests(plan, true), this.#memory.lastTransaction],
      (result) => {
        const [found, last, updates] = Array.isArray(result) ? result : [];
        if (typeof last !== "string" || updates === undefined)
          throw new ProtocolError("monitor_cond_since: no reply");
        const rows = parseUpdates2(updates);
        this.#memory.lastTransaction = last;
        begin(found === true ? store.apply(rows) : store.load(plan, rows));
        return true;
      },
    ).catch(unknownMethod);
    if (since) return;
    const reload = (parse: (json: Json) => RowUpdate[]) => (result: Json) => {
      begin(store.load(plan, parse(result)));
      return true;
    };
    const request = [...target, monitorRequests(plan, true)];
    const conditional = await this.#call("monitor_cond", request, reload(parseUpdates2)).catch(unknownMethod);
    if (!conditional)
      await this.#call("monitor", [...target, monitorRequests(plan, false)], reload(parseUpdates));
  }

  #apply(updates: RowUpdate[]): void {
    try {
      this.#handlers.changed(this.#memory.store.apply(updates));
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}

/** The server's refusal is an answer; anything else is not. */
function refused(error: unknown): undefined {
  if (!(error instanceof RpcError)) throw error;
}

function unknownMethod(error: unknown): undefined {
  if (!(error instanceof RpcError && error.tag === "unknown method")) throw error;
}
