import type { Integer } from "./json/value.js";
import type { NamedUuid, Uuid } from "./uuid.js";

/**
 * What a schema's tables look like: table name to row type. `ovsdb-codegen` writes such a type from a schema;
 * `AnyDatabase` is for those who do without.
 */
export type DatabaseShape = { [table: string]: object };
export type AnyDatabase = Record<string, AnyRow>;

export type Scalar = string | boolean | Integer;

/**
 * A column's value in a row: a scalar; `undefined` where an optional one is absent; an array, in OVSDB's
 * order, for a set of more than one; a `Map` for a map.
 */
export type ColumnValue = Scalar | undefined | readonly Scalar[] | ReadonlyMap<Scalar, Scalar>;

export type AnyRow = { readonly _uuid: Uuid; readonly [column: string]: ColumnValue };

export type TableName<S> = Extract<keyof S, string>;
export type ColumnName<R> = Extract<keyof R, string>;

/**
 * What may be written where a row holds a `V`: references also by name, sets also as any iterable or a lone
 * element, maps also as plain objects where the keys are strings.
 */
export type Input<V> = [ColumnValue] extends [V] ? InputValue : TypedInput<V>;

type TypedInput<V> =
  V extends Uuid<infer T>
    ? Uuid<T> | NamedUuid<T>
    : V extends readonly (infer E)[]
      ? readonly Input<E>[] | ReadonlySet<Input<E>> | Input<E>
      : V extends ReadonlyMap<infer K, infer W>
        ? ReadonlyMap<Input<K>, Input<W>> | (K extends string ? { readonly [key: string]: Input<W> } : never)
        : V;

export type InputRow<R> = { readonly [C in Exclude<ColumnName<R>, "_uuid" | "_version">]?: Input<R[C]> };

export type ConditionFunction = "<" | "<=" | "==" | "!=" | ">=" | ">" | "includes" | "excludes";

/** RFC 7047 §5.1, `<condition>`; also `true` and `false`, as OVS takes them. */
export type Condition<R> =
  | boolean
  | { [C in ColumnName<R>]: readonly [column: C, is: ConditionFunction, value: Input<R[C]>] }[ColumnName<R>];

export type Mutator = "+=" | "-=" | "*=" | "/=" | "%=" | "insert" | "delete";

/** What a mutation takes: for a map's `delete` also the keys alone. */
export type MutationInput<V> =
  | Input<V>
  | (V extends ReadonlyMap<infer K, unknown>
      ? readonly Input<K>[] | ReadonlySet<Input<K>> | Input<K>
      : never);

/** RFC 7047 §5.1, `<mutation>`. */
export type Mutation<R> = {
  [C in ColumnName<R>]: readonly [column: C, mutator: Mutator, value: MutationInput<R[C]>];
}[ColumnName<R>];

/** An element as it stands in an operation, before the schema has given it a type. */
export type InputScalar = Scalar | NamedUuid;
export type InputValue =
  | InputScalar
  | undefined
  | readonly InputScalar[]
  | ReadonlySet<InputScalar>
  | ReadonlyMap<InputScalar, InputScalar>
  | { readonly [key: string]: InputScalar };
export type AnyCondition = boolean | readonly [column: string, is: ConditionFunction, value: InputValue];
export type AnyMutation = readonly [column: string, mutator: Mutator, value: InputValue];
export type AnyInputRow = { readonly [column: string]: InputValue };

/**
 * One step of a transaction (RFC 7047 §5.2), as a plain value: it can be built, compared and kept without a
 * connection. Column values are the ones that rows hold; the schema turns them into JSON when the transaction
 * is sent.
 */
