import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Outcome, Reassembly } from "../../driver/mover/reassembly.js";
import { Arrival, ReceivedLog } from "../../driver/mover/received-log.js";
import { Progress, SendWindow } from "../../driver/mover/send-window.js";
import { Fate, SentLog } from "../../driver/mover/sent-log.js";
import { SeededRandom } from "../../driver/mover/simulation/index.js";

describe("the record of transmissions", () => {
  it("keeps what a map would keep, while it grows and forgets", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const random = new SeededRandom(seed);
      const log = new SentLog();
      const twin = new Map<number, { at: number; logical: number; fate: number }>();
      for (let step = 0; step < 6000; step += 1) {
        const logical = random.below(1e9);
        const physical = log.add(step, logical, 1500, 0);
        twin.set(physical, { at: step, logical, fate: Fate.IN_FLIGHT });
        const other = log.lowest + random.below(log.next - log.lowest);
        log.fate[other & log.mask] = Fate.RECEIVED;
        twin.get(other)!.fate = Fate.RECEIVED;
        if (random.below(500) === 0) {
          const until = log.lowest + random.below(log.next - log.lowest);
          log.forget(until);
          for (const number of [...twin.keys()]) if (number < until) twin.delete(number);
        }
      }
      assert.equal(twin.size, log.next - log.lowest);
      for (const [physical, { at, logical, fate }] of twin) {
        const i = physical & log.mask;
        assert.deepEqual([log.sentAt[i], log.logical[i], log.fate[i]], [at, logical, fate]);
      }
    }
  });
});

describe("the window of segments", () => {
  /** The obvious way: an object for each segment. */
  class NaiveWindow {
    readonly segments: { buffer: Uint8Array; index: number; state: "sent" | "lost" | "received" }[] = [];
    readonly lost: number[] = [];

    missing(buffer: Uint8Array): boolean {
      const received = this.segments.filter(
        (segment) => segment.buffer === buffer && segment.state === "received",
      );
      return received.length < Math.ceil(buffer.length / 100);
    }

    get lowest(): number {
      const first = this.segments.findIndex((segment) => segment.state !== "received");
      return first < 0 ? this.segments.length : first;
    }
  }

  it("does what an array of objects would do", () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const random = new SeededRandom(seed);
      const window = new SendWindow();
      const twin = new NaiveWindow();
      for (let step = 0; step < 900; step += 1) {
        if (!window.unsent) window.add(new Uint8Array(1 + random.below(4000)), 100);
        for (let burst = random.below(12); burst > 0 && window.unsent; burst -= 1) {
          const logical = window.take();
          assert.equal(logical, twin.segments.length);
          window.locate(logical);
          const { buffer, index, segments, offset, length } = window;
          assert.deepEqual([offset, length], [index * 100, Math.min(100, buffer.length - index * 100)]);
          assert.equal(segments, Math.ceil(buffer.length / 100));
          twin.segments.push({ buffer, index, state: "sent" });
        }
        const logical = Math.max(0, twin.segments.length - 1 - random.below(200));
        const segment = twin.segments[logical];
        if (segment === undefined) continue;
        if (random.below(3) === 0 && segment.state === "sent") {
          window.markLost(logical);
          segment.state = "lost";
          twin.lost.push(logical);
        } else if (segment.state !== "received") {
          const done = window.markReceived(logical);
          segment.state = "received";
          assert.equal(done, twin.missing(segment.buffer) ? undefined : segment.buffer);
        }
        assert.equal(window.lowest, twin.lowest);
        const next = twin.lost.find((number) => twin.segments[number]!.state === "lost") ?? -1;
        assert.equal(window.nextLost(), next);
        if (next >= 0 && random.below(2) === 0) {
          window.takeLost(next);
          twin.segments[next]!.state = "sent";
          twin.lost.splice(0, twin.lost.indexOf(next) + 1);
          assert.equal(window.progressOf(next), Progress.SENT);
        }
      }
      const released = new Set<Uint8Array>();
      window.drop((buffer) => released.add(buffer));
      for (const { buffer } of twin.segments) assert.equal(released.has(buffer), twin.missing(buffer));
    }
  });
});

describe("the record of arrivals", () => {
  it("knows each number once, in any order", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const random = new SeededRandom(seed);
      const log = new ReceivedLog();
      const seen = new Set<number>();
      let highest = 0;
      for (let step = 0; step < 2000; step += 1) {
        const physical = Math.max(1, highest - 300 + random.below(random.below(50) === 0 ? 5000 : 320));
        const expected = seen.has(physical)
          ? Arrival.REPEATED
          : physical === highest + 1
            ? Arrival.NEXT
            : physical > highest
              ? Arrival.AHEAD
              : Arrival.LATE;
        assert.equal(log.arrival(physical), expected);
        if (expected === Arrival.REPEATED) continue;
        log.add(physical);
        seen.add(physical);
        highest = Math.max(highest, physical);
      }
      const length = log.bitmapLength();
      const bitmap = new Uint8Array(length);
      log.write(bitmap, 0, Math.floor(highest / 8), length);
      const lowest = Math.min(...seen);
      assert.equal(length, Math.floor(highest / 8) - Math.floor(lowest / 8) + 1);
      for (let i = 0; i < length; i += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const number = (Math.floor(highest / 8) - i) * 8 + bit;
          assert.equal((bitmap[i]! >> bit) & 1, seen.has(number) ? 1 : 0, `${number}`);
        }
      }
    }
  });

  it("reports every number in 32 acknowledgements", () => {
    const log = new ReceivedLog();
    const reports = new Map<number, number>();
    for (let ack = 0; ack < 200; ack += 1) {
      for (let i = 1; i <= 10; i += 1) if ((ack * 10 + i) % 7 !== 0) log.add(ack * 10 + i);
      const lowest = (Math.floor(log.highest / 8) - log.bitmapLength() + 1) * 8;
      for (let number = lowest; number <= log.highest; number += 1)
        reports.set(number, (reports.get(number) ?? 0) + 1);
      log.acknowledged();
    }
    for (let number = 1; number <= 1670; number += 1)
      if (number % 7 !== 0) assert.ok(reports.get(number)! >= 32, `${number}`);
  });

  it("does not believe in a leap", () => {
    const log = new ReceivedLog();
    assert.equal(log.arrival(2 ** 40), Arrival.ABSURD);
    log.add(1);
    assert.equal(log.arrival(2 ** 19 + 2), Arrival.ABSURD);
    assert.equal(log.arrival(2 ** 19 + 1), Arrival.AHEAD);
  });

  it("calls repeated what is too old to be known", () => {
    const log = new ReceivedLog();
    for (let number = 400_000; number < 3_000_000; number += 400_000) log.add(number);
    assert.equal(log.arrival(1), Arrival.REPEATED);
    assert.equal(log.arrival(2_799_999), Arrival.LATE);
  });
});

