import assert from "node:assert/strict";
import { test } from "node:test";
import { GATHERING_TIME, Gathering } from "../../driver/worker/gathering.js";

/** Datagrams come so far apart, and are looked for at once, or when gathering says so; how many looks that took, by the millisecond. */
function looks(gathering: Gathering, apart: number, from: number, milliseconds: number): number {
  let looked = 0;
  let taken = 0;
  for (let now = from; now < from + milliseconds; ) {
    const there = Math.floor((now - from) / apart) - taken;
    gathering.looked(now, there);
    looked += 1;
    taken += there;
    now = gathering.on ? now + GATHERING_TIME : from + (taken + 1) * apart;
  }
  return looked / milliseconds;
}

test("a stream is taken some at a time, and what comes one by one at once", () => {
  const gathering = new Gathering();
  assert.ok(looks(gathering, 0.12, 0, 100) < 2.2, "of 8.3 datagrams each millisecond");
  assert.equal(gathering.on, true);
  assert.ok(looks(gathering, 20, 200, 1000) < 0.06);
  assert.equal(gathering.on, false);
  assert.ok(looks(gathering, 1, 2000, 100) > 0.9);
  assert.equal(gathering.on, false);
});

test("who looks sooner, for another reason, and finds little does not end it", () => {
  const gathering = new Gathering();
  looks(gathering, 0.1, 0, 10);
  gathering.looked(10, 5);
  gathering.looked(10.1, 0);
  gathering.looked(10.2, 1);
  assert.equal(gathering.on, true);
  gathering.looked(10.2 + GATHERING_TIME, 1);
  assert.equal(gathering.on, false);
});
