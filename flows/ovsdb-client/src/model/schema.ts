import type { Json, JsonObject } from "../json/value.js";
import { ModelError, syntaxError } from "./error.js";
import { isId, Members } from "./members.js";
import { type BaseType, type ColumnType, columnTypeToJson, parseColumnType } from "./type.js";

/** RFC 7047 §3.2, `<column-schema>`. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  readonly mutable: boolean;
  /** Not written to disk. */
  readonly ephemeral: boolean;
}

/** RFC 7047 §3.2, `<table-schema>`. */
export interface TableSchema {
  readonly name: string;
  /** Without `_uuid` and `_version`, which every table has. */
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  readonly mutable: boolean;
  /** Rows stay without a reference to them. */
  readonly isRoot: boolean;
  readonly maxRows: number;
  readonly indexes: readonly (readonly string[])[];
}

/** RFC 7047 §3.2, `<database-schema>`. */
export interface DatabaseSchema {
  readonly name: string;
  /** x.y.z; "" where the schema has none. */
  readonly version: string;
  readonly checksum: string;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

const UUID_COLUMN: ColumnType = { key: { type: "uuid" }, min: 1, max: 1 };

/** The type of a column, of `_uuid` and `_version` too. */
export function columnType(table: TableSchema, name: string): ColumnType | undefined {
  return name === "_uuid" || name === "_version" ? UUID_COLUMN : table.columns.get(name)?.type;
}

/** Throws a `ModelError` where the JSON is no column's schema. */
export function parseColumn(name: string, json: Json): ColumnSchema {
  const members = new Members(json, `schema for column ${name}`);
  const mutable = members.optional("mutable", "boolean") ?? true;
  const ephemeral = members.optional("ephemeral", "boolean") ?? false;
  const type = parseColumnType(members.required("type", "string", "object"));
  members.finish();
  // A weak reference goes when its row goes, so it cannot be fixed.
  return { name, type, mutable: mutable || isReference(type, "weak"), ephemeral };
}

function isReference(type: ColumnType, strength: "strong" | "weak"): boolean {
  return type.key.refType === strength || type.value?.refType === strength;
}

/** Throws a `ModelError` where the JSON is no table's schema. */
export function parseTable(name: string, json: Json): TableSchema {
  const members = new Members(json, `table schema for table ${name}`);
  const columnsJson = members.required("columns", "object");
  const mutable = members.optional("mutable", "boolean") ?? true;
  const maxRows = members.optional("maxRows", "integer");
  const isRoot = members.optional("isRoot", "boolean") ?? false;
  const indexesJson = members.optional("indexes", "array") ?? [];
  members.finish();
  if (maxRows !== undefined && maxRows < 1) throw syntaxError(json, "maxRows must be at least 1");
  if (Object.keys(columnsJson).length === 0) throw syntaxError(json, "table must have at least one column");
  const columns = parseNamed(json, columnsJson, parseColumn);
  const indexes = indexesJson.map((index) => parseIndex(json, columns, index));
  return { name, columns, mutable, isRoot, maxRows: Number(maxRows ?? Number.POSITIVE_INFINITY), indexes };
}

/** The members of one member of `json`, by names that are ids. */
function parseNamed<T>(
  json: Json,
  named: JsonObject,
  parse: (name: string, json: Json) => T,
): ReadonlyMap<string, T> {
  const parsed = Object.entries(named).map(([name, inner]) => {
    if (name.startsWith("_")) throw syntaxError(json, 'names beginning with "_" are reserved');
    if (!isId(name)) throw syntaxError(json, "name must be a valid id");
    return [name, parse(name, inner)] as const;
  });
  return new Map(parsed);
}

function parseIndex(table: Json, columns: ReadonlyMap<string, ColumnSchema>, json: Json): readonly string[] {
  const names = parseColumnNames(columns, json);
  if (names.length === 0) throw syntaxError(table, "index must have at least one column");
  const ephemeral = names.find((name) => columns.get(name)?.ephemeral);
  if (ephemeral !== undefined) {
    throw syntaxError(table, `ephemeral columns (such as ${ephemeral}) may not be indexed`);
  }
  return names;
}

function parseColumnNames(columns: ReadonlyMap<string, ColumnSchema>, json: Json): readonly string[] {
  if (!Array.isArray(json)) throw syntaxError(json, "array of distinct column names expected");
  const names = json.filter((name) => typeof name === "string");
  if (names.length < json.length || new Set(names).size < json.length) {
    throw syntaxError(json, "array of distinct column names expected");
  }
  const unknown = names.find((name) => !columns.has(name) && name !== "_uuid" && name !== "_version");
  if (unknown !== undefined) throw syntaxError(json, `${unknown} is not a valid column name`);
  return names;
}

/** Throws a `ModelError` where the JSON is no database's schema. */
export function parseSchema(json: Json): DatabaseSchema {
  const members = new Members(json, "database schema");
  const name = members.required("name", "id");
  const version = members.optional("version", "string") ?? "";
  const checksum = members.optional("cksum", "string") ?? "";
  const tablesJson = members.required("tables", "object");
  members.finish();
  if (version !== "" && !/^[0-9]+\.[0-9]+\.[0-9]+$/.test(version)) {
    throw syntaxError(json, `schema version "${version}" not in format x.y.z`);
  }
  const tables = parseNamed(json, tablesJson, parseTable);
  return { name, version, checksum, tables: settle(tables) };
}

/** What can be said only when all tables are known. */
function settle(tables: ReadonlyMap<string, TableSchema>): ReadonlyMap<string, TableSchema> {
  for (const table of tables.values()) {
    for (const column of table.columns.values()) {
      checkReference(tables, column, "key", column.type.key);
      if (column.type.value) checkReference(tables, column, "value", column.type.value);
    }
  }
  // `isRoot` is younger than the rest: in a schema without it all tables are roots.
  const rootless = ![...tables.values()].some((table) => table.isRoot);
  const isRoot = (name: string | undefined) =>
    name === undefined || rootless || tables.get(name)?.isRoot === true;
  // A strong reference keeps a row of such a table alive, so it must be on disk with it.
  const persists = ({ key, value }: ColumnType) =>
    [key, value].some((base) => base?.refType === "strong" && !isRoot(base.refTable));
  const settled = [...tables].map(([name, table]) => {
    const columns = [...table.columns].map(
      ([key, column]) => [key, persists(column.type) ? { ...column, ephemeral: false } : column] as const,
    );
    return [name, { ...table, isRoot: isRoot(name), columns: new Map(columns) }] as const;
  });
  return new Map(settled);
}

function checkReference(
  tables: ReadonlyMap<string, TableSchema>,
  column: ColumnSchema,
  part: string,
  base: BaseType,
): void {
  if (base.refTable !== undefined && !tables.has(base.refTable)) {
    const what = `column ${column.name} ${part} refers to undefined table ${base.refTable}`;
    throw new ModelError("syntax error", what);
  }
}

export function columnToJson(column: ColumnSchema): Json {
  return {
    type: columnTypeToJson(column.type),
    ...(!column.mutable && { mutable: false }),
    ...(column.ephemeral && { ephemeral: true }),
  };
}

/** `rootByDefault`: where no table of the schema says `isRoot`, all are, and none needs to say so. */
export function tableToJson(table: TableSchema, rootByDefault = false): JsonObject {
  const columns = [...table.columns].map(([name, column]) => [name, columnToJson(column)] as const);
  return {
    columns: Object.fromEntries(columns),
    ...(!table.mutable && { mutable: false }),
    ...(table.isRoot !== rootByDefault && { isRoot: table.isRoot }),
    ...(table.maxRows !== Number.POSITIVE_INFINITY && { maxRows: table.maxRows }),
    ...(table.indexes.length > 0 && { indexes: table.indexes.map((index) => [...index]) }),
  };
}

export function schemaToJson(schema: DatabaseSchema): JsonObject {
  const rootless = [...schema.tables.values()].every((table) => table.isRoot);
  const tables = [...schema.tables].map(([name, table]) => [name, tableToJson(table, rootless)] as const);
  return {
    name: schema.name,
    ...(schema.version !== "" && { version: schema.version }),
    ...(schema.checksum !== "" && { cksum: schema.checksum }),
    tables: Object.fromEntries(tables),
  };
}
