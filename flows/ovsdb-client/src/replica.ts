import { type Datum, defaultDatum, equalData, parseDatum, parseTransientDatum } from "./model/datum.js";
import { applyDiff } from "./model/diff.js";
import type { ColumnSchema } from "./model/schema.js";
import { fromValue, toValue } from "./model/value.js";
import type { MonitoredTable, MonitorPlan, RowUpdate } from "./monitor.js";
import type { AnyDatabase, AnyRow, ColumnValue, DatabaseShape, TableName } from "./operation.js";
import { ProtocolError } from "./rpc/errors.js";
import type { Uuid } from "./uuid.js";

/** One row's change. All changes of an update are reported together, after all have been applied. */
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

/** The rows of a table. */
export interface Table<R> {
  readonly size: number;
  get(uuid: string): R | undefined;
  /** The first row that meets the predicate. */
  find(predicate: (row: R) => boolean): R | undefined;
  filter(predicate: (row: R) => boolean): R[];
  [Symbol.iterator](): IterableIterator<R>;
}

/**
 * What is known of a database. Rows are frozen: a changed row is another object. Between two updates nothing
 * changes, and half an update is never seen; who needs it to hold still for longer takes a `snapshot`.
 */
export interface Replica<S extends DatabaseShape> {
  table<T extends TableName<S>>(name: T): Table<S[T]>;
  /** The tables as they are now, for good. It costs a copy of those that changed since the last one. */
  snapshot(): Replica<S>;
}

type RowMap = ReadonlyMap<string, AnyRow>;

class Rows implements Table<AnyRow> {
  readonly #rows: () => RowMap;

  constructor(rows: () => RowMap) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows().size;
  }

  get(uuid: string): AnyRow | undefined {
    return this.#rows().get(uuid);
  }

  find(predicate: (row: AnyRow) => boolean): AnyRow | undefined {
    for (const row of this) if (predicate(row)) return row;
    return undefined;
  }

  filter(predicate: (row: AnyRow) => boolean): AnyRow[] {
    return [...this].filter(predicate);
  }

  [Symbol.iterator](): IterableIterator<AnyRow> {
    return this.#rows().values();
  }
}

const NO_ROWS: RowMap = new Map();

class Snapshot implements Replica<AnyDatabase> {
  readonly #tables: ReadonlyMap<string, RowMap>;

  constructor(tables: ReadonlyMap<string, RowMap>) {
    this.#tables = tables;
  }

  table(name: string): Table<AnyRow> {
    const rows = this.#tables.get(name) ?? NO_ROWS;
    return new Rows(() => rows);
  }

  snapshot(): Replica<AnyDatabase> {
    return this;
  }
}

/** The replica's content and how updates change it. */
export class ReplicaStore implements Replica<AnyDatabase> {
  #plan: MonitorPlan["tables"] = new Map();
  #tables = new Map<string, Map<string, AnyRow>>();
  /** Copies of the tables that have not changed since they were made. */
  #copies = new Map<string, RowMap>();

  table(name: string): Table<AnyRow> {
    return new Rows(() => this.#tables.get(name) ?? NO_ROWS);
  }

  snapshot(): Replica<AnyDatabase> {
    for (const [name, rows] of this.#tables) {
      if (!this.#copies.has(name)) this.#copies.set(name, new Map(rows));
    }
    return new Snapshot(new Map(this.#copies));
  }

  /**
   * Takes a complete state of the database in place of what there is. Throws `ProtocolError` or `ModelError`
   * where it does not fit, and then has changed nothing.
   */
  load(plan: MonitorPlan, updates: readonly RowUpdate[]): Change[] {
    const fresh = new ReplicaStore();
    fresh.#plan = plan.tables;
    fresh.#tables = new Map([...plan.tables.keys()].map((name) => [name, new Map()]));
    fresh.apply(updates);
    const names = new Set([...this.#tables.keys(), ...fresh.#tables.keys()]);
    const changes = [...names].flatMap((name) =>
      compareTables(name, plan.tables.get(name), this.#tables.get(name), fresh.#tables.get(name)),
    );
    this.#plan = fresh.#plan;
    this.#tables = fresh.#tables;
    this.#copies = new Map();
    return changes;
  }

  /**
   * Takes an update, all of it or, where it throws `ProtocolError` or `ModelError` because it does not fit,
   * nothing.
   */
  apply(updates: readonly RowUpdate[]): Change[] {
    const changes = updates.map((update) => this.#change(update));
    for (const change of changes) {
      const rows = this.#tables.get(change.table);
      if (change.kind === "delete") rows?.delete(change.uuid);
      else rows?.set(change.uuid, change.row);
      this.#copies.delete(change.table);
    }
    return changes;
  }

  #change({ table, uuid, kind, columns }: RowUpdate): Change {
    const plan = this.#plan.get(table);
    if (!plan) throw new ProtocolError(`update of the table "${table}", which is not monitored`);
    const before = this.#tables.get(table)?.get(uuid);
    const id = uuid as Uuid;
    if (kind === "insert" && !before) {
      const row = makeRow(id, plan.columns, ({ name, type }) => {
        const json = columns[name];
        return toValue(type, json === undefined ? defaultDatum(type) : parseDatum(type, json));
      });
      return { table, kind, uuid: id, row };
    }
    if (kind === "insert" || !before) {
      throw new ProtocolError(
        `${kind} of a row of ${table} that is ${before ? "there" : "not there"}: ${uuid}`,
      );
    }
    if (kind === "delete") return { table, kind, uuid: id, before };
    const row = makeRow(id, plan.columns, ({ name, type }) => {
      const json = columns[name];
      if (json === undefined) return before[name];
      if (kind === "replace") return toValue(type, parseDatum(type, json));
      return toValue(type, applyDiff(type, fromValue(type, before[name]), parseTransientDatum(type, json)));
    });
    return { table, kind: "modify", uuid: id, row, before };
  }
}

function makeRow(
  uuid: string,
  columns: readonly ColumnSchema[],
  value: (column: ColumnSchema) => ColumnValue,
): AnyRow {
  const row: { _uuid: Uuid; [column: string]: ColumnValue } = { _uuid: uuid as Uuid };
  for (const column of columns) row[column.name] = value(column);
  return Object.freeze(row);
}

/** The changes from one state of a table to another. Rows that are equal stay the same objects. */
function compareTables(
  table: string,
  plan: MonitoredTable | undefined,
  old: ReadonlyMap<string, AnyRow> = new Map(),
  now: Map<string, AnyRow> = new Map(),
): Change[] {
  const changes: Change[] = [];
  for (const [uuid, before] of old) {
    if (!now.has(uuid)) changes.push({ table, kind: "delete", uuid: uuid as Uuid, before });
  }
  for (const [uuid, row] of now) {
    const before = old.get(uuid);
    if (!before) changes.push({ table, kind: "insert", uuid: uuid as Uuid, row });
    else if (plan?.columns.every((column) => isSame(column, before, row))) now.set(uuid, before);
    else changes.push({ table, kind: "modify", uuid: uuid as Uuid, row, before });
  }
  return changes;
}

function isSame({ name, type }: ColumnSchema, a: AnyRow, b: AnyRow): boolean {
  if (!(name in a)) return false;
  const datum = (row: AnyRow): Datum => fromValue(type, row[name]);
  return equalData(datum(a), datum(b));
}
