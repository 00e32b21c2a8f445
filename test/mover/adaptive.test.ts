import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Conditions } from "../../driver/mover/simulation/index.js";
import { Bulk } from "./bulk.js";

const LOSSES: readonly Partial<Conditions>[] = [{}, { loss: 0.01 }, { loss: 0.05 }, { burstLoss: 0.05 }];
const named = (conditions: Partial<Conditions>): string => JSON.stringify(conditions).replaceAll('"', "");

describe("a bottleneck with a queue of four bandwidth-delay products", () => {
  for (const roundTrip of [20, 100, 600]) {
    for (const conditions of LOSSES) {
      it(`is used, and its queue stays short: ${roundTrip} ms, ${named(conditions)}`, () => {
        const warm = Math.max(3, roundTrip / 50);
        const result = new Bulk({ rate: 50e6, roundTrip, queue: 4, conditions, warm, span: 10 }).measure();
        assert.ok(result.ofCeiling > 0.97, `${result.ofCeiling}`);
        assert.ok(result.queue <= 0.25, `${result.queue} bandwidth-delay products`);
      });
    }
  }
});

describe("a bottleneck with hardly any queue", () => {
  for (const queue of [0.05, 0.1, 0.25]) {
    it(`is filled with little overflow: ${queue} bandwidth-delay products`, () => {
      const result = new Bulk({ rate: 100e6, roundTrip: 100, queue, warm: 3, span: 10 }).measure();
      assert.ok(result.ofCeiling > 0.97, `${result.ofCeiling}`);
      // From the very start: what the start-up overflows is in it.
      assert.ok(result.redundancy < 0.03, `${result.redundancy}`);
    });
  }
});

describe("jitter", () => {
  for (const jitter of [5, 20, 50]) {
    for (const conditions of [{}, { loss: 0.01 }, { loss: 0.05, reorder: 0.03, reorderDelay: 10 }]) {
      it(`of ${jitter} ms makes hardly any retransmission for nothing: ${named(conditions)}`, () => {
        const path = { jitter, ...conditions };
        const result = new Bulk({
          rate: 50e6,
          roundTrip: 100,
          conditions: path,
          warm: 2,
          span: 10,
        }).measure();
        assert.ok(result.spurious <= 0.005, `${result.spurious} spurious`);
        assert.ok(result.ofCeiling > 0.95, `${result.ofCeiling}`);
      });
    }
  }
});

describe("the shortest and the longest paths", () => {
  for (const roundTrip of [1, 1200]) {
    for (const conditions of [{}, { loss: 0.01 }, { loss: 0.1 }]) {
      it(`are filled: ${roundTrip} ms, ${named(conditions)}`, () => {
        const warm = Math.max(2, roundTrip / 50);
        const result = new Bulk({ rate: 20e6, roundTrip, queue: 2, conditions, warm, span: 10 }).measure();
        assert.ok(result.ofCeiling > 0.95, `${result.ofCeiling}`);
        assert.ok(result.spurious <= 0.005, `${result.spurious} spurious`);
      });
    }
  }
});

