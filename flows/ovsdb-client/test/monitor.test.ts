import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type AnyDatabase,
  type AnyRow,
  type Change,
  Database,
  type Json,
  NamedUuid,
  type Operation,
  operations,
  type Selection,
} from "../src/index.js";
import { Intermediary } from "./intermediary.js";
import { Server, TEST_SCHEMA } from "./server.js";

const op = operations();

/** Servers as they were: what each of them does not know. */
const generations: [string, string[], string | undefined][] = [
  ["monitor_cond_since", [], undefined],
  ["monitor_cond", ["monitor_cond_since"], undefined],
  ["monitor", ["monitor_cond_since", "monitor_cond"], "_Server"],
];

for (const [method, unknown, hidden] of generations) {
  describe(`a server that knows ${method} at best`, () => {
    const refuse = (asked: string, params: Json): Json | undefined => {
      const [first] = Array.isArray(params) ? params : [];
      if (hidden !== undefined && first === hidden) return { error: "unknown database" };
      return unknown.includes(asked) ? "unknown method" : undefined;
    };

    async function withDatabase(
      tables: Selection<AnyDatabase>,
      body: (db: Database, writer: Database, proxy: Intermediary) => Promise<void>,
    ): Promise<void> {
      const server = await Server.start([TEST_SCHEMA]);
      const proxy = await Intermediary.start(server.directory, server.socket, refuse);
      const db = new Database<AnyDatabase>({ remotes: proxy.remote, database: "Test", tables });
      const writer = new Database({
        remotes: server.remote,
        database: "Test",
        tables: { Node: "all", Link: "all" },
      });
      try {
        db.start();
        writer.start();
        await Promise.all([db.ready(), writer.ready()]);
        await body(db, writer, proxy);
      } finally {
        db.stop();
        writer.stop();
        await proxy.close();
        await server.remove();
      }
    }

    /** Waits until the follower has seen what the writer did: the mark is the last thing that it did. */
    async function caughtUp(db: Database, writer: Database): Promise<void> {
      const mark = `mark ${marks++}`;
      await writer.transact([op.insert("Node", { name: mark })]);
      await db.waitFor((replica) => replica.table("Node").find((row) => row["name"] === mark));
      await writer.transact([op.delete("Node", [["name", "==", mark]])]);
      await db.waitFor((replica) => !replica.table("Node").find((row) => row["name"] === mark));
    }
    let marks = 0;

    test("is followed by that, and all of it", async () => {
      await withDatabase({ Node: "all", Link: "all" }, async (db, _writer, proxy) => {
        assert.equal(db.state, "synchronised");
        assert.equal(proxy.asked.filter((asked) => asked.startsWith("monitor")).at(-1), method);
      });
    });

    test("random changes arrive one and all", async () => {
      await withDatabase({ Node: "all", Link: "all" }, async (db, writer) => {
        await fc.assert(
          fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
            for (const operation of changes.flat()) await writer.attempt([operation]);
            await caughtUp(db, writer);
            for (const table of ["Node", "Link"]) {
              const [result] = await writer.transact([op.select(table, [])]);
              assert.deepEqual(byUuid(db.replica.table(table)), byUuid(result?.rows ?? []), table);
            }
          }),
          { numRuns: 40 },
        );
      });
    });

    test("rows come and go as they begin and cease to meet the conditions", async () => {
      const where = [
        ["level", ">", 3],
        ["name", "==", "always"],
      ] as const;
      await withDatabase(
        { Node: { columns: ["name"], where: [...where, ["name", "includes", "mark"]] } },
        async (db, writer) => {
          const seen: string[] = [];
          db.on("change", (changes: readonly Change[]) => {
            for (const change of changes) {
              const row = change.kind === "delete" ? change.before : change.row;
              seen.push(`${change.kind} ${row["name"]} ${row["level"]}`);
            }
          });
          const last = (what: string) => db.waitFor(() => seen.at(-1) === what);
          await writer.transact([
            op.insert("Node", { name: "low", level: 1 }),
            op.insert("Node", { name: "always", level: 0 }),
          ]);
          await last("insert always 0");
          await writer.transact([op.update("Node", [["name", "==", "low"]], { level: 5 })]);
          await last("insert low 5");
          await writer.transact([op.update("Node", [["name", "==", "low"]], { level: 6 })]);
          await last("modify low 6");
          await writer.transact([op.update("Node", [["name", "==", "low"]], { level: 0 })]);
          await last("delete low 6");
          await writer.transact([
            op.update("Node", [["name", "==", "low"]], { ratio: 0.5 }),
            op.delete("Node", [["name", "==", "always"]]),
          ]);
          await last("delete always 0");
          assert.equal(seen.length, 5, "and nothing else");
        },
      );
    });

    test("what is followed can be changed: other conditions, other columns, other tables", async () => {
      await withDatabase(
        { Node: { columns: ["name", "level"], where: [["level", "==", 1]] } },
        async (db, writer) => {
          const rows = [1, 2, 3].map((level) =>
            op.insert("Node", { name: `n${level}`, level, tags: [level] }),
          );
          await writer.transact([...rows, op.comment("x")]);
          const names = () => [...db.replica.table("Node")].map((row) => row["name"]).sort();
          await db.waitFor(() => names().length === 1);
          const kept = db.replica.table("Node").find((row) => row["name"] === "n1");
          const kinds: string[] = [];
          db.on("change", (changes) => kinds.push(...changes.map((entry) => entry.kind)));

          await db.follow({ Node: { columns: ["name", "level"], where: [["level", "<=", 2]] } });
          assert.deepEqual(names(), ["n1", "n2"]);
          assert.deepEqual(kinds.splice(0), ["insert"]);
          assert.equal(
            db.replica.table("Node").find((row) => row["name"] === "n1"),
            kept,
          );

          await db.follow({ Node: { columns: ["name", "level"], where: [["level", "==", 3]] } });
          assert.deepEqual(names(), ["n3"]);
          assert.deepEqual(kinds.splice(0).sort(), ["delete", "delete", "insert"]);

          await db.follow({ Node: ["tags"], Link: "all" });
          assert.deepEqual([...db.replica.table("Node")].map((row) => row["tags"]).sort(), [[1], [2], [3]]);
          assert.ok([...db.replica.table("Node")].every((row) => !("name" in row)));

          await db.follow({ Link: "all" });
          assert.equal(db.replica.table("Node").size, 0);
        },
      );
    });

    test("a cut connection is made again, and what happened meanwhile is caught up with", async () => {
      await withDatabase({ Node: ["name", "level"] }, async (db, writer, proxy) => {
        await writer.transact([op.insert("Node", { name: "a" }), op.insert("Node", { name: "b" })]);
        await db.waitFor((replica) => replica.table("Node").size === 2);
        const kinds: string[] = [];
        db.on("change", (changes) => kinds.push(...changes.map((entry) => entry.kind)));
        proxy.cut();
        await writer.transact([op.delete("Node", [["name", "==", "a"]]), op.insert("Node", { name: "c" })]);
        await db.waitFor((replica) => replica.table("Node").find((row) => row["name"] === "c"));
        assert.deepEqual(kinds.sort(), ["delete", "insert"]);
      });
    });
  });
}

