import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { Database, formatReal, type Json, type JsonObject, ModelError, printJson } from "../src/index.js";
import { everyHolds, parseConditions } from "../src/model/condition.js";
import { type Datum, datumToJson } from "../src/model/datum.js";
import { mutate, parseMutations } from "../src/model/mutation.js";
import { type DatumRow, parseDatumRow, rowToJson } from "../src/model/row.js";
import { columnType, parseTable, type TableSchema } from "../src/model/schema.js";
import { columnTypeToJson } from "../src/model/type.js";
import { atom, datum, nearlyValue } from "./arbitrary.js";
import { Server } from "./server.js";

/** What we make of conditions, mutations and values is held against what ovsdb-server makes of them. */

const COLUMNS: JsonObject = {
  i: "integer",
  bounded: { key: { type: "integer", minInteger: -2, maxInteger: 3 } },
  oi: { key: "integer", min: 0 },
  r: "real",
  s: "string",
  mode: { key: { type: "string", enum: ["set", ["a", "b", "c d"]] }, min: 0 },
  short: { key: { type: "string", maxLength: 2 } },
  si: { key: "integer", min: 0, max: 3 },
  sr: { key: "real", min: 0, max: "unlimited" },
  ss: { key: "string", min: 0, max: "unlimited" },
  su: { key: "uuid", min: 0, max: 3 },
  m: { key: "string", value: "integer", min: 0, max: "unlimited" },
  mi: { key: "integer", value: "boolean", min: 0, max: 2 },
};
const TABLE: JsonObject = {
  isRoot: true,
  columns: Object.fromEntries(Object.entries(COLUMNS).map(([name, type]) => [name, { type }])),
};

const table: TableSchema = parseTable("T", TABLE);
const columns = [...table.columns.values()];

/** Values that need not be allowed. */
const input = (column: (typeof columns)[number]) => nearlyValue(column.type);
const row: fc.Arbitrary<JsonObject> = fc
  .tuple(
    ...columns.map(({ name, type }) =>
      fc.tuple(
        fc.constant(name),
        datum(type).map((held) => datumToJson(type, held)),
      ),
    ),
  )
  .map((entries) => Object.fromEntries(entries));

/** What comes of an operation that the server does, and we too. Of reals the server writes 15 digits. */
type Verdict = { readonly result: string } | { readonly error: string };

