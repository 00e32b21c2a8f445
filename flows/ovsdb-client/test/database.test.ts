import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import {
  type AnyDatabase,
  type Change,
  Database,
  type DeadlineError,
  ModelError,
  NamedUuid,
  NotConnectedError,
  operations,
  TransactionError,
} from "../src/index.js";
import { Server, TEST_SCHEMA } from "./server.js";

const op = operations();

describe("a database on a real server", () => {
  let server: Server;
  let db: Database;

  before(async () => {
    server = await Server.start([TEST_SCHEMA]);
    db = new Database({ remotes: server.remote, database: "Test", tables: { Node: "all", Link: "all" } });
    db.start();
    await db.ready();
  });

  after(async () => {
    db.stop();
    await server.remove();
  });

  test("lists databases and gives schemas", async () => {
    assert.deepEqual((await db.listDatabases()).sort(), ["Test", "_Server"]);
    assert.equal(db.schema?.tables.get("Node")?.columns.get("level")?.type.key.max, 9);
    assert.deepEqual(Object.keys(Object(await db.getSchema()).tables).sort(), ["Link", "Node"]);
  });

  test("what a transaction did is in the replica when it resolves", async () => {
    const link = new NamedUuid("link");
    const [, inserted] = await db.transact([
      op.insert("Link", { name: "l0", cost: 2n ** 63n - 1n }, { as: link }),
      op.insert("Node", {
        name: "first",
        number: -(2n ** 63n),
        ratio: 0.1,
        up: true,
        mode: "active",
        labels: { "a b": "ü", "": '"\\\u0001' },
        counters: new Map<string, number | bigint>([
          ["bytes", 2n ** 53n],
          ["packets", 2 ** 53 - 1],
        ]),
        tags: [3, 1, 2],
        links: link,
      }),
    ]);
    const row = db.replica.table("Node").get(inserted?.uuid ?? "");
    assert.ok(row);
    const linked = db.replica.table("Link").find((found) => found["name"] === "l0");
    assert.deepEqual(row, {
      _uuid: inserted?.uuid,
      name: "first",
      number: -(2n ** 63n),
      ratio: 0.1,
      up: true,
      mode: "active",
      level: 0,
      labels: new Map([
        ["", '"\\\u0001'],
        ["a b", "ü"],
      ]),
      counters: new Map<string, number | bigint>([
        ["bytes", 2n ** 53n],
        ["packets", 2 ** 53 - 1],
      ]),
      tags: [1, 2, 3],
      links: [linked?._uuid],
      peer: undefined,
    });
    assert.equal(linked?.["cost"], 2n ** 63n - 1n);
  });

  test("select gives rows as the replica does", async () => {
    const [, result] = await db.transact([
      op.comment("only looking"),
      op.select("Node", [["name", "==", "first"]], ["_uuid", "name", "tags"]),
    ]);
    const row = db.replica.table("Node").find((found) => found["name"] === "first");
    assert.deepEqual(result?.rows, [{ _uuid: row?._uuid, name: "first", tags: [1, 2, 3] }]);
  });

  test("changes come after the whole update has been applied", async () => {
    const seen: [Change, number, number][] = [];
    const listen = (changes: readonly Change[]) => {
      const sizes = [db.replica.table("Node").size, db.replica.table("Link").size] as const;
      for (const change of changes) seen.push([change, ...sizes]);
    };
    const before = [db.replica.table("Node").size, db.replica.table("Link").size] as const;
    db.on("change", listen);
    const link = new NamedUuid("link");
    await db.transact([
      op.insert("Link", { name: "l1" }, { as: link }),
      op.insert("Node", { name: "second", links: [link] }),
      op.insert("Node", { name: "third" }),
    ]);
    db.off("change", listen);
    assert.equal(seen.length, 3);
    for (const [change, nodes, links] of seen) {
      assert.equal(change.kind, "insert");
      assert.deepEqual([nodes, links], [before[0] + 2, before[1] + 1]);
    }
  });

  test("sets, maps and scalars are modified by difference", async () => {
    await db.transact([
      op.insert("Node", {
        name: "diff",
        tags: [1, 2, 3],
        labels: { a: "1", b: "2", c: "3" },
        mode: "active",
      }),
    ]);
    const find = () => db.replica.table("Node").find((row) => row["name"] === "diff");
    const old = find();
    await db.transact([
      op.mutate(
        "Node",
        [["name", "==", "diff"]],
        [
          ["tags", "insert", [9, 7]],
          ["tags", "delete", new Set([1, 2])],
          ["labels", "delete", ["a"]],
          ["labels", "delete", { b: "2" }],
          ["labels", "insert", { d: "4" }],
          ["level", "+=", 3],
        ],
      ),
      op.update("Node", [["name", "==", "diff"]], { mode: undefined, number: 5 }),
    ]);
    const row = find();
    assert.deepEqual(row?.["tags"], [3, 7, 9]);
    assert.deepEqual(
      row?.["labels"],
      new Map([
        ["c", "3"],
        ["d", "4"],
      ]),
    );
    assert.equal(row?.["mode"], undefined);
    assert.equal(row?.["number"], 5);
    assert.equal(row?.["level"], 3);
    assert.deepEqual(old?.["tags"], [1, 2, 3], "rows that were handed out do not change");
    await db.transact([op.update("Node", [["name", "==", "diff"]], { labels: { c: "other" } })]);
    assert.deepEqual(find()?.["labels"], new Map([["c", "other"]]));
  });

  test("a snapshot stays as it was", async () => {
    const snapshot = db.replica.snapshot();
    const size = snapshot.table("Node").size;
    await db.transact([op.insert("Node", { name: "after the snapshot" })]);
    assert.equal(snapshot.table("Node").size, size);
    assert.equal(db.replica.table("Node").size, size + 1);
    assert.equal(db.replica.snapshot().table("Node").size, size + 1);
  });

  test("errors say what was wrong, and where", async () => {
    await db.transact([op.insert("Node", { name: "there" })]);
    const duplicate = [op.comment("twice"), op.insert("Node", { name: "there" })];
    await assert.rejects(db.transact(duplicate), (error: TransactionError) => {
      assert.ok(error instanceof TransactionError);
      assert.equal(error.tag, "constraint violation");
      assert.equal(error.index, undefined, "indexes are checked at commit");
      return true;
    });
    await assert.rejects(db.transact([op.comment("first"), op.abort()]), (error: TransactionError) => {
      assert.deepEqual([error.tag, error.index], ["aborted", 1]);
      assert.match(error.message, /^operation 1 \(abort\): aborted/);
      return true;
    });
    const wait = op.wait("Node", [["name", "==", "there"]], ["name"], "==", [], 0);
    await assert.rejects(db.transact([wait]), { code: "TRANSACTION", tag: "timed out", index: 0 });
    await assert.rejects(db.transact([op.insert("Node", { level: 10 })]), (error: ModelError) => {
      assert.equal(
        error.message,
        "constraint violation: Node.level: 10 is not in the valid range 0 to 9 (inclusive)",
      );
      return error instanceof ModelError;
    });
    await assert.rejects(db.transact([op.insert("Nowhere", {})]), /no table "Nowhere"/);
    await assert.rejects(db.transact([op.insert("Node", { colour: "red" })]), /no column "colour"/);
    await assert.rejects(db.transact([op.insert("Node", { name: 1 })]), /Node.name: expected string, not 1/);
  });

  test("waitFor takes what is there, what comes, and gives up in time", async () => {
    const there = await db.waitFor((replica) => replica.table("Node").find((row) => row["name"] === "first"));
    assert.equal(there["name"], "first");
    const coming = db.waitFor((replica) => replica.table("Node").find((row) => row["name"] === "coming"));
    await db.transact([op.insert("Node", { name: "coming" })]);
    assert.equal((await coming)["name"], "coming");
    const never = db.waitFor(() => false, { timeout: 20, what: "the impossible" });
    await assert.rejects(never, (error: DeadlineError) =>
      /the impossible \(Test is synchronised/.test(error.message),
    );
    const abort = new AbortController();
    const aborted = db.waitFor(() => false, { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await assert.rejects(aborted, /changed my mind/);
    assert.equal(db.listenerCount("change"), 0);
    assert.equal(db.listenerCount("state"), 0);
  });
});

test("the replica outlives the server and is brought up to date", async () => {
  const server = await Server.start([TEST_SCHEMA]);
  const db = new Database<AnyDatabase>({ remotes: server.remote, database: "Test", tables: { Node: "all" } });
  try {
    db.start();
    await db.ready();
    await db.transact([
      op.insert("Node", { name: "kept" }),
      op.insert("Node", { name: "changed", level: 1 }),
    ]);
    const kept = db.replica.table("Node").find((row) => row["name"] === "kept");
    await server.halt();
    while (db.state === "synchronised") await once(db, "state");
    assert.equal(db.replica.table("Node").size, 2, "what was known stays");
    assert.deepEqual((await db.attempt([op.comment("too late")])).state, "unsent");
    await assert.rejects(db.transact([op.comment("too late")]), NotConnectedError);

    await server.resume();
    const other = new Database({ remotes: server.remote, database: "Test", tables: {} });
    other.start();
    await other.ready();
    const changes: Change[] = [];
    db.on("change", (more) => changes.push(...more));
    await other.transact([
      op.update("Node", [["name", "==", "changed"]], { level: 2 }),
      op.insert("Node", { name: "new" }),
    ]);
    other.stop();
    await db.waitFor((replica) => replica.table("Node").size === 3);
    assert.deepEqual(
      changes.map((change) => change.kind).sort(),
      ["insert", "modify"],
      "only what differs is a change",
    );
    assert.equal(
      db.replica.table("Node").find((row) => row["name"] === "kept"),
      kept,
      "an equal row stays the same",
    );
  } finally {
    db.stop();
    await server.remove();
  }
});
