import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Conditions } from "../../driver/mover/simulation/index.js";
import { Pair } from "./pair.js";

/** Buffers both ways over such a path, a seed after the other. */
function carry(seeds: number, conditions: Partial<Conditions>, limit = 60_000): Pair[] {
  const pairs: Pair[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const pair = new Pair({
      seed,
      forward: { rate: 20e6, delay: 20, queue: 200_000, ...conditions },
    }).start();
    const length = () => 20 + pair.random.below(pair.random.below(4) === 0 ? 65_000 : 5000);
    pair.a.say(40, length);
    pair.b.say(15, length);
    pair.settle(limit);
    assert.deepEqual([pair.b.received.size, pair.a.received.size], [40, 15], `seed ${seed}`);
    assert.deepEqual(pair.a.history, ["up b"], `seed ${seed}`);
    pairs.push(pair);
  }
  return pairs;
}

describe("every buffer arrives once and unaltered", () => {
  it("on a perfect link", () => {
    for (const { a } of carry(20, { queue: 1e6 })) assert.equal(a.stats.segmentsRetransmitted, 0);
  });

  for (const loss of [0.001, 0.01, 0.05, 0.2]) {
    it(`with ${loss * 100} % random loss`, () => void carry(250, { loss }));
    it(`with ${loss * 100} % loss in bursts`, () => void carry(100, { burstLoss: loss, burstLength: 5 }));
  }

  it("with loss in long bursts", () => void carry(100, { burstLoss: 0.1, burstLength: 60 }));
  it("with jitter that reorders", () => void carry(150, { jitter: 20, loss: 0.01 }));
  it("with jitter longer than the round trip", () => void carry(100, { delay: 1, jitter: 50, loss: 0.01 }));
  it("with reordering", () => void carry(150, { reorder: 0.1, reorderDelay: 15 }));
  it("with duplication", () => {
    for (const { b } of carry(100, { duplicate: 0.3 })) assert.ok(b.stats.datagramsIgnored > 0);
  });
  it("with corruption that UDP's check sum finds", () => void carry(100, { corrupt: 0.1 }));
  it("with a queue of three datagrams", () => void carry(50, { queue: 4600 }));
  it("at 64 kbit/s", () => void carry(5, { rate: 64e3, queue: 20_000 }, 600_000));
  it("with everything at once", () => {
    const storm = { loss: 0.03, burstLoss: 0.05, jitter: 30, reorder: 0.05, duplicate: 0.1, corrupt: 0.03 };
    carry(400, storm);
  });
});

describe("what a path does to one direction only", () => {
  it("a slow way back", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 50e6, delay: 25, queue: 300_000 },
        backward: { rate: 500e3, delay: 25, queue: 20_000, loss: 0.05 },
      }).start();
      pair.a.say(100, () => 60_000);
      pair.settle(60_000);
      const { segmentsRetransmitted, segmentsSent } = pair.a.stats;
      assert.ok(segmentsRetransmitted < segmentsSent * 0.2, `${segmentsRetransmitted} of ${segmentsSent}`);
    }
  });

  it("four acknowledgements in five are lost", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 20e6, delay: 20 },
        backward: { rate: 20e6, delay: 20, loss: 0.8 },
      });
      pair.start();
      pair.a.say(60, () => 40_000);
      pair.settle(60_000);
    }
  });
});

describe("memory", () => {
  it("is bounded by the receive window, and a small one only slows", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 100e6, delay: 50, loss: 0.05 },
        mover: { receiveWindow: 400_000 },
      }).start();
      pair.a.say(100, () => 60_000);
      let most = 0;
      while (!pair.a.finished(pair.b)) {
        pair.run(5);
        most = Math.max(most, pair.b.stats.reassemblyBytes);
        assert.ok(pair.clock.now < 120_000, `seed ${seed}: stuck`);
      }
      assert.ok(most <= 400_000 + 65_536, `${most}`);
      pair.settle(10_000);
      assert.equal(pair.b.stats.reassemblyBytes, 0);
    }
  });

  it("of the smallest kind still lets everything through", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 100e6, delay: 5, loss: 0.1 },
        mover: { receiveWindow: 1 },
      }).start();
      pair.a.say(10, () => 60_000);
      pair.settle(120_000);
    }
  });
});

describe("links that alter what they carry", () => {
  it("do no more harm to sealed datagrams than links that lose them", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 20e6, delay: 10, corrupt: 0.1, checksum: false },
      }).start();
      pair.a.say(60, () => 20 + pair.random.below(30_000));
      pair.b.say(20, () => 20 + pair.random.below(30_000));
      pair.settle(30_000);
      assert.deepEqual([pair.a.history, pair.b.history], [["up b"], ["up a"]]);
    }
  });

  it("never get altered data through where nothing is sealed, and end in a new session", () => {
    let resets = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const pair = new Pair({
        seed,
        forward: { rate: 20e6, delay: 10, corrupt: 0.002, checksum: false },
        security: "off",
      }).start();
      pair.a.say(60, () => 20 + pair.random.below(30_000));
      pair.b.say(20, () => 20 + pair.random.below(30_000));
      pair.run(20_000);
      resets += pair.a.history.filter((event) => event === "down corrupt").length;
      pair.links.a.out.conditions.corrupt = 0;
      pair.links.b.out.conditions.corrupt = 0;
      pair.run(20_000);
      const before = pair.b.received.size;
      pair.a.say(10, () => 10_000);
      pair.settle(20_000);
      assert.equal(pair.b.received.size, before + 10, `seed ${seed}`);
    }
    assert.ok(resets > 0);
  });
});

describe("many segments", () => {
  it("a million, with loss and jitter, none twice and none missing", () => {
    const pair = new Pair({
      forward: { rate: 10e9, delay: 50, queue: 100e6, loss: 0.01, jitter: 2 },
    }).start();
    pair.a.say(23_000, () => 65_430);
    pair.settle(60_000);
    const { segmentsSent, segmentsSpurious } = pair.a.stats;
    assert.ok(segmentsSent > 1_000_000);
    assert.ok(segmentsSpurious < segmentsSent * 0.005, `${segmentsSpurious} spurious`);
  });
});
