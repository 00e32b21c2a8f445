import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Bulk } from "./bulk.js";

const LOSSES = [0, 0.01, 0.1];
const within = (rate: number, wished: number): void => {
  assert.ok(
    Math.abs(rate / wished - 1) < 0.01,
    `${(rate / 1e6).toFixed(2)} instead of ${wished / 1e6} Mbit/s`,
  );
};

describe("capped", () => {
  for (const roundTrip of [20, 100, 600]) {
    for (const loss of LOSSES) {
      it(`keeps to the ceiling and reaches it: ${roundTrip} ms, ${loss * 100} %`, () => {
        const mode = { mode: "capped", ceiling: 30e6 } as const;
        const warm = Math.max(3, roundTrip / 50);
        const { wireRate, queue } = new Bulk({
          rate: 100e6,
          roundTrip,
          conditions: { loss },
          mode,
          warm,
          span: 8,
        }).measure();
        within(wireRate, 30e6);
        assert.ok(queue < 0.01, `a queue of ${queue}`);
      });
    }
  }

  it("never sends more in any second, not even at the start", () => {
    const bulk = new Bulk({
      rate: 100e6,
      roundTrip: 50,
      mode: { mode: "capped", ceiling: 20e6 },
      warm: 0,
      span: 1,
    });
    let before = 0;
    for (let second = 1; second <= 10; second += 1) {
      bulk.clock.runUntil(second * 1000);
      const { bytes } = bulk.links.a.out.counters;
      assert.ok(
        (bytes - before) * 8 < 20e6 * 1.01 + 8 * 50_000,
        `${bytes - before} bytes in second ${second}`,
      );
      before = bytes;
    }
  });

  it("is adaptive where the link is slower than the ceiling", () => {
    const mode = { mode: "capped", ceiling: 500e6 } as const;
    const { ofCeiling, queue } = new Bulk({ rate: 100e6, roundTrip: 100, mode, warm: 3, span: 8 }).measure();
    assert.ok(ofCeiling > 0.97, `${ofCeiling}`);
    assert.ok(queue < 0.25, `${queue}`);
  });

  it("gives way to a link that is hardly slower than the ceiling, without a standing queue", () => {
    const mode = { mode: "capped", ceiling: 104e6 } as const;
    const { ofCeiling, queue } = new Bulk({
      rate: 100e6,
      roundTrip: 100,
      queue: 4,
      mode,
      warm: 3,
      span: 10,
    }).measure();
    assert.ok(ofCeiling > 0.97, `${ofCeiling}`);
    assert.ok(queue < 0.25, `${queue}`);
  });
});

describe("fixed", () => {
  for (const roundTrip of [20, 100, 600]) {
    for (const loss of [...LOSSES, 0.3]) {
      it(`sends at the rate whatever is lost: ${roundTrip} ms, ${loss * 100} %`, () => {
        const mode = { mode: "fixed", rate: 30e6 } as const;
        const { wireRate } = new Bulk({
          rate: 100e6,
          roundTrip,
          conditions: { loss },
          mode,
          warm: 3,
          span: 8,
        }).measure();
        within(wireRate, 30e6);
      });
    }
  }

  it("breaks the circuit where most is lost, and mends it when the line is back", () => {
    const mode = { mode: "fixed", rate: 90e6 } as const;
    const bulk = new Bulk({ rate: 100e6, roundTrip: 50, mode, warm: 0, span: 1 });
    const { conditions } = bulk.links.a.out;
    bulk.clock.runUntil(5000);
    conditions.rate = 5e6;
    conditions.queue = 60_000;
    bulk.clock.runUntil(20_000);
    assert.ok(
      bulk.a.stats().rate < 12e6,
      `${bulk.a.stats().rate} after fifteen seconds on a line of 5 Mbit/s`,
    );
    conditions.rate = 100e6;
    conditions.queue = 625_000;
    bulk.clock.runUntil(40_000);
    assert.ok(bulk.a.stats().rate === 90e6, `${bulk.a.stats().rate}`);
  });
});
