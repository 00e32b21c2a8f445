import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Drop, Pipe, type PipeParameters } from "../../ovs-lab/wan/pipe.js";
import { seededRandom } from "../../ovs-lab/wan/random.js";

const MS = 1e6;
const SECOND = 1e9;
const FRAME = 1514;

const clear: PipeParameters = { delay: 50 * MS, loss: 0, jitter: 0, duplicate: 0, maximumFrame: FRAME };

function pipe(parameters: Partial<PipeParameters>, seed = 1): Pipe {
  return new Pipe({ ...clear, ...parameters }, seededRandom(seed));
}

/** How far a binomial count may stray: five standard deviations, once in a million runs of a right model. */
function assertBinomial(count: number, trials: number, share: number): void {
  const deviation = Math.sqrt(trials * share * (1 - share));
  const expected = trials * share;
  assert.ok(
    Math.abs(count - expected) < 5 * deviation,
    `${count} of ${trials}, expected ${expected} ± ${deviation}`,
  );
}

/** Sends `count` frames at a fixed spacing; gives their arrivals. */
function send(to: Pipe, count: number, spacing: number, length = FRAME): number[] {
  return Array.from({ length: count }, (_, index) => to.admit(index * spacing, length));
}

describe("delay", () => {
  it("is all that a frame meets on an unlimited pipe", () => {
    assert.deepEqual(send(pipe({}), 3, 10 * MS), [50 * MS, 60 * MS, 70 * MS]);
  });

  it("never brings two frames in at the same time, and keeps their order", () => {
    const to = pipe({});
    const arrivals = Array.from({ length: 100 }, () => to.admit(5 * MS, FRAME));
    assert.ok(arrivals.every((arrival, index) => index === 0 || arrival > arrivals[index - 1]!));
    assert.ok(arrivals.at(-1)! - 55 * MS <= 100);
  });

  it("that becomes shorter lets no frame overtake those on their way", () => {
    const to = pipe({});
    const first = to.admit(0, FRAME);
    to.parameters = { ...clear, delay: 1 * MS };
    assert.ok(to.admit(1, FRAME) > first);
    assert.equal(to.admit(100 * MS, FRAME), 101 * MS);
  });
});

describe("rate", () => {
  it("spaces frames by the time that they take", () => {
    // 1250 bytes at 100 Mbit/s take 100 µs.
    const arrivals = send(pipe({ rate: 100e6 }), 4, 0, 1250);
    assert.deepEqual(arrivals, [50.1 * MS, 50.2 * MS, 50.3 * MS, 50.4 * MS]);
  });

  it("is reached exactly by a sender that always has something", () => {
    const to = pipe({ rate: 100e6, queue: 1.25e6 });
    const arrivals: number[] = [];
    for (let now = 0; now < 10 * SECOND; now += 100_000) arrivals.push(to.admit(now, FRAME)); // 121 Mbit/s offered
    const delivered = arrivals.filter((arrival) => arrival >= 0);
    const bits = (delivered.length - 1) * FRAME * 8;
    const rate = (bits / (delivered.at(-1)! - delivered[0]!)) * SECOND;
    assert.ok(Math.abs(rate - 100e6) < 1, `${rate}`);
  });

  it("does not save up for an idle time", () => {
    const to = pipe({ rate: 8e6, delay: 0 }); // 1 byte a microsecond
    assert.equal(to.admit(0, 1000), 1 * MS);
    assert.equal(to.admit(SECOND, 1000), SECOND + 1 * MS);
    assert.equal(to.admit(SECOND, 1000), SECOND + 2 * MS);
  });
});

