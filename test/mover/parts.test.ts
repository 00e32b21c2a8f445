import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AckSchedule } from "../../driver/mover/ack-schedule.js";
import { bufferSize } from "../../driver/mover/buffer-size.js";
import { Push } from "../../driver/mover/congestion/push.js";
import { Rounds } from "../../driver/mover/congestion/rounds.js";
import { Startup } from "../../driver/mover/congestion/startup.js";
import { CREDIT_TIME } from "../../driver/mover/constants.js";
import { Pacer } from "../../driver/mover/pacer.js";
import { RateMeter } from "../../driver/mover/rate-meter.js";
import { ReorderingWindow } from "../../driver/mover/reordering.js";
import { RttEstimator } from "../../driver/mover/rtt.js";

describe("round trip", () => {
  it("is smoothed as RFC 9002 says, without the receiver's delay", () => {
    const rtt = new RttEstimator();
    assert.equal(rtt.known, false);
    rtt.sample(110, 10);
    assert.deepEqual([rtt.smoothed, rtt.variation, rtt.minimum], [100, 50, 100]);
    rtt.sample(180, 0);
    assert.deepEqual([rtt.smoothed, rtt.variation, rtt.minimum], [110, 57.5, 100]);
  });

  it("stays above zero when the receiver claims more delay than there was", () => {
    const rtt = new RttEstimator();
    rtt.sample(3, 50);
    assert.ok(rtt.smoothed > 0);
  });
});

describe("pacing", () => {
  /** Sends datagrams of 1500 bytes for `span` milliseconds, waking `late` milliseconds after each deadline. */
  function pace(
    rate: number,
    granularity: number,
    late: number,
    span = 1000,
  ): { bytes: number; longest: number } {
    const pacer = new Pacer(granularity, 1500);
    pacer.setRate(0, rate);
    let bytes = 0;
    let longest = 0;
    for (let now = 0; now < span; ) {
      pacer.refill(now);
      let burst = 0;
      for (; pacer.open; burst += 1500) pacer.spend(1500);
      bytes += burst;
      longest = Math.max(longest, burst);
      now = pacer.readyAt(now) + late;
    }
    return { bytes, longest };
  }

  /** Bytes that may be sent by the pace in a second, while so many go beside it each millisecond. */
  function paceBeside(rate: number, ceiling: number, beside: number): number {
    const pacer = new Pacer(0, 1500, ceiling);
    pacer.setRate(0, rate);
    let bytes = 0;
    for (let now = 0; now < 1000; now += 0.25) {
      pacer.spendBeside(beside / 4);
      pacer.refill(now);
      for (; pacer.open; bytes += 100) pacer.spend(100);
    }
    return bytes;
  }

  it("goes on beside what does not wait, which a ceiling counts, and grants half of itself at most", () => {
    const near = (bytes: number, rate: number) =>
      assert.ok(Math.abs(bytes / (rate * 1000) - 1) < 0.05, `${bytes} bytes, ${rate} B/ms wanted`);
    near(paceBeside(500, Number.POSITIVE_INFINITY, 2000), 500);
    near(paceBeside(500, 2000, 200), 500);
    near(paceBeside(1000, 1000, 200), 800);
    near(paceBeside(1000, 1000, 700), 500);
  });

  it("keeps the rate at every rate and granularity", () => {
    for (const rate of [12.5, 125, 1250, 12_500, 125_000]) {
      for (const granularity of [0, 0.1, 2]) {
        const { bytes } = pace(rate, granularity, 0);
        assert.ok(
          Math.abs(bytes / (rate * 1000) - 1) < 0.08 || bytes < 20_000,
          `${rate} B/ms, ${granularity} ms: ${bytes}`,
        );
        const { bytes: long } = pace(rate, granularity, 0, 60_000);
        assert.ok(
          Math.abs(long / (rate * 60_000) - 1) < 0.004,
          `${rate} B/ms, ${granularity} ms: ${long} in a minute`,
        );
      }
    }
  });

  it("makes good what a coarse timer costs", () => {
    const { bytes } = pace(12_500, 2, 1.5);
    assert.ok(Math.abs(bytes / 12_500_000 - 1) < 0.01);
  });

  it("loses the credit of a long absence", () => {
    const { bytes, longest } = pace(12_500, 2, 50);
    assert.ok(longest <= 12_500 * CREDIT_TIME + 1500, `${longest}`);
    assert.ok(bytes < 12_500_000 / 5);
  });

  it("sends segment by segment when the timer is fine and the rate low", () => {
    assert.ok(pace(125, 0, 0).longest <= 2 * 1500 + 1500);
  });
});

