import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../end-to-end/site.js";
import { ECHO, Ground, hosts } from "./ground.js";
import { Held } from "./held.js";

describe("connections that were open before the plugins came", { timeout: 180_000 }, () => {
  let ground: Ground;
  /** Between hosts of an entry. */
  let held: Held;

  before(async () => {
    ground = await Ground.up("faults-before", { plugin: false });
    held = await Held.start(ground.lab, "client", hosts.server, ECHO, 6);
  });
  after(async () => {
    await held?.stop();
    await ground?.down();
  });

  const plugin = (site: string) => ground.lab.plugin(site);
  const ready = () => Promise.all([plugin("a").ready(), plugin("b").ready()]);
  const both = async (what: "start" | "stop") => {
    await Promise.all([plugin("a")[what](), plugin("b")[what]()]);
    if (what === "start") await ready();
  };

  for (const [what, act, carries = true] of [
    ["the start", () => both("start")],
    ["a restart at the client's site", () => plugin("a").restart().then(ready)],
    ["a restart at the server's site", () => plugin("b").restart().then(ready)],
    [
      "kill -9 and a start",
      () =>
        plugin("a")
          .kill()
          .then(() => plugin("a").start().then(ready)),
    ],
    ["the stop", () => both("stop"), false],
    ["another start", () => both("start")],
  ] as const) {
    test(`stay direct through ${what}`, async (t) => {
      held.longestGap = 0;
      await act();
      await sleep(1500);
      assert.deepEqual([...held.ends], []);
      t.diagnostic(`no echo for at most ${held.longestGap} ms`);
      if (!carries) return;
      // While those that come now are taken.
      const openings = await ground.openings();
      await openings.stop();
      await until("none is carried", async () => (await ground.status())!.connections.open === 0);
      assert.deepEqual([...held.ends], []);
    });
  }

  test("and end as their ends do", async () => {
    await held.end();
    assert.deepEqual([...held.ends.values()], Array(6).fill("closed"));
  });
});