describe("a seed", () => {
  it("makes the same run each time, and another one another run", () => {
    const conditions = {
      loss: 0.02,
      burstLoss: 0.02,
      jitter: 5,
      reorder: 0.02,
      duplicate: 0.01,
      corrupt: 0.01,
    };
    const run = (seed: number) => {
      const { sender } = new Bulk({
        rate: 20e6,
        roundTrip: 40,
        conditions,
        seed,
        warm: 1,
        span: 2,
      }).measure();
      return JSON.stringify(sender, (_key, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
    };
    const first = run(7);
    assert.equal(run(7), first);
    assert.notEqual(run(8), first);
  });
});

describe("a path that changes", () => {
  const endless = { rate: 100e6, roundTrip: 50, warm: 0, span: 1 };
  const goodput = (bulk: Bulk, from: number, to: number): number => {
    bulk.clock.runUntil(from * 1000);
    const before = bulk.delivered;
    bulk.clock.runUntil(to * 1000);
    return ((bulk.delivered - before) * 8) / (to - from);
  };

  it("is found when it becomes ten times as fast", () => {
    const bulk = new Bulk({ ...endless, conditions: { rate: 10e6 } });
    bulk.clock.runUntil(10_000);
    bulk.links.a.out.conditions.rate = 100e6;
    assert.ok(goodput(bulk, 14, 16) > 92e6);
  });

  it("is followed when it becomes ten times as slow", () => {
    const bulk = new Bulk(endless);
    bulk.clock.runUntil(10_000);
    bulk.links.a.out.conditions.rate = 10e6;
    assert.ok(goodput(bulk, 16, 20) > 9.2e6);
    assert.ok(bulk.links.a.out.queued < 100_000);
  });

  it("is followed also where the source is late for a moment again and again", () => {
    const bulk = new Bulk({ ...endless, queue: 4, hesitation: 0.5, conditions: { loss: 0.02 } });
    bulk.clock.runUntil(10_000);
    bulk.links.a.out.conditions.rate = 80e6;
    assert.ok(goodput(bulk, 16, 20) > 0.97 * 0.95 * 0.98 * 80e6);
    assert.ok(bulk.links.a.out.queued < (0.25 * (80e6 * 50)) / 8000, `${bulk.links.a.out.queued}`);
  });

  it("is used fully when it becomes longer, and when shorter", () => {
    const bulk = new Bulk(endless);
    bulk.clock.runUntil(10_000);
    for (const link of [bulk.links.a, bulk.links.b]) link.out.conditions.delay = 100;
    // It takes 20 s to be believed, and then two probes in two slots until its losses are, too.
    assert.ok(goodput(bulk, 50, 55) > 92e6);
    for (const link of [bulk.links.a, bulk.links.b]) link.out.conditions.delay = 10;
    assert.ok(goodput(bulk, 60, 65) > 92e6);
  });

  it("is known as before after a restart of the session", () => {
    const bulk = new Bulk({ ...endless, conditions: { loss: 0.01 } });
    bulk.clock.runUntil(10_000);
    bulk.a.reset();
    assert.ok(goodput(bulk, 10.3, 12) > 88e6);
  });

  it("is used at once after idling", () => {
    const bulk = new Bulk(endless);
    bulk.clock.runUntil(5000);
    bulk.left = 0;
    bulk.clock.runUntil(60_000);
    bulk.left = Number.POSITIVE_INFINITY;
    bulk.a.wake();
    assert.ok(goodput(bulk, 60.05, 61) > 85e6);
  });
});

describe("downloads of 1 MB and nothing else", () => {
  it("tell of the link's own loss", () => {
    const bulk = new Bulk({ rate: 100e6, roundTrip: 100, conditions: { loss: 0.01 }, warm: 0, span: 1 });
    bulk.left = 0;
    for (let at = 1000; at < 9000; at += 500) {
      bulk.clock.runUntil(at);
      bulk.left += 1e6;
      bulk.a.wake();
    }
    const { lossRate } = bulk.a.stats();
    assert.ok(lossRate > 0.005 && lossRate < 0.015, `${lossRate}`);
  });
});

describe("what is said beside the acknowledgements of bulk data", () => {
  it("does not wait for them, although they are more than its own rate", () => {
    const start = 200e3;
    const mode = { mode: "adaptive", start } as const;
    const bulk = new Bulk({ rate: 500e6, roundTrip: 4, warm: 1, span: 4, mode, answers: 20 });
    const { goodput, acknowledgements } = bulk.measure();
    assert.ok(goodput > 450e6 && acknowledgements * goodput > 3 * start, `${goodput}, ${acknowledgements}`);
    const late = bulk.answered.slice(-200).filter((time) => time > 5);
    assert.ok(bulk.answered.length > 240 && late.length === 0, `${bulk.answered.length}; ${late}`);
  });
});

describe("bulk data after small messages", () => {
  for (const roundTrip of [2, 20, 100]) {
    for (const interval of [5, 50]) {
      for (const loss of [0, 0.01]) {
        it(`is at full speed soon: ${roundTrip} ms, one each ${interval} ms, ${loss * 100} % loss`, () => {
          const bulk = new Bulk({ rate: 100e6, roundTrip, conditions: { loss }, warm: 0, span: 1 });
          bulk.left = 0;
          for (let at = 1000; at < 6000; at += interval) {
            bulk.clock.runUntil(at);
            bulk.left += 1000;
            bulk.a.wake();
          }
          bulk.left = Number.POSITIVE_INFINITY;
          bulk.a.wake();
          bulk.clock.runUntil(6000 + 250 + 12 * roundTrip);
          const before = bulk.delivered;
          bulk.clock.runUntil(bulk.clock.now + 500);
          const goodput = (bulk.delivered - before) * 16;
          assert.ok(goodput > 80e6, `${goodput}`);
        });
      }
    }
  }
});