describe("the window for reordering", () => {
  it("is short until something comes late, then longer than that", () => {
    const window = new ReorderingWindow();
    assert.equal(window.length(0, 100), 10);
    assert.equal(window.length(0, 16), 2);
    assert.equal(window.length(0, 1), 1);
    window.saw(1000, 20);
    assert.equal(window.length(1000, 100), 25);
  });

  it("forgets after a while", () => {
    const window = new ReorderingWindow();
    window.saw(0, 20);
    assert.equal(window.length(14_999, 8), 25);
    assert.equal(window.length(29_000, 8), 25);
    assert.equal(window.length(45_000, 8), 1);
  });

  it("has a limit", () => {
    const window = new ReorderingWindow();
    window.saw(0, 60_000);
    assert.equal(window.length(0, 8), 500);
  });
});

describe("acknowledgements are due", () => {
  it("never, if there is nothing to acknowledge", () => {
    const schedule = new AckSchedule();
    assert.equal(schedule.dueAt(), Number.POSITIVE_INFINITY);
    assert.equal(schedule.worthwhile(0), false);
  });

  it("after ten milliseconds, at once for a gap, after three for 32 segments, at once after 256", () => {
    const schedule = new AckSchedule();
    schedule.onData(5, 1500, false);
    assert.equal(schedule.dueAt(), 15);
    schedule.onData(7, 1500, true);
    assert.equal(schedule.dueAt(), 5);
    schedule.onSent(70);
    for (let i = 0; i < 31; i += 1) schedule.onData(20, 1500, false);
    assert.equal(schedule.dueAt(), 30);
    schedule.onData(21, 1500, false);
    assert.equal(schedule.dueAt(), 23);
    for (let i = 32; i < 256; i += 1) schedule.onData(22, 1500, false);
    assert.equal(schedule.dueAt(), 20);
  });

  it("without budget only after the time that the sender reckons with", () => {
    const schedule = new AckSchedule();
    schedule.onSent(10_000);
    schedule.onData(5, 1500, true);
    assert.equal(schedule.dueAt(), 30);
    assert.equal(schedule.worthwhile(6), false);
    assert.equal(schedule.worthwhile(30), true);
  });

  it("within one per cent of what they acknowledge, even if there is a gap at every datagram", () => {
    const schedule = new AckSchedule();
    let [data, acks] = [0, 0];
    for (let now = 0; now < 5000; now += 0.12) {
      data += 1500;
      schedule.onData(now, 1500, true);
      if (schedule.dueAt() > now) continue;
      acks += 100;
      schedule.onSent(100);
    }
    assert.ok(acks < 0.01 * data, `${acks} of ${data}`);
    assert.ok(acks > 0.009 * data, `${acks} of ${data}`);
  });
});

describe("a rate", () => {
  it("is that of the last whole span", () => {
    const meter = new RateMeter(100);
    for (let now = 0; now <= 1000; now += 10) meter.add(now, 125);
    assert.equal(meter.read(1000), 100_000);
    assert.equal(meter.read(3000), (125 * 8000) / 2000);
    assert.equal(meter.read(4000), 0);
  });
});

