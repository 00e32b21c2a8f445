import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type EntrySpec, LookupTable, Steering } from "../../flows/index.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { TapPort } from "./tap-port.js";

const skip = await unavailable();
const ENTRIES = 10_000;

const FOREIGN = 100_000;

/** Entries of which no two are alike; one of them for port `port`. */
const entries = (port: number): EntrySpec[] =>
  Array.from({ length: ENTRIES }, (_, i) => ({
    protocol: "tcp",
    source: `10.${i >> 8}.${i & 255}.0/24`,
    destination: `172.16.${i >> 8}.${i & 255}`,
    ports: i === ENTRIES / 2 ? port : 443,
    action: "optimize",
    peer: `peer-${i % 10}`,
  }));

test("ten thousand entries are installed, and a change of one is that one's flow alone", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const ovs = await TestSwitch.start();
  const canary = new TapPort(ovs.namespace, "tpo0-alive");
  const timed = async (what: string, body: () => Promise<unknown>) => {
    const begun = performance.now();
    await body();
    t.diagnostic(`${what}: ${Math.round(performance.now() - begun)} ms`);
  };
  const flowMods = async () => {
    // Each thread of vswitchd adds what it has counted to the totals once a second.
    await sleep(2500);
    return Number(/^ofproto_recv_openflow.*total: (\d+)/m.exec(await ovs.appctl("coverage/show"))?.[1]);
  };
  let steering: Steering | undefined;
  try {
    await ovs.ip("link", "set", "tpo0-alive", "up");
    await timed("parsed and compiled", async () => {
      const table = new LookupTable(entries(443));
      steering = new Steering({ bridge: "br0", runDirectory: ovs.directory, canary: "tpo0-alive", table });
    });
    await timed("installed", async () => {
      steering!.start();
      await steering!.ready({ timeout: 120_000 });
    });
    assert.ok(steering!.status().flows > ENTRIES);
    const before = await flowMods();
    await timed("one entry changed", async () => {
      steering!.setTable(new LookupTable(entries(8443)));
      assert.equal(await steering!.applied({ timeout: 60_000 }), true);
    });
    // Two changes in a bundle, between requests of other kinds.
    assert.ok((await flowMods()) - before < 50);
    assert.match(await ovs.ofctl("dump-flows", "table=202,tcp,tp_dst=8443"), /nw_src=10\.19\.136\.0\/24/);
  } finally {
    await steering?.stop();
    canary.close();
    await ovs.stop();
  }
});

test("beside a hundred thousand flows of another owner it attaches, looks after its own, and detaches", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const ovs = await TestSwitch.start();
  const canary = new TapPort(ovs.namespace, "tpo0-alive");
  const file = join(ovs.directory, "foreign");
  const flows = Array.from({ length: FOREIGN }, (_, i) => {
    const address = `10.${128 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
    return `table=${i % 2 === 0 ? 0 : 40},priority=${100 + (i % 7)},tcp,nw_dst=${address},actions=NORMAL`;
  });
  const theirs = async () => /flow_count=(\d+)/.exec(await ovs.ofctl("dump-aggregate"))?.[1];
  let steering: Steering | undefined;
  try {
    writeFileSync(file, flows.join("\n"));
    await ovs.ofctl("add-flows", file);
    const found = await theirs();
    await ovs.ip("link", "set", "tpo0-alive", "up");
    const begun = performance.now();
    const table = new LookupTable(entries(443).slice(0, 10));
    steering = new Steering({ bridge: "br0", runDirectory: ovs.directory, canary: "tpo0-alive", table });
    steering.start();
    await steering.ready();
    t.diagnostic(`in sync after ${Math.round(performance.now() - begun)} ms`);
    const deleted = performance.now();
    await ovs.ofctl("del-flows", "table=202");
    await once(steering, "repaired");
    t.diagnostic(`its flows back ${Math.round(performance.now() - deleted)} ms after they were deleted`);
    const stopped = performance.now();
    await steering.stop();
    t.diagnostic(`detached after ${Math.round(performance.now() - stopped)} ms`);
    assert.equal(await theirs(), found);
  } finally {
    await steering?.stop();
    canary.close();
    await ovs.stop();
  }
});
