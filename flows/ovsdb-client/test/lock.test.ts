import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Database, operations } from "../src/index.js";
import { Server, TEST_SCHEMA } from "./server.js";

const op = operations();

describe("locks", () => {
  let server: Server;
  const databases: Database[] = [];

  beforeEach(async () => {
    server = await Server.start([TEST_SCHEMA]);
  });

  afterEach(async () => {
    for (const db of databases.splice(0)) db.stop();
    await server.remove();
  });

  async function open(): Promise<Database> {
    const reconnect = { minBackoff: 10, maxBackoff: 50 };
    const db = new Database({ remotes: server.remote, database: "Test", tables: { Node: "all" }, reconnect });
    databases.push(db);
    db.start();
    await db.ready();
    return db;
  }

  test("one holds it, the next waits in line", async () => {
    const [a, b] = [await open(), await open()];
    const [first, second] = [a.lock("writer"), b.lock("writer")];
    await once(first, "held");
    await b.call("echo", []);
    assert.deepEqual([first.held, second.held], [true, false]);
    await a.transact([op.assert("writer"), op.insert("Node", { name: "written" })]);
    await assert.rejects(b.transact([op.assert("writer")]), { code: "TRANSACTION", tag: "not owner" });
    first.release();
    await once(second, "held");
    assert.throws(() => b.lock("writer"), TypeError);
    a.lock("writer");
  });

  test("it can be stolen, and goes back", async () => {
    const [a, b] = [await open(), await open()];
    const [first, second] = [a.lock("writer"), b.lock("writer")];
    await once(first, "held");
    const lost = once(first, "lost");
    await second.steal(1000);
    await lost;
    assert.ok(second.held);
    second.release();
    await once(first, "held");
  });

  test("it is lost with the connection, and had again with the next", async () => {
    const db = await open();
    const lock = db.lock("writer");
    await once(lock, "held");
    const [lost, again] = [once(lock, "lost"), once(lock, "held")];
    await server.halt();
    await lost;
    assert.ok(!lock.held);
    await assert.rejects(lock.steal(100), TypeError);
    await server.resume();
    await again;
  });
});
