import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type AnyDatabase,
  Database,
  type DatabaseOptions,
  type DatabaseState,
  NamedUuid,
  type Outcome,
  OutcomeUnknownError,
  operations,
} from "../src/index.js";
import { Server, SWITCH_SCHEMA, TEST_SCHEMA } from "./server.js";

const op = operations();

describe("a session with a real server", () => {
  let server: Server;
  const databases: Database[] = [];

  beforeEach(async () => {
    server = await Server.start([TEST_SCHEMA]);
  });

  afterEach(async () => {
    for (const db of databases.splice(0)) db.stop();
    await server.remove();
  });

  async function open(options: Partial<DatabaseOptions<AnyDatabase>> = {}): Promise<Database> {
    const db = new Database<AnyDatabase>({
      remotes: server.remote,
      database: "Test",
      tables: { Node: "all" },
      reconnect: { minBackoff: 10, maxBackoff: 50 },
      ...options,
    });
    databases.push(db);
    db.start();
    await db.ready();
    return db;
  }

  function entered(db: Database, state: DatabaseState): Promise<string> {
    return new Promise((resolve) => {
      const look = (now: DatabaseState, reason: string) => {
        if (now !== state) return;
        db.off("state", look);
        resolve(reason);
      };
      db.on("state", look);
    });
  }

  test("goes through its states in order, and says why", async () => {
    const db = new Database({ remotes: server.remote, database: "Test", tables: {} });
    databases.push(db);
    assert.equal(db.state, "stopped");
    await assert.rejects(db.listDatabases(), { code: "NOT_CONNECTED" });
    const states: string[] = [];
    db.on("state", (state) => states.push(state));
    db.start();
    db.start();
    await db.ready();
    const never = db.waitFor(() => false, { timeout: 60_000 });
    db.stop();
    await assert.rejects(never, /Test is stopped/);
    assert.deepEqual(states, ["waiting", "connecting", "checking", "loading", "synchronised", "stopped"]);
    db.start();
    await db.ready();
  });

  test("a database that is not there is waited for", async () => {
    server.control("ovsdb-server/remove-db", "Test");
    const db = new Database({
      remotes: server.remote,
      database: "Test",
      tables: {},
      reconnect: { minBackoff: 10 },
    });
    databases.push(db);
    db.start();
    assert.match(await entered(db, "waiting"), /the server has no database "Test"/);
    await assert.rejects(db.ready({ timeout: 30 }), /ready \(Test is /);
    server.control("ovsdb-server/add-db", join(server.directory, "0.db"));
    await db.ready();
  });

  test("a database that is taken away and comes back is followed again", async () => {
    const db = await open();
    await db.transact([op.insert("Node", { name: "kept" })]);
    const gone = entered(db, "waiting");
    server.control("ovsdb-server/remove-db", "Test");
    assert.match(await gone, /no database "Test"/);
    assert.equal(db.replica.table("Node").size, 1);
    server.control("ovsdb-server/add-db", join(server.directory, "0.db"));
    await db.ready();
    assert.equal(db.replica.table("Node").size, 1);
  });

  test("a changed schema is taken up without a new connection", async () => {
    const db = await open({ tables: { Node: ["name", "colour"], Extra: "all" } });
    assert.deepEqual(db.missing, ["Node.colour", "Extra"]);
    await db.transact([op.insert("Node", { name: "old" })]);
    const before = db.replica.table("Node").find((row) => row["name"] === "old");
    assert.ok(before && !("colour" in before));

    const states: string[] = [];
    db.on("state", (state) => states.push(state));
    const tables = structuredClone(TEST_SCHEMA.tables) as Record<string, { columns: object }>;
    Object.assign(tables["Node"]?.columns ?? {}, { colour: { type: { key: "string", min: 0 } } });
    tables["Extra"] = { columns: { x: { type: "integer" } } };
    await db.call("convert", ["Test", { ...TEST_SCHEMA, version: "1.1.0", tables } as never]);
    await db.waitFor(() => db.schema?.version === "1.1.0");
    assert.deepEqual(db.missing, []);
    assert.ok(!states.includes("connecting"), states.join());
    const after = db.replica.table("Node").find((row) => row["name"] === "old");
    assert.deepEqual(after, { ...before, colour: undefined });
    await db.transact([op.update("Node", [], { colour: "red" })]);
    assert.equal(db.replica.table("Node").find((row) => row["name"] === "old")?.["colour"], "red");
  });

  test("a silent server is probed and given up, and taken again when it speaks", async () => {
    const db = await open({ probeInterval: 100 });
    const silent = entered(db, "waiting");
    process.kill(server.pid, "SIGSTOP");
    assert.match(await silent, /the server is silent/);
    process.kill(server.pid, "SIGCONT");
    await db.ready();
  });

  test("a process that was busy does not take its own silence for the server's", async () => {
    const db = await open({ probeInterval: 50 });
    const states: string[] = [];
    db.on("state", (state) => states.push(state));
    for (let round = 0; round < 3; round++) {
      const until = performance.now() + 300;
      while (performance.now() < until);
      await sleep(20);
    }
    assert.deepEqual(states, []);
    await db.transact([op.comment("still here")]);
  });

  test("a transaction whose answer is late has an unknown outcome, which the replica shows later", async () => {
    const db = await open();
    process.kill(server.pid, "SIGSTOP");
    const outcome: Outcome = await db.attempt([op.insert("Node", { name: "perhaps" })], { timeout: 50 });
    assert.equal(outcome.state, "unknown");
    assert.ok(outcome.state === "unknown" && outcome.error instanceof OutcomeUnknownError);
    process.kill(server.pid, "SIGCONT");
    await db.transact([op.comment("the server has dealt with it by now")]);
    const [result] = await db.transact([op.select("Node", [["name", "==", "perhaps"]])]);
    const isThere = db.replica.table("Node").find((row) => row["name"] === "perhaps") !== undefined;
    assert.equal(isThere, result?.rows?.length === 1);
  });

  test("a transaction whose connection is lost has an unknown outcome", async () => {
    const db = await open();
    process.kill(server.pid, "SIGSTOP");
    const outcome = db.attempt([op.insert("Node", { name: "perhaps" })]);
    await server.halt("SIGKILL");
    assert.equal((await outcome).state, "unknown");
    assert.equal((await db.attempt([op.comment("x")])).state, "unsent");
    await server.resume();
    await db.ready();
    await db.transact([op.comment("again")]);
  });

  test("a transaction that waits on the server can be abandoned", async () => {
    const db = await open();
    const abort = new AbortController();
    const wait = op.wait("Node", [["name", "==", "never"]], ["name"], "==", [{ name: "never" }]);
    const outcome = db.attempt([wait, op.insert("Node", { name: "after" })], { signal: abort.signal });
    await db.call("echo", []);
    abort.abort(new Error("no longer wanted"));
    assert.equal((await outcome).state, "unknown");
    await db.transact([op.insert("Node", { name: "never" })]);
    assert.equal(
      db.replica.table("Node").find((row) => row["name"] === "after"),
      undefined,
      "the server dropped it",
    );
    assert.equal((await db.attempt([op.comment("x")], { signal: abort.signal })).state, "unsent");
  });

  test("a listener that throws is reported, and harms nobody", () => {
    const script = `
      import { Database, operations } from ${JSON.stringify(import.meta.resolve("../src/index.js"))};
      const db = new Database({ remotes: ${JSON.stringify(server.remote)}, database: "Test", tables: { Node: "all" } });
      process.on("uncaughtException", (error) => console.log(error.message));
      db.once("change", () => { throw new Error("a listener's own fault"); });
      db.start();
      await db.ready();
      await db.transact([operations().insert("Node", { name: "x" })]);
      console.log(db.state, db.replica.table("Node").size);
      db.stop();`;
    const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    assert.equal(output, "a listener's own fault\nsynchronised 1\n");
  });

  test("much content arrives whole", async () => {
    const db = await open();
    const rows = Array.from({ length: 2000 }, (_, index) =>
      op.insert("Node", { name: `n${index}`, labels: { text: "x".repeat(500) } }),
    );
    await db.transact(rows);
    const other = await open({ tables: { Node: ["name", "labels"] } });
    assert.equal(other.replica.table("Node").size, 2000);
    const small = new Database({
      remotes: server.remote,
      database: "Test",
      tables: { Node: "all" },
      messageLimit: 10_000,
    });
    databases.push(small);
    small.start();
    assert.match(await entered(small, "waiting"), /message longer than 10000 bytes/);
  });
});

test("a server that probes us is answered", async () => {
  const server = await Server.start(
    [SWITCH_SCHEMA],
    ["--remote=db:Open_vSwitch,Open_vSwitch,manager_options"],
  );
  const path = join(server.directory, "probing.sock");
  const options = { database: "Open_vSwitch", tables: {} };
  const admin = new Database({ ...options, remotes: server.remote });
  const quiet = new Database({
    ...options,
    remotes: `unix:${path}`,
    probeInterval: 0,
    reconnect: { maxBackoff: 100 },
  });
  try {
    admin.start();
    await admin.ready();
    const manager = new NamedUuid("manager");
    await admin.transact([
      op.insert("Manager", { target: `punix:${path}`, inactivity_probe: 100 }, { as: manager }),
      op.insert("Open_vSwitch", { manager_options: manager }),
    ]);
    quiet.start();
    await quiet.ready();
    const states: string[] = [];
    quiet.on("state", (state) => states.push(state));
    await sleep(800);
    assert.deepEqual(states, [], "without an answer it would have hung up after 200 ms");
  } finally {
    admin.stop();
    quiet.stop();
    await server.remove();
  }
});