describe("queue", () => {
  it("takes what fits and drops the rest of a burst", () => {
    const to = pipe({ rate: 100e6, queue: 10 * FRAME });
    const arrivals = send(to, 25, 0);
    assert.equal(arrivals.filter((arrival) => arrival >= 0).length, 10);
    assert.ok(arrivals.slice(10).every((arrival) => arrival === Drop.queue));
    assert.equal(to.counters.queueFull, 15);
  });

  it("adds at most its own time to the delay", () => {
    const to = pipe({ rate: 100e6, queue: 1.25e6 }); // 100 ms
    for (let now = 0; now < 2 * SECOND; now += 60_000) {
      const arrival = to.admit(now, FRAME);
      if (arrival >= 0) assert.ok(arrival - now <= 150 * MS, `${arrival - now}`);
    }
    assert.ok(to.counters.queueFull > 0);
  });

  it("agrees with a queue that is kept as a list", () => {
    const burst = fc.record({
      wait: fc.integer({ min: 0, max: 3_000_000 }),
      length: fc.integer({ min: 60, max: FRAME }),
    });
    fc.assert(
      fc.property(
        fc.array(burst, { maxLength: 200 }),
        fc.integer({ min: 1514, max: 20_000 }),
        (frames, queue) => {
          const rate = 10e6;
          const to = pipe({ rate, queue, delay: 0 });
          let waiting: { readonly sent: number; readonly length: number }[] = [];
          let now = 0;
          for (const { wait, length } of frames) {
            now += wait;
            waiting = waiting.filter(({ sent }) => sent > now);
            const start = waiting.at(-1)?.sent ?? now;
            // Of the frame in transmission, what has not been sent yet.
            const backlog = ((start - now) * rate) / 8e9;
            const fits = backlog + length <= queue;
            const arrival = to.admit(now, length);
            assert.equal(arrival >= 0, fits);
            if (!fits) continue;
            const sent = start + (length * 8e9) / rate;
            waiting.push({ sent, length });
            assert.ok(Math.abs(arrival - sent) <= frames.length, `${arrival} against ${sent}`);
          }
        },
      ),
    );
  });
});

describe("loss", () => {
  for (const share of [0.001, 0.01, 0.1]) {
    it(`of ${share * 100} % strikes as often as that`, () => {
      const to = pipe({ loss: share });
      const lost = send(to, 500_000, 1000).filter((arrival) => arrival === Drop.loss).length;
      assertBinomial(lost, 500_000, share);
      assert.equal(to.counters.lost, lost);
    });
  }

  it("takes no time on the link", () => {
    const to = pipe({ loss: 0.5, rate: 8e6, delay: 0 });
    const arrivals = send(to, 1000, 0, 1000).filter((arrival) => arrival >= 0);
    assert.equal(arrivals.at(-1), arrivals.length * MS);
  });

  it("repeats with the seed, and only with it", () => {
    const run = (seed: number) => send(pipe({ loss: 0.1 }, seed), 1000, 1000).map((arrival) => arrival < 0);
    assert.deepEqual(run(7), run(7));
    assert.notDeepEqual(run(7), run(8));
  });
});

describe("burst loss", () => {
  for (const [share, length] of [
    [0.01, 8],
    [0.05, 3],
    [0.02, 1],
  ] as const) {
    it(`of ${share * 100} % comes in bursts of ${length} on average`, () => {
      const frames = 1_000_000;
      const lost = send(pipe({ burstLoss: { share, length } }), frames, 1000).map((arrival) => arrival < 0);
      const bursts = lost.filter((is, index) => is && !lost[index - 1]).length;
      const losses = lost.filter(Boolean).length;
      // Lengths are geometric: variance length · (length − 1).
      const mean = losses / bursts;
      const deviation = Math.sqrt((length * (length - 1)) / bursts);
      // Bursts of one frame that happen to be neighbours count as one.
      assert.ok(Math.abs(mean - length) < 5 * deviation + 0.03 * length, `mean burst ${mean}`);
      // Bursts begin like independent events, so their number spreads by its root, and so does what they take.
      const spread = Math.sqrt(bursts * (length * length + length * (length - 1)));
      assert.ok(Math.abs(losses - share * frames) < 5 * spread, `${losses} lost`);
    });
  }
});

