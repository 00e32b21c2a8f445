import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { until } from "../end-to-end/site.js";
import { type Sample, Soak } from "./soak.js";

const MEGABYTE = 2 ** 20;
/** What the plugin has open for a moment besides: whoever asks it for its status, a program that it runs. */
const PASSING = 8;
const OPEN = 11_000;
const ACTIVE = 1000;
/** Half of the ceiling past which they go direct (`limits.opening_per_peer`): a slow machine does not reach it. */
const AT_ONCE = 2000;
/** What a connection may have under way in one direction, by default. */
const CREDIT = 16 * MEGABYTE;
/** What one connection that is busy both ways may cost a site, with the mover's windows and buffers. */
const EXCHANGE_MEMORY = 160 * MEGABYTE;

/** The clients' process needs a descriptor for each, as each plugin does. */
const limit = Number(/^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
const skip = limit < OPEN + 2000 ? `${limit} descriptors are too few` : false;

let soak: Soak;

before(async () => {
  soak = await Soak.begin("soak-test");
});
after(() => soak?.end());

/** Both plugins, once no connection is open any more. */
async function idle(): Promise<Sample[]> {
  let samples: Sample[] = [];
  await until(
    "all connections have ended",
    async () => {
      samples = await soak.samples();
      return samples.every(({ connections }) => connections.open === 0);
    },
    30_000,
  );
  return samples;
}

test("clients that come at once wait for the plugin in a queue as long as is said", async () => {
  const { stdout } = await soak.lab.exec("a-switch", ["ss", "-Hltn", "sport", "=", ":4755"]);
  // State, connections that wait, and how many may.
  const [, , most] = stdout.trim().split(/\s+/);
  assert.equal(most, "4096");
});

test("ten thousand connections opened, used and closed leave nothing behind", async () => {
  assert.deepEqual((await soak.task({ turn: 2000, atOnce: 200 })).errors, {});
  const before = await idle();
  assert.deepEqual((await soak.task({ turn: 8000, atOnce: 200 })).errors, {});
  const samples = await idle();
  for (const [i, { connections, descriptors, held, resident }] of samples.entries()) {
    assert.deepEqual([connections.total, connections.failed], [10_000, 0]);
    assert.equal(held, 0);
    assert.ok(descriptors <= before[i]!.descriptors + PASSING, `${descriptors} descriptors are open`);
    // What has to be collected yet is no growth; 8 KB for each connection would be.
    assert.ok(resident < before[i]!.resident + 64 * MEGABYTE, `${resident} bytes are resident`);
  }
});

test("96 MB each way at once on one connection arrive, and neither site holds more than its credit", async () => {
  const [before] = await soak.samples();
  const { well, errors, most } = await soak.watch({ exchange: 96 * MEGABYTE });
  assert.deepEqual([well, errors], [1, {}]);
  for (const { held, resident } of most) {
    assert.ok(held < CREDIT + MEGABYTE, `${held} bytes were held`);
    assert.ok(resident < before!.resident + EXCHANGE_MEMORY, `${resident} bytes were resident`);
  }
  await idle();
});

test("a thousand new connections a second: past the ceiling they go direct, and none is lost", {
  skip,
}, async () => {
  const opened = await soak.task({ keep: OPEN, rate: 1000, atOnce: OPEN });
  assert.deepEqual([opened.well, opened.errors], [OPEN, {}]);
  await soak.task({ drop: true });
  await idle();
});

test("ten thousand idle connections and a thousand busy ones, opened at up to a thousand a second", {
  skip,
}, async () => {
  const before = await soak.samples();
  const opened = await soak.task({ keep: OPEN, rate: 1000, atOnce: AT_ONCE });
  assert.deepEqual([opened.well, opened.errors], [OPEN, {}]);
  const exchanged = await soak.task({ busy: ACTIVE, rounds: 4 });
  assert.deepEqual([exchanged.well, exchanged.errors], [4 * ACTIVE, {}]);
  for (const [i, { connections, resident }] of (await soak.samples()).entries()) {
    assert.equal(connections.open, OPEN);
    assert.equal(connections.failed, before[i]!.connections.failed);
    assert.ok(resident < 1024 * MEGABYTE, `${resident} bytes are resident`);
  }
  await soak.task({ drop: true });
  await idle();
});