describe("reassembly", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 3000 });

  it("gives back every buffer once, whatever the order and however often", () => {
    fc.assert(
      fc.property(
        fc.array(bytes, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 20, max: 700 }),
        fc.integer(),
        (buffers, stride, seed) => {
          const random = new SeededRandom(seed);
          const segments: { logical: number; index: number; count: number; part: Uint8Array }[] = [];
          for (const buffer of buffers) {
            const base = segments.length;
            const count = Math.ceil(buffer.length / stride);
            for (let index = 0; index < count; index += 1) {
              segments.push({
                logical: base + index,
                index,
                count,
                part: buffer.subarray(index * stride, (index + 1) * stride),
              });
            }
          }
          const reassembly = new Reassembly(1_000_000);
          const arrivals = [...segments, ...segments].sort(() => random.next() - 0.5);
          const complete: string[] = [];
          const seen = new Set<number>();
          for (const { logical, index, count, part } of arrivals) {
            const outcome = reassembly.add(logical, index, count, part, 0, part.length);
            if (outcome === Outcome.COMPLETED)
              complete.push(Buffer.from(reassembly.complete).toString("hex"));
            assert.equal(outcome === Outcome.REPEATED, seen.has(logical));
            seen.add(logical);
          }
          assert.deepEqual(
            complete.sort(),
            buffers.map((buffer) => Buffer.from(buffer).toString("hex")).sort(),
          );
          assert.deepEqual(
            [reassembly.lowest, reassembly.held, reassembly.contradictory],
            [segments.length, 0, false],
          );
        },
      ),
    );
  });

  const part = (length: number): Uint8Array => new Uint8Array(length);

  it("keeps to its memory, yet always takes what is needed next", () => {
    const reassembly = new Reassembly(100_000);
    assert.equal(reassembly.add(100, 0, 40, part(1400), 0, 1400), Outcome.STORED);
    assert.equal(reassembly.held, 65_536);
    assert.equal(reassembly.add(200, 0, 40, part(1400), 0, 1400), Outcome.NO_ROOM);
    assert.equal(reassembly.add(0, 0, 40, part(1400), 0, 1400), Outcome.STORED);
    assert.equal(reassembly.room, 0);
  });

  it("takes longer segments than the first let expect", () => {
    const reassembly = new Reassembly(1_000_000);
    reassembly.add(2, 2, 3, part(10).fill(3), 0, 10);
    reassembly.add(0, 0, 3, part(8954).fill(1), 0, 8954);
    assert.equal(reassembly.add(1, 1, 3, part(8954).fill(2), 0, 8954), Outcome.COMPLETED);
    const expected = [...part(8954).fill(1), ...part(8954).fill(2), ...part(10).fill(3)];
    assert.deepEqual([...reassembly.complete], expected);
    assert.equal(reassembly.held, 0);
  });

  it("refuses what contradicts itself", () => {
    const reassembly = new Reassembly(1_000_000);
    reassembly.add(0, 0, 3, part(100), 0, 100);
    assert.equal(reassembly.add(1, 1, 3, part(99), 0, 99), Outcome.ABSURD, "segments of unequal length");
    assert.equal(reassembly.add(1, 1, 4, part(100), 0, 100), Outcome.ABSURD, "another number of segments");
    assert.equal(
      reassembly.add(2, 2, 3, part(101), 0, 101),
      Outcome.ABSURD,
      "a last segment longer than the others",
    );
    assert.equal(reassembly.add(5, 6, 9, part(100), 0, 100), Outcome.ABSURD, "a buffer before the first");
    assert.equal(reassembly.add(2 ** 18 + 1, 0, 1, part(100), 0, 100), Outcome.ABSURD, "beyond the span");
    assert.equal(
      reassembly.add(10, 0, 255, part(2000), 0, 2000),
      Outcome.ABSURD,
      "more than a buffer can be",
    );
  });

  it("notices that two buffers claim the same segment", () => {
    const reassembly = new Reassembly(1_000_000);
    reassembly.add(0, 0, 2, part(10), 0, 10);
    assert.equal(reassembly.contradictory, false);
    reassembly.add(1, 0, 2, part(10), 0, 10);
    assert.equal(reassembly.contradictory, true);
  });
});