export type Operation =
  | {
      readonly op: "insert";
      readonly table: string;
      readonly row: AnyInputRow;
      readonly as?: NamedUuid;
      readonly uuid?: Uuid;
    }
  | {
      readonly op: "select";
      readonly table: string;
      readonly where: readonly AnyCondition[];
      readonly columns?: readonly string[];
    }
  | {
      readonly op: "update";
      readonly table: string;
      readonly where: readonly AnyCondition[];
      readonly row: AnyInputRow;
    }
  | {
      readonly op: "mutate";
      readonly table: string;
      readonly where: readonly AnyCondition[];
      readonly mutations: readonly AnyMutation[];
    }
  | { readonly op: "delete"; readonly table: string; readonly where: readonly AnyCondition[] }
  | {
      readonly op: "wait";
      readonly table: string;
      readonly where: readonly AnyCondition[];
      readonly columns: readonly string[];
      readonly until: "==" | "!=";
      readonly rows: readonly AnyInputRow[];
      readonly timeout?: number;
    }
  | { readonly op: "commit"; readonly durable: boolean }
  | { readonly op: "abort" }
  | { readonly op: "comment"; readonly comment: string }
  | { readonly op: "assert"; readonly lock: string };

/** Builders of operations, checked against the tables of `S`. They return values and do nothing else. */
export interface Operations<S extends DatabaseShape> {
  /**
   * Adds a row. Columns that are left out get the default of their type. `as` names it for the rest of the
   * transaction.
   */
  insert<T extends TableName<S>>(
    table: T,
    row: InputRow<S[T]>,
    identity?: { as?: NamedUuid<T>; uuid?: Uuid<T> },
  ): Operation;
  /** Reads rows as they are inside the transaction. */
  select<T extends TableName<S>>(
    table: T,
    where: readonly Condition<S[T]>[],
    columns?: readonly ColumnName<S[T]>[],
  ): Operation;
  /** Sets columns of all rows that meet every condition. */
  update<T extends TableName<S>>(table: T, where: readonly Condition<S[T]>[], row: InputRow<S[T]>): Operation;
  /** Changes columns by what is in them: arithmetic on numbers, `insert` and `delete` on sets and maps. */
  mutate<T extends TableName<S>>(
    table: T,
    where: readonly Condition<S[T]>[],
    mutations: readonly Mutation<S[T]>[],
  ): Operation;
  /** Deletes all rows that meet every condition. */
  delete<T extends TableName<S>>(table: T, where: readonly Condition<S[T]>[]): Operation;
  /**
   * Holds the transaction until the rows that meet `where` are (`==`) or are not (`!=`) exactly `rows` in
   * `columns`. `timeout` in milliseconds; 0 turns it into a check (optimistic concurrency); without one it
   * waits for ever.
   */
  wait<T extends TableName<S>>(
    table: T,
    where: readonly Condition<S[T]>[],
    columns: readonly ColumnName<S[T]>[],
    until: "==" | "!=",
    rows: readonly InputRow<S[T]>[],
    timeout?: number,
  ): Operation;
  /** With `durable`, the reply waits until the transaction is on disk. */
  commit(durable?: boolean): Operation;
  /** Makes the transaction fail, e.g. after selects that only look. */
  abort(): Operation;
  /** Goes to the database's log with the transaction. */
  comment(text: string): Operation;
  /** Fails unless this client holds the lock (RFC 7047 §5.2.10). */
  assert(lock: string): Operation;
}

const BUILDERS: Operations<AnyDatabase> = {
  insert: (table, row, identity) => ({ op: "insert", table, row, ...identity }),
  select: (table, where, columns) => ({ op: "select", table, where, ...(columns && { columns }) }),
  update: (table, where, row) => ({ op: "update", table, where, row }),
  mutate: (table, where, mutations) => ({ op: "mutate", table, where, mutations }),
  delete: (table, where) => ({ op: "delete", table, where }),
  wait: (table, where, columns, until, rows, timeout) => ({
    op: "wait",
    table,
    where,
    columns,
    until,
    rows,
    ...(timeout !== undefined && { timeout }),
  }),
  commit: (durable = true) => ({ op: "commit", durable }),
  abort: () => ({ op: "abort" }),
  comment: (text) => ({ op: "comment", comment: text }),
  assert: (lock) => ({ op: "assert", lock }),
};

/** The builders for a schema's tables: `const op = operations<OpenVSwitch>()`. */
export function operations<S extends DatabaseShape = AnyDatabase>(): Operations<S> {
  return BUILDERS as Operations<DatabaseShape> as Operations<S>;
}