const name = fc.constantFrom("a", "b", "c", "d");
const where = name.map((value) => [["name", "==", value]] as const);
const pairs = fc.dictionary(
  name,
  fc.string({ maxLength: 2 }).map((text) => text.replaceAll("\0", "0")),
  { maxKeys: 3 },
);
const tags = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

/** A transaction on few rows, so that they meet often. */
const change: fc.Arbitrary<Operation[]> = fc.oneof(
  fc.record({ name, level: fc.nat(9), labels: pairs, tags }).map((row) => [op.insert("Node", row)]),
  where.map((condition) => [op.delete("Node", condition)]),
  fc
    .tuple(where, fc.record({ labels: pairs, tags, number: fc.option(fc.integer(), { nil: undefined }) }))
    .map(([condition, row]) => [op.update("Node", condition, row)]),
  fc.tuple(where, tags, pairs).map(([condition, numbers, labels]) => [
    op.mutate("Node", condition, [
      ["tags", "insert", numbers],
      ["labels", "delete", Object.keys(labels)],
      ["labels", "insert", labels],
    ]),
  ]),
  fc.tuple(where, tags).map(([condition, numbers]) => [
    op.mutate("Node", condition, [
      ["tags", "delete", numbers],
      ["level", "+=", 1],
    ]),
  ]),
);

function byUuid(rows: Iterable<AnyRow>): [string, Record<string, unknown>][] {
  return [...rows]
    .map(({ _version, ...row }) => [row._uuid, row] as [string, Record<string, unknown>])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

test("a row and what it refers to arrive together", async () => {
  const server = await Server.start([TEST_SCHEMA]);
  const db = new Database({ remotes: server.remote, database: "Test", tables: { Node: "all", Link: "all" } });
  try {
    db.start();
    await db.ready();
    const dangling: unknown[] = [];
    db.on("change", () => {
      for (const row of db.replica.table("Node")) {
        for (const link of row["links"] as string[])
          if (!db.replica.table("Link").get(link)) dangling.push(link);
      }
    });
    for (let round = 0; round < 20; round++) {
      const link = new NamedUuid("link");
      await db.transact([
        op.insert("Link", { name: `l${round}` }, { as: link }),
        op.insert("Node", { name: `n${round}`, links: link }),
      ]);
      if (round % 3 === 0) await db.transact([op.delete("Node", [["name", "==", `n${round}`]])]);
    }
    assert.deepEqual(dangling, []);
    assert.equal(db.replica.table("Link").size, 13, "links that nobody refers to go with the last node");
  } finally {
    db.stop();
    await server.remove();
  }
});
