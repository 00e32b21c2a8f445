import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Json, ModelError, parseJson, parseSchema, printJson, schemaToJson } from "ovsdb-client";

const column = (type: Json): Json => ({ name: "S", tables: { T: { columns: { c: { type } } } } });
const table = (given: Json): Json => ({ name: "S", tables: { T: given } });
const some: Json = { columns: { c: { type: "string" } } };

/** What is wrong, and the schema. */
const wrong: readonly (readonly [string, Json])[] = [
  ["a type that there is not", column("void")],
  ["a type that is no type", column(5)],
  ["a member that does not belong there", column({ key: "string", odd: 1 })],
  ["such a member beside a count that is none", column({ key: "string", max: "x", odd: 1 })],
  [
    "a bad value type beside a bad count",
    column({ key: "real", value: { type: "real", other: 1 }, min: 2, max: -1 }),
  ],
  ["a count that is none", column({ key: "uuid", min: 2, max: "x" })],
  ["a count beyond 32 bits", column({ key: "uuid", max: 4294967296 })],
  ["more at least than at most", column({ key: "uuid", min: 1, max: 0 })],
  ["bounds of another type", column({ key: { type: "string", minInteger: 1 } })],
  ["bounds out of order", column({ key: { type: "integer", minInteger: 5, maxInteger: 3 } })],
  ["an enumeration twice of one value", column({ key: { type: "integer", enum: ["set", [1, 1]] } })],
  ["a reference to a table that is not there", column({ key: { type: "uuid", refTable: "U" } })],
  [
    "a reference of a strength that there is not",
    column({ key: { type: "uuid", refTable: "T", refType: "odd" } }),
  ],
  ["a column's name that is none", table({ columns: { "1z": { type: "string" } } })],
  ["a column's name that is reserved", table({ columns: { _y: { type: "string" } } })],
  ["no columns", table({ columns: {} })],
  ["no rows", table({ columns: { c: { type: "string" } }, maxRows: 0 })],
  ["an index of no columns", table({ columns: { c: { type: "string" } }, indexes: [[]] })],
  ["an index of one column twice", table({ columns: { c: { type: "string" } }, indexes: [["c", "c"]] })],
  ["an index of a column that is not there", table({ columns: { c: { type: "string" } }, indexes: [["d"]] })],
  [
    "an index that is not kept",
    table({ columns: { c: { type: "string", ephemeral: true } }, indexes: [["c"]] }),
  ],
  ["a table's name that is reserved", { name: "S", tables: { _T: some } }],
  ["a name that is none", { name: "1x", tables: { T: some } }],
  ["a version that is none", { name: "S", version: "1.2", tables: { T: some } }],
  ["no tables", { name: "S" }],
];

describe("schemas beside ovsdb-tool", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "ovsdb-client-test-"));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** What OVS has against a schema; "" for nothing. */
  function objectionOf(schema: Json): string {
    const file = join(directory, "schema");
    writeFileSync(file, printJson(schema));
    const { stderr } = spawnSync("ovsdb-tool", ["schema-name", file], { encoding: "utf8" });
    return stderr
      .replace(/^ovsdb-tool: /, "")
      .replace(/failed to parse ".*?" as ovsdb schema: /, "")
      .trim();
  }

  for (const [what, schema] of wrong) {
    test(`${what}: refused in the same words`, () => {
      let own = "";
      try {
        parseSchema(schema);
      } catch (error) {
        assert.ok(error instanceof ModelError);
        own = error.message;
      }
      assert.notEqual(own, "");
      assert.equal(own, objectionOf(schema));
    });
  }

  test("what is written is taken", () => {
    const schema = parseSchema(
      parseJson(
        '{"name":"S","version":"1.2.3","tables":{"T":{"columns":{"c":{"type":{"key":{"type":"integer","maxInteger":9223372036854775807},"min":0,"max":"unlimited"}}},"isRoot":true}}}',
      ),
    );
    assert.equal(objectionOf(schemaToJson(schema)), "");
  });
});
