import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyDatabase, Database, type DatabaseOptions, operations } from "../src/index.js";
import { Intermediary } from "./intermediary.js";
import { freePort, Server, schemaFile, TEST_SCHEMA } from "./server.js";

const op = operations();

describe("a cluster of three", () => {
  let directory: string;
  let members: Server[] = [];
  const databases: Database[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "ovsdb-client-test-"));
    const ports = [await freePort(), await freePort(), await freePort()];
    const raft = ports.map((port) => `tcp:127.0.0.1:${port}`) as [string, string, string];
    members = [];
    for (const [index, address] of raft.entries()) {
      const own = join(directory, String(index));
      mkdirSync(own);
      const file = join(own, "test.db");
      const create = ["create-cluster", file, schemaFile(directory, TEST_SCHEMA), address];
      execFileSync("ovsdb-tool", index === 0 ? create : ["join-cluster", file, "Test", address, raft[0]]);
      members.push(await Server.serve(own, [file]));
    }
    await Promise.all(members.map((member) => joined(member)));
  });

  afterEach(async () => {
    for (const db of databases.splice(0)) db.stop();
    for (const member of members) await member.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  async function joined(member: Server): Promise<void> {
    while (!/Leader: (?!unknown)/.test(member.control("cluster/status", "Test"))) await sleep(50);
  }

  function leader(): Server | undefined {
    return members.find(
      (member) => member.pid !== 0 && member.control("cluster/status", "Test").includes("Role: leader"),
    );
  }

  function open(options: Partial<DatabaseOptions<AnyDatabase>> = {}): Database {
    const db = new Database<AnyDatabase>({
      remotes: members.map((member) => member.remote),
      database: "Test",
      tables: { Node: "all" },
      reconnect: { minBackoff: 20, maxBackoff: 200 },
      ...options,
    });
    databases.push(db);
    db.start();
    return db;
  }

  test("of many servers the leader is found, and nobody else taken", async () => {
    const remote = leader()?.remote;
    for (const random of [() => 0, () => 0.4, () => 0.99]) {
      const db = open({ random });
      await db.ready();
      assert.equal(db.reason, remote);
    }
  });

  test("a follower will do where one is content with it; writes go to the leader through it", async () => {
    const follower = members.find((member) => member !== leader());
    const strict = open({ remotes: follower?.remote ?? "" });
    await assert.rejects(strict.ready({ timeout: 300 }), /is not the leader|Test is/);
    const db = open({ remotes: follower?.remote ?? "", leaderOnly: false });
    await db.ready();
    await db.transact([op.insert("Node", { name: "through the follower" })]);
    assert.equal(db.replica.table("Node").size, 1);
  });

  test("when the leader dies, the next one is followed, and nothing that was committed is lost", async () => {
    const db = open();
    await db.ready();
    const committed: string[] = [];
    for (let index = 0; index < 20; index++) {
      if (index === 10) await leader()?.halt();
      const name = `n${index}`;
      for (;;) {
        const outcome = await db.attempt([op.insert("Node", { name })]);
        if (outcome.state === "committed") break;
        await db.ready({ timeout: 30_000 });
        // After a transaction of unknown outcome one looks, and then decides.
        if (db.replica.table("Node").find((row) => row["name"] === name)) break;
      }
      committed.push(name);
    }
    const names = [...db.replica.table("Node")].map((row) => row["name"]).sort();
    assert.deepEqual(names, committed.sort());
  });

  test("a session goes on from where the last one ended", async () => {
    const target = leader();
    assert.ok(target);
    const proxy = await Intermediary.start(directory, target.socket, () => undefined);
    try {
      const db = open({ remotes: proxy.remote });
      const writer = open();
      await Promise.all([db.ready(), writer.ready()]);
      // The server keeps no more history than it has content.
      await writer.transact(
        Array.from({ length: 100 }, (_, index) => op.insert("Node", { name: `filling ${index}` })),
      );
      await db.transact([op.insert("Node", { name: "first" })]);
      const first = db.replica.table("Node").find((row) => row["name"] === "first");
      proxy.cut();
      await writer.transact([
        op.insert("Node", { name: "second" }),
        op.update("Node", [["name", "==", "first"]], { tags: [7] }),
      ]);
      await db.waitFor((replica) => replica.table("Node").size === 102);
      assert.deepEqual(db.replica.table("Node").get(first?._uuid ?? "")?.["tags"], [7]);
      const replies = proxy.answers("monitor_cond_since");
      assert.deepEqual(
        replies.map((reply) => (reply as unknown[])[0]),
        [false, true],
        "found the second time",
      );
    } finally {
      await proxy.close();
    }
  });

  test("a leader that hands over is left", async () => {
    const db = open();
    await db.ready();
    const old = leader();
    assert.equal(db.reason, old?.remote);
    const left = once(db, "state");
    old?.control("cluster/leave", "Test");
    await left;
    await db.ready({ timeout: 30_000 });
    assert.notEqual(db.reason, old?.remote);
  });
});
