import { filterUpdates } from "./filter.js";
import { printJson } from "./json/stringify.js";
import type { Integer, Json } from "./json/value.js";
import { type DatabaseSchema, parseSchema } from "./model/schema.js";
import {
  type AnySelection,
  conditionRequests,
  haveSameColumns,
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
export class SessionMemory {
  readonly store = new ReplicaStore();
  /** The last transaction in the store, as clusters count them: the next session can go on from there. */
  lastTransaction: string = ZERO_UUID;
  /** The schema and the cluster that the above belong to. */
  schemaText: string | undefined;
  cluster: string | undefined;
  /** The furthest that a server was in the cluster's log. */
  index: Integer = 0;

  /** What the store has is not to be gone on from: what it follows has changed, or it may be wrong. */
  forget(): void {
    this.lastTransaction = ZERO_UUID;
  }
}

export interface SessionOptions {
  readonly database: string;
  selection: AnySelection;
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

type MonitorMethod = "monitor_cond_since" | "monitor_cond" | "monitor";

/**
 * What is said with one server, in this order (as ovsdb-server(7) means its clients to):
 *
 * | step    | what                                                           | what ends it                           |
 * |---------|----------------------------------------------------------------|----------------------------------------|
 * | server  | follow `_Server`: is this server's copy the one that we want?  | an objection ends the session, also later |
 * | schema  | parse it, lay the selection over it                            |                                        |
 * | monitor | `monitor_cond_since`, else `monitor_cond`, else `monitor`      |                                        |
 * | follow  | updates go to the store                                        | another schema or `monitor_canceled`: to `schema` |
 *
 * There is one monitor for the database; its id has a number, so that what is said of an earlier one is not
 * taken for it.
 */
export class Session {
  readonly #peer: RpcPeer;
  readonly #options: SessionOptions;
  readonly #memory: SessionMemory;
  readonly #handlers: SessionHandlers;
  /** The content of `_Server`; a server older than that has none. */
  #server: ReplicaStore | undefined;
  #schema: DatabaseSchema | undefined;
  /** What `_Server` had as the schema at the last load: another one calls for another. */
  #servedSchema: string | undefined;
  /** Changes of conditions that the server has not answered yet. */
  #conditionChanges = 0;
  #loads = 0;
  /** What is monitored now, and how. */
  #monitor: { readonly id: string; readonly method: MonitorMethod; readonly plan: MonitorPlan } | undefined;

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
    } else if (id !== this.#monitor?.id || id === undefined) {
      return;
    } else if (method === "update3") {
      this.#apply(parseUpdates2(rest[1] ?? null));
      // While conditions change, what is there belongs to neither the old ones nor the new.
      if (this.#conditionChanges === 0) this.#memory.lastTransaction = String(rest[0]);
    } else if (method === "update2") {
      this.#apply(parseUpdates2(rest[0] ?? null));
    } else if (method === "update") {
      this.#apply(this.#filtered(parseUpdates(rest[0] ?? null)));
    } else if (method === "monitor_canceled") {
      this.#monitor = undefined;
      this.#attempt(() => this.#load());
    }
  }

  /** Follows something else from now on; resolves when the replica has it. */
  async follow(selection: AnySelection): Promise<void> {
    this.#options.selection = selection;
    // Before the first load, that will take it.
    if (this.#loads === 0) return;
    const monitor = this.#monitor;
    const plan = monitor && this.#schema && planMonitor(this.#schema, selection);
    this.#memory.forget();
    if (!plan || monitor.method === "monitor" || !haveSameColumns(plan, monitor.plan)) return this.#load();
    this.#monitor = { ...monitor, plan };
    this.#conditionChanges++;
    await this.#call("monitor_cond_change", [monitor.id, monitor.id, conditionRequests(plan)], () => {
      this.#conditionChanges--;
    });
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
      memory.forget();
    }
    const problem = objection(row, { ...this.#options, index: memory.index });
    if (problem) throw problem;
    memory.index = row?.index ?? memory.index;
  }

  async #serverChanged(): Promise<void> {
    // Before the monitor is asked for, the check is still to come.
    if (this.#loads === 0) return;
    this.#checkServer();
    if (this.#served()?.schema !== this.#servedSchema) await this.#load();
  }

  async #load(): Promise<void> {
    this.#handlers.loading();
    const load = ++this.#loads;
    const old = this.#monitor;
    this.#monitor = undefined;
    this.#servedSchema = this.#served()?.schema;
    const schema = await this.#readSchema();
    if (old) await this.#cancel(old.id);
    if (load === this.#loads) await this.#askForMonitor(schema, load);
  }

  async #readSchema(): Promise<DatabaseSchema> {
    // Not from `_Server`: after a conversion ovsdb-server 3.1 keeps the old one there.
    const json = await this.#call("get_schema", [this.#options.database], (result) => result);
    const text = printJson(json);
    if (text !== this.#memory.schemaText) this.#memory.forget();
    this.#memory.schemaText = text;
    return parseSchema(json);
  }

  async #cancel(id: string): Promise<void> {
    await this.#call("monitor_cancel", [id], () => undefined).catch(refused);
  }

  async #askForMonitor(schema: DatabaseSchema, load: number): Promise<void> {
    const id = `${schema.name} ${load}`;
    const plan = planMonitor(schema, this.#options.selection);
    const memory = this.#memory;
    const begin = (method: MonitorMethod, read: () => Change[]) => {
      if (load !== this.#loads) {
        // A later load has overtaken this one, and there is to be one monitor only.
        this.#attempt(() => this.#cancel(id));
        return true;
      }
      const changes = read();
      this.#schema = schema;
      this.#monitor = { id, method, plan };
      this.#handlers.synchronised(schema, plan, changes);
      return true;
    };
    const since = (result: Json) => {
      const [found, last, updates] = Array.isArray(result) ? result : [];
      if (typeof last !== "string" || updates === undefined) {
        throw new ProtocolError("monitor_cond_since: no reply");
      }
      const rows = parseUpdates2(updates);
      return begin("monitor_cond_since", () => {
        memory.forget();
        const changes = found === true ? memory.store.apply(rows) : memory.store.load(plan, rows);
        memory.lastTransaction = last;
        return changes;
      });
    };
    const conditional = (result: Json) =>
      begin("monitor_cond", () => memory.store.load(plan, parseUpdates2(result)));
    const plain = (result: Json) =>
      begin("monitor", () => memory.store.load(plan, allNew(plan, parseUpdates(result))));

    const request = [schema.name, id, monitorRequests(plan, true)];
    const from = [...request, memory.lastTransaction];
    if (await this.#call("monitor_cond_since", from, since).catch(unknownMethod)) return;
    if (await this.#call("monitor_cond", request, conditional).catch(unknownMethod)) return;
    await this.#call("monitor", [schema.name, id, monitorRequests(plan, false)], plain);
  }

  /** A server that knows only `monitor` sends all rows. */
  #filtered(updates: RowUpdate[]): RowUpdate[] {
    const plan = this.#monitor?.plan;
    const { store } = this.#memory;
    const isKnown = (table: string, uuid: string) => store.table(table).get(uuid) !== undefined;
    return plan ? filterUpdates(plan, updates, isKnown) : updates;
  }

  #apply(updates: RowUpdate[]): void {
    try {
      this.#handlers.changed(this.#memory.store.apply(updates));
    } catch (error) {
      this.#memory.forget();
      throw error;
    }
  }
}

function allNew(plan: MonitorPlan, updates: RowUpdate[]): RowUpdate[] {
  return filterUpdates(plan, updates, () => false);
}

/** The server's refusal is an answer; anything else is not. */
function refused(error: unknown): undefined {
  if (!(error instanceof RpcError)) throw error;
}

function unknownMethod(error: unknown): undefined {
  if (!(error instanceof RpcError && error.tag === "unknown method")) throw error;
}