describe("beside ovsdb-server", () => {
  let server: Server;
  let db: Database;

  before(async () => {
    server = await Server.start([{ name: "O", version: "1.0.0", tables: { T: TABLE as object } }]);
    db = new Database({ remotes: server.remote, database: "O", tables: {} });
    db.start();
    await db.ready();
  });

  after(async () => {
    db.stop();
    await server.remove();
  });

  /** Tries operations on a row of our own, which nobody keeps. */
  async function ask(held: JsonObject, ...operations: JsonObject[]): Promise<JsonObject[]> {
    const insert = { op: "insert", table: "T", row: held };
    return (await db.call("transact", ["O", insert, ...operations, { op: "abort" }])) as JsonObject[];
  }

  const written = (column: string, json: Json) => {
    const isReal = table.columns.get(column)?.type.key.type === "real";
    return isReal ? inFifteenDigits(json) : json;
  };

  function inFifteenDigits(json: Json): Json {
    if (Array.isArray(json)) return json.map(inFifteenDigits);
    return typeof json === "number" || typeof json === "bigint" ? formatReal(Number(json)) : json;
  }

  function verdict(body: () => Json): Verdict {
    try {
      return { result: printJson(body()) };
    } catch (error) {
      assert.ok(error instanceof ModelError, String(error));
      return { error: `${error.tag}: ${error.details}` };
    }
  }

  function serverVerdict(answer: JsonObject | undefined, result: () => Json): Verdict {
    if (answer && "error" in answer && answer["error"] !== "aborted") {
      return { error: `${answer["error"]}: ${answer["details"]}` };
    }
    return { result: printJson(result()) };
  }

  function rowsOf(answer: JsonObject | undefined): Json[] {
    const rows = answer?.["rows"];
    assert.ok(Array.isArray(rows), printJson(answer ?? null));
    return rows;
  }

  function selected(answer: JsonObject | undefined, column: string): Json {
    return Object(rowsOf(answer)[0])[column];
  }

  /**
   * Multiplying integers of one sign, ovsdb-server 3.1 misjudges the range, and multiplying a negative one by
   * 0 it dies (`mul_int` in ovsdb/mutation.c).
   */
  function isMistaken(held: Json, value: Json): boolean {
    return value === 0 || [held, value].flat(3).some((factor) => typeof factor === "bigint");
  }

  const allowed = row.filter((json) => {
    try {
      parseDatumRow(table, json);
      return true;
    } catch {
      return false;
    }
  });

  test("values are allowed or not, for the same reasons", async () => {
    const one = fc.constantFrom(...columns).chain((column) => fc.tuple(fc.constant(column), input(column)));
    await fc.assert(
      fc.asyncProperty(one, async ([{ name }, json]) => {
        const own = verdict(() =>
          written(name, rowToJson(table, parseDatumRow(table, { [name]: json }), [name])[name] as Json),
        );
        const select = { op: "select", table: "T", where: [], columns: [name] };
        const answers = await ask({ [name]: json }, select);
        assert.deepEqual(
          own,
          serverVerdict(answers[0], () => written(name, selected(answers[1], name))),
        );
      }),
      { numRuns: 400 },
    );
  });

  test("conditions hold for the same rows", async () => {
    const is = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "includes", "excludes", "~");
    const condition = fc
      .constantFrom(...columns)
      .chain((column) => fc.tuple(fc.constant(column.name), is, input(column)));
    await fc.assert(
      fc.asyncProperty(allowed, fc.array(condition, { minLength: 1, maxLength: 2 }), async (held, where) => {
        const own = verdict(() => {
          const clauses = parseConditions(table, where);
          const fields: DatumRow = parseDatumRow(table, held);
          return everyHolds(clauses, (column) => fields.get(column) as Datum) ? 1 : 0;
        });
        const [, answer] = await ask(held, { op: "select", table: "T", where, columns: ["_uuid"] });
        assert.deepEqual(
          own,
          serverVerdict(answer, () => rowsOf(answer).length),
        );
      }),
      { numRuns: 400 },
    );
  });

  test("mutations give the same results, and the same errors", async () => {
    const mutator = fc.constantFrom("+=", "-=", "*=", "/=", "%=", "insert", "delete");
    const operand = (column: (typeof columns)[number]) => {
      const { type } = column;
      const keys = fc.array(atom(type.key.type), { maxLength: 2 }).map((list) => {
        return datumToJson({ key: type.key, min: 0, max: 9 }, { keys: list });
      });
      return fc.oneof(input(column), keys);
    };
    const mutation = fc
      .constantFrom(...columns)
      .chain((column) => fc.tuple(fc.constant(column.name), mutator, operand(column)));
    await fc.assert(
      fc.asyncProperty(allowed, mutation, async (held, change) => {
        const [name, operator, value] = change;
        fc.pre(operator !== "*=" || !isMistaken(held[name] as Json, value));
        const own = verdict(() => {
          const fields = parseDatumRow(table, held);
          const [parsed] = parseMutations(table, [change]);
          assert.ok(parsed);
          const type = columnType(table, name);
          assert.ok(type);
          return written(name, datumToJson(type, mutate(parsed, fields.get(name) as Datum)));
        });
        const select = { op: "select", table: "T", where: [], columns: [name] };
        const answers = await ask(held, { op: "mutate", table: "T", where: [], mutations: [change] }, select);
        assert.deepEqual(
          own,
          serverVerdict(answers[1], () => written(name, selected(answers[2], name))),
        );
      }),
      { numRuns: 600 },
    );
  });

  test("the server takes the schema that we write", async () => {
    const written = Object.fromEntries(
      columns.map(({ name, type }) => [name, { type: columnTypeToJson(type) }]),
    );
    const served = Object(await db.getSchema("O"));
    assert.deepEqual(served.tables.T.columns, written);
  });
});