describe("jitter", () => {
  const arrivals = send(pipe({ jitter: 10 * MS }), 100_000, 100_000);
  const delays = arrivals.map((arrival, index) => arrival - index * 100_000);

  it("stays within its amplitude and uses it", () => {
    assert.ok(
      Math.min(...delays.slice(0, 50_000)) >= 40 * MS && Math.max(...delays.slice(0, 50_000)) <= 60 * MS,
    );
    assert.ok(
      Math.min(...delays.slice(0, 50_000)) < 42 * MS && Math.max(...delays.slice(0, 50_000)) > 58 * MS,
    );
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    assert.ok(Math.abs(mean - 50 * MS) < 2 * MS, `mean ${mean}`);
  });

  it("keeps the order without holding frames back for it", () => {
    const gaps = arrivals.slice(1).map((arrival, index) => arrival - arrivals[index]!);
    // The delay falls at most half as fast as time passes.
    assert.ok(Math.min(...gaps) >= 49_000, `${Math.min(...gaps)}`);
  });
});

describe("reordering", () => {
  it("brings a share of the frames in late, and no other out of its place", () => {
    const to = pipe({ reorder: { share: 0.05, delay: 3 * MS } });
    const arrivals = send(to, 100_000, 100_000);
    const late = arrivals.filter((arrival, index) => arrival - index * 100_000 === 53 * MS).length;
    const inPlace = arrivals.filter((arrival, index) => arrival - index * 100_000 === 50 * MS).length;
    assert.equal(late + inPlace, 100_000);
    assertBinomial(late, 100_000, 0.05);
    assert.equal(to.counters.reordered, late);
  });
});

describe("duplication", () => {
  it("brings a share of the frames in again, right behind themselves", () => {
    const to = pipe({ duplicate: 0.05 });
    let copies = 0;
    for (let index = 0; index < 100_000; index++) {
      const arrival = to.admit(index * 1000, FRAME);
      const copy = to.copy(arrival);
      if (copy < 0) continue;
      copies++;
      assert.equal(copy, arrival + 1);
    }
    assertBinomial(copies, 100_000, 0.05);
    assert.equal(to.counters.duplicated, copies);
  });

  it("of a late frame does not hold up those that are not", () => {
    const to = pipe({ duplicate: 1, reorder: { share: 1, delay: 10 * MS } });
    const late = to.admit(0, FRAME);
    assert.equal(to.copy(late), late + 1);
    to.parameters = clear;
    assert.equal(to.admit(1 * MS, FRAME), 51 * MS);
  });
});

describe("frames that cannot pass", () => {
  it("are those longer than the link takes", () => {
    const to = pipe({});
    assert.equal(to.admit(0, FRAME + 1), Drop.length);
    assert.ok(to.admit(0, FRAME) > 0);
    assert.equal(to.counters.tooLong, 1);
  });

  it("are all of them while it is down", () => {
    const to = pipe({});
    to.up = false;
    assert.equal(to.admit(0, FRAME), Drop.down);
    to.up = true;
    assert.equal(to.admit(0, FRAME), 50 * MS);
    assert.equal(to.counters.linkDown, 1);
  });
});

it("every frame is counted once, as arrived or by what became of it", () => {
  const to = pipe({ rate: 10e6, queue: 20_000, loss: 0.02, burstLoss: { share: 0.02, length: 4 } });
  const arrived = send(to, 50_000, 1_000_000).filter((arrival) => arrival >= 0).length;
  const { frames, bytes, lost, queueFull, tooLong, linkDown } = to.counters;
  assert.equal(frames, 50_000);
  assert.equal(bytes, 50_000 * FRAME);
  assert.equal(arrived + lost + queueFull + tooLong + linkDown, frames);
  assert.ok(lost > 0 && queueFull > 0);
});