describe("start-up", () => {
  /** A measurement of 1,000 bytes that took so many milliseconds to arrive, and to be sent. */
  const measured = (arrivalTime: number, sendingTime: number, idle: boolean): Rounds =>
    Object.assign(new Rounds(), {
      ...{ arrived: 1000, arrivalTime, sendingTime, idle },
      rate: 1000 / Math.max(arrivalTime, sendingTime),
    });

  it("ends by a queue and no growth, of a source that pauses if the link held up what it sent", () => {
    const doneAfter = (...measurements: readonly [rounds: Rounds, queued: boolean][]): boolean => {
      const startup = new Startup(100);
      for (const [rounds, queued] of measurements) startup.onMeasurement(rounds, queued, 100);
      return startup.done;
    };
    const full = measured(10, 4, true);
    assert.ok(doneAfter([full, true], [full, true]));
    assert.ok(doneAfter([full, true], [measured(50, 50, true), false], [full, true]));
    assert.ok(doneAfter([measured(10, 10, false), true], [measured(10, 10, false), true]));
    assert.ok(!doneAfter([full, true], [full, false]));
    // Sent as slowly as it came; much less than before; more than before; and a link that was busy without a queue.
    assert.ok(!doneAfter([full, true], [measured(10, 9, true), true]));
    assert.ok(!doneAfter([full, true], [measured(25, 4, true), true]));
    assert.ok(!doneAfter([full, true], [measured(9, 4, true), true], [full, true]));
    assert.ok(!doneAfter([full, true], [measured(10, 10, false), false], [full, true]));
  });

  it("does not end by a queue of a source that trickles, much less than what was tried first", () => {
    for (const [firstRate, done] of [
      [150, true],
      [250, false],
    ] as const) {
      const startup = new Startup(firstRate);
      for (let i = 0; i < 2; i += 1) startup.onMeasurement(measured(10, 4, true), true, 100);
      assert.equal(startup.done, done);
    }
  });

  it("does not take what came late and in a bunch for the link's rate", () => {
    const startup = new Startup(100);
    startup.begin(0);
    for (const arrivalTime of [10, 10, 15, 5, 10])
      startup.onMeasurement(measured(arrivalTime, 1, false), true, 100);
    assert.equal(startup.limit(200), 100);
    assert.equal(startup.limit(90), 90);
    startup.begin(150);
    assert.equal(startup.limit(200), 150);
  });
});

describe("a push", () => {
  it("comes after six rounds, and sooner where the one before came through", () => {
    const push = new Push();
    assert.equal(push.rounds, 2, "after start-up, which may have ended too soon");
    push.start();
    assert.equal(push.rounds, 6);
    push.onMeasurement(1170, 1000);
    assert.equal(push.rounds, 6, "70 % of a push of 25 % would be 1175");
    push.onMeasurement(1180, 1000);
    assert.equal(push.rounds, 2);
    push.start();
    assert.equal(push.rounds, 6);
  });

  it("is weaker where it made the queue overflow, and stronger where it did not", () => {
    const push = new Push();
    push.judge(0.16, 0.1);
    assert.equal(push.strength, 0.25, "a loss of 5.5 % beyond the link's own is less than a quarter of it");
    push.judge(0.17, 0.1);
    assert.equal(push.strength, 0.125);
    push.judge(0.11, 0.1);
    assert.equal(push.strength, 0.15625);
    push.onMeasurement(1110, 1000);
    assert.equal(push.rounds, 2, "most of a weaker one is less");
    for (let i = 0; i < 10; i += 1) push.judge(0.5, 0.1);
    assert.equal(push.strength, 0.03);
    for (let i = 0; i < 20; i += 1) push.judge(0.1, 0.1);
    assert.equal(push.strength, 0.25);
  });
});

describe("the size of buffers", () => {
  const stride = 1454;
  const segments = (megabits: number, loss: number) => bufferSize(stride, megabits * 125, loss) / stride;

  it("is as much as there may be on a fast link that loses nothing", () => {
    assert.equal(segments(1000, 0), 45);
    assert.equal(segments(100, 0), 45);
  });

  it("is what 15 milliseconds carry on a slow one, and at least six segments", () => {
    assert.equal(segments(10, 0), 12);
    assert.equal(segments(0.1, 0), 6);
  });

  it("is so short on a lossy one that most come whole", () => {
    assert.equal(segments(100, 0.001), 45);
    assert.equal(segments(100, 0.01), 16);
    assert.equal(segments(100, 0.1), 6);
  });
});
