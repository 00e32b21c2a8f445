import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LEAST_WHOLE, PathMtu } from "../../driver/mover/path-mtu.js";
import { SeededRandom, SimulatedClock } from "../../driver/mover/simulation/index.js";
import { Pair } from "./pair.js";

const HEADERS = 28;
const LEAST = 1280 - HEADERS;

interface PathOptions {
  readonly mtu: number;
  readonly loss?: number;
  readonly rtt?: number;
  readonly ceiling?: number;
  readonly seed?: number;
}

/** A machine, and a path that answers its probes if they fit and are not lost. */
class Path {
  readonly clock = new SimulatedClock();
  readonly mtu: PathMtu;
  /** UDP payload that fits. */
  fits: number;
  loss: number;
  probes = 0;
  bytes = 0;
  readonly #random: SeededRandom;
  readonly #rtt: number;

  constructor({ mtu, loss = 0, rtt = 100, ceiling = 9000 - HEADERS, seed = 1 }: PathOptions) {
    this.fits = mtu - HEADERS;
    this.loss = loss;
    this.#rtt = rtt;
    this.#random = new SeededRandom(seed);
    this.mtu = new PathMtu({ least: LEAST, ceiling, headers: HEADERS });
    this.mtu.begin(0, ceiling);
  }

  /** Runs for so many milliseconds. */
  run(span: number): this {
    const end = this.clock.now + span;
    while (this.mtu.probeAt <= end) {
      this.clock.runUntil(Math.max(this.clock.now, this.mtu.probeAt));
      if (this.mtu.probeAt <= this.clock.now) this.#probe();
    }
    this.clock.runUntil(end);
    return this;
  }

  #probe(): void {
    const bytes = this.mtu.due(this.clock.now, this.#rtt);
    if (bytes === 0) return;
    this.probes += 1;
    this.bytes += bytes;
    const probe = this.probes;
    this.mtu.onProbe(probe, bytes);
    const gone = this.#random.next() < this.loss || this.#random.next() < this.loss;
    if (bytes <= this.fits && !gone) {
      this.clock.at(this.clock.now + this.#rtt, () => this.mtu.onAnswer(this.clock.now, probe));
    }
  }
}

/** The search ends up to 16 bytes below what fits. */
function found(path: Path): void {
  assert.equal(path.mtu.state, "complete");
  assert.ok(path.mtu.size <= path.fits && path.mtu.size > path.fits - 16, `${path.mtu.size} of ${path.fits}`);
}

describe("the path MTU", () => {
  it("is found, whatever it is", () => {
    for (let mtu = 1280; mtu <= 9000; mtu += 97) {
      found(new Path({ mtu, seed: mtu }).run(30_000));
    }
  });

  it("is exact where it is a common one, and there quickly", () => {
    const spans = { 1400: 5000, 1492: 5000, 1500: 150, 9000: 250 };
    for (const [mtu, span] of Object.entries(spans)) {
      assert.equal(new Path({ mtu: Number(mtu) }).run(span).mtu.size, Number(mtu) - HEADERS);
    }
  });

  it("is found at 10 % loss in each direction, from hundreds of seeds", () => {
    let wrong = 0;
    for (let seed = 0; seed < 400; seed += 1) {
      const path = new Path({ mtu: [1280, 1420, 1500, 9000][seed % 4]!, loss: 0.1, seed }).run(60_000);
      assert.equal(path.mtu.state, "complete");
      assert.ok(path.mtu.size <= path.fits);
      if (path.mtu.size <= path.fits - 16) wrong += 1;
    }
    assert.ok(wrong <= 2, `${wrong} of 400 too small`);
  });

  it("is not exceeded: no size is used that was not answered", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const path = new Path({ mtu: 1280 + seed * 30, loss: 0.3, seed });
      for (let i = 0; i < 600; i += 1) assert.ok(path.run(100).mtu.size <= path.fits);
    }
  });

  it("is not searched for above the ceiling, nor where the ceiling is the least", () => {
    const path = new Path({ mtu: 9000, ceiling: 1472 }).run(60_000);
    assert.equal(path.mtu.size, 1472);
    assert.ok(path.probes <= 3);
    const least = new Path({ mtu: 9000, ceiling: LEAST }).run(1_000_000);
    assert.deepEqual([least.mtu.size, least.probes], [LEAST, 0]);
  });

  it("costs little where it is less than was hoped for", () => {
    const path = new Path({ mtu: 1500 }).run(60_000);
    assert.ok(path.probes <= 80 && path.bytes < 200_000, `${path.probes} probes, ${path.bytes} bytes`);
  });

  it("is searched for again after ten minutes", () => {
    const path = new Path({ mtu: 1400 }).run(60_000);
    path.fits = 1500 - HEADERS;
    assert.equal(path.run(500_000).mtu.size, 1400 - HEADERS);
    assert.equal(path.run(100_000).mtu.size, 1500 - HEADERS);
  });

  it("is taken from what the system refuses", () => {
    const path = new Path({ mtu: 1500 });
    path.run(110);
    path.mtu.onTooLong(path.clock.now, 9000 - HEADERS);
    path.mtu.onTooLong(path.clock.now, 4470 - HEADERS);
    assert.equal(path.mtu.size, 1472);
    path.run(10_000);
    found(path);
    path.fits = 1400 - HEADERS;
    path.mtu.onTooLong(path.clock.now, 1472);
    assert.equal(path.mtu.size, LEAST);
    found(path.run(10_000));
  });
});

