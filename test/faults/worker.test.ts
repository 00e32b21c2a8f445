import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { patience } from "../../ovs-lab/patience.js";
import { until } from "../end-to-end/site.js";
import { ECHO, Ground, hosts, told } from "./ground.js";
import { Held } from "./held.js";
import { Inspector } from "./inspector.js";

describe("the data worker's own faults", { timeout: 120_000 }, () => {
  let ground: Ground;

  before(async () => {
    ground = await Ground.up("faults-worker");
  });
  after(() => ground?.down());

  /** Milliseconds from now until new connections go direct, once this is done to the plugin's worker. */
  async function untilDirect(expression: string): Promise<{ since: number; direct: number; held: Held }> {
    const inspector = await Inspector.open(ground);
    const openings = await ground.openings();
    try {
      // It may have been stuck before, and just have begun to take connections again.
      await openings.first("optimized", Date.now());
      const held = await Held.start(ground.lab, "client", hosts.server, ECHO, 4);
      const since = await inspector.evaluateInWorker(expression);
      const direct = await openings.first("direct", since);
      // From then on all go well.
      await sleep(1500);
      const after = openings.since(direct + 200, Date.now() - 500);
      assert.deepEqual(
        after.filter(({ result }) => result !== "ok"),
        [],
      );
      assert.ok(after.length > 10);
      return { since, direct, held };
    } finally {
      await openings.stop();
    }
  }

  const ended = async (pid: number) => {
    await until("the plugin has ended", () => {
      try {
        return process.kill(pid, 0) && false;
      } catch {
        return true;
      }
    });
    const log = readFileSync(`${ground.lab.directory}/a/ovs-tpo.log`, "utf8");
    return log
      .trim()
      .split("\n")
      .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as { level: string; msg: string }] : []))
      .findLast(({ level }) => level === "fatal")?.msg;
  };

  const back = async () => {
    await ground.lab.plugin("a").start();
    await Promise.all([ground.lab.plugin("a").ready(), ground.lab.plugin("b").ready()]);
  };

  test("ended by itself: open connections are reset, new ones go direct, and the plugin ends", async (t) => {
    const pid = await ground.pid();
    const { since, direct, held } = await untilDirect("process.exit(7)");
    told(t, "the worker ended, direct", since, direct);
    assert.deepEqual([...held.ends.values()], Array(4).fill("ECONNRESET"));
    await held.stop();
    assert.match((await ended(pid)) ?? "", /the data worker has ended/);
    await back();
  });

  test("stuck for a while: new connections go direct meanwhile, and open ones go on", async (t) => {
    const { since, direct, held } = await untilDirect(
      "for (const end = Date.now() + 3500; Date.now() < end; );",
    );
    told(t, "the worker stuck, direct", since, direct);
    assert.ok(direct - since < 3000 * patience);
    const openings = await ground.openings();
    await openings.stop();
    assert.deepEqual([...held.ends], []);
    await held.stop();
  });

  test("stuck for good: the plugin ends, and open connections are reset", async (t) => {
    const pid = await ground.pid();
    const { since, held } = await untilDirect("for (;;);");
    assert.match((await ended(pid)) ?? "", /stuck/);
    told(t, "the worker stuck, the plugin ended", since, Date.now());
    await until("the open connections end", () => held.ends.size === 4);
    assert.deepEqual([...held.ends.values()], Array(4).fill("ECONNRESET"));
    await held.stop();
    await back();
  });
});