describe("a path MTU in doubt", () => {
  it("stays if it is answered, also at 10 % loss", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const path = new Path({ mtu: 1500, ceiling: 1472, loss: 0.1, seed }).run(5000);
      path.mtu.onDoubt(path.clock.now);
      path.run(3000);
      assert.equal(path.mtu.size, 1472);
    }
  });

  it("is given up where short datagrams get through and long ones do not, and the right one is found", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const path = new Path({ mtu: 1500, ceiling: 1472, loss: 0.1, seed }).run(5000);
      path.fits = 1400 - HEADERS;
      path.mtu.onDoubt(path.clock.now);
      path.run(2000);
      assert.ok(path.mtu.size < 1472);
      found(path.run(20_000));
    }
  });

  it("is kept while nothing gets through at all", () => {
    const path = new Path({ mtu: 1500, ceiling: 1472 }).run(5000);
    path.fits = 0;
    path.mtu.onDoubt(path.clock.now);
    const { probes } = path;
    assert.equal(path.run(40_000).mtu.size, 1472);
    assert.ok(path.probes - probes < 60);
    path.fits = 1472;
    path.run(3000);
    assert.deepEqual([path.mtu.size, path.mtu.state], [1472, "complete"]);
  });

  it("below the least asks for fragments, until the least gets through", () => {
    const path = new Path({ mtu: 1000, ceiling: 1472 }).run(5000);
    assert.deepEqual([path.mtu.size, path.mtu.whole], [LEAST, LEAST]);
    path.mtu.onDoubt(path.clock.now);
    path.run(3000);
    assert.deepEqual([path.mtu.size, path.mtu.whole], [LEAST, LEAST_WHOLE]);
    path.fits = 1472;
    path.run(610_000);
    assert.deepEqual([path.mtu.size, path.mtu.whole], [1472, 1472]);
  });
});

describe("in a new session", () => {
  it("what was known is tried first", () => {
    const path = new Path({ mtu: 1430 }).run(60_000);
    const { size } = path.mtu;
    path.mtu.end();
    path.mtu.begin(path.clock.now, 9000 - HEADERS);
    assert.equal(path.mtu.size, LEAST);
    assert.equal(path.run(110).mtu.size, size);
  });
});

describe("a mover on a path of some MTU", () => {
  const LINK = { rate: 100e6, queue: 1e6, delay: 20, frame: HEADERS };
  const MOVER = { leastSegmentSize: LEAST, segmentSize: 9000 - HEADERS };

  /** Packets of so many bytes are the longest, in both directions. */
  function limit(pair: Pair, mtu: number, fragments = true): void {
    for (const { out } of [pair.links.a, pair.links.b]) {
      out.conditions.mtu = mtu;
      out.conditions.fragments = fragments;
    }
  }

  it("sends as long as it can, in datagrams that are whole", () => {
    for (const mtu of [1280, 1400, 1500, 2500, 9000]) {
      const pair = new Pair({ forward: { ...LINK, mtu, fragments: false }, mover: MOVER }).start();
      pair.run(8000);
      const { segmentSize } = pair.a.stats;
      assert.ok(segmentSize <= mtu - HEADERS && segmentSize > mtu - HEADERS - 16, `${segmentSize} of ${mtu}`);
      pair.a.say(300, () => 62_000);
      pair.settle(20_000);
      assert.equal(pair.a.stats.segmentsLost, 0);
    }
  });

  it("finds it at 10 % loss, in the midst of a transfer, from many seeds", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const forward = { ...LINK, mtu: 1500, fragments: false, loss: 0.1 };
      const pair = new Pair({ forward, seed, mover: MOVER }).start().run(2000);
      pair.a.say(400, () => 62_000);
      pair.settle(60_000);
      assert.equal(pair.a.stats.segmentSize, 1472);
    }
  });

  it("survives that it shrinks in the midst of a transfer: what is cut already goes in fragments", () => {
    const pair = new Pair({ forward: { ...LINK, mtu: 9000, loss: 0.02 }, mover: MOVER }).start().run(3000);
    assert.equal(pair.a.stats.segmentSize, 8972);
    pair.a.say(2000, () => 62_000);
    pair.run(1000);
    limit(pair, 1400);
    pair.settle(60_000);
    assert.deepEqual(pair.a.history, ["up b"]);
    pair.run(5000);
    assert.equal(pair.a.stats.segmentSize, 1372);
  });

  it("ends the session where fragments do not get through either, and begins anew with what does", () => {
    const pair = new Pair({ forward: { ...LINK, mtu: 9000 }, mover: MOVER }).start().run(3000);
    pair.a.say(2000, () => 62_000);
    pair.run(500);
    limit(pair, 1500, false);
    pair.run(40_000);
    assert.deepEqual(pair.a.history, ["up b", "down timeout", "up b"]);
    pair.settle(60_000);
    assert.equal(pair.a.stats.segmentSize, 1472);
  });

  it("does not take a cut for a shorter one", () => {
    const pair = new Pair({ forward: { ...LINK, mtu: 1500, fragments: false }, mover: MOVER })
      .start()
      .run(3000);
    pair.a.say(3000, () => 62_000);
    pair.run(2000).cut(true).run(30_000).cut(false);
    pair.settle(60_000);
    assert.deepEqual(pair.a.history, ["up b", "silent", "resumed b"]);
    assert.equal(pair.a.stats.segmentSize, 1472);
  });

  it("goes in fragments where it is less than the least, and says so", () => {
    const pair = new Pair({ forward: { ...LINK, mtu: 1000 }, mover: MOVER }).start();
    const told: number[] = [];
    pair.a.mover.on("tooLong", (bytes) => told.push(bytes));
    pair.run(1000);
    pair.a.say(500, () => 62_000);
    pair.settle(60_000);
    assert.deepEqual(told, [LEAST]);
    assert.deepEqual(pair.a.history, ["up b"]);
  });
});
