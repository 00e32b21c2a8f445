import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Lateness } from "../../ovs-lab/wan/lateness.js";
import { Schedule } from "../../ovs-lab/wan/schedule.js";

describe("the schedule", () => {
  it("gives frames in the order of a sorted list, whatever order they come and go in", () => {
    const step = fc.oneof(fc.record({ due: fc.integer({ min: 0, max: 1000 }) }), fc.constant("pop" as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const schedule = new Schedule(64);
        const naive: { due: number; slot: number; length: number; pipe: number }[] = [];
        let count = 0;
        for (const step of steps) {
          if (step === "pop") {
            const least = Math.min(...naive.map((frame) => frame.due));
            assert.equal(schedule.nextDue, least);
            if (naive.length === 0) continue;
            const slot = schedule.pop();
            const index = naive.findIndex((frame) => frame.slot === slot);
            const [frame] = naive.splice(index, 1);
            assert.equal(frame?.due, least);
            assert.equal(schedule.lengthOf(slot), frame?.length);
            assert.equal(schedule.pipeOf(slot), frame?.pipe);
            schedule.release(slot);
          } else {
            const slot = schedule.take();
            assert.equal(slot < 0, naive.length === 64);
            if (slot < 0) continue;
            assert.ok(naive.every((frame) => frame.slot !== slot));
            count++;
            const frame = { due: step.due, slot, length: count % 1515, pipe: count % 7 };
            schedule.push(frame.due, slot, frame.length, frame.pipe);
            naive.push(frame);
          }
          assert.equal(schedule.size, naive.length);
        }
      }),
    );
  });

  it("hands out the slot that was used last, so that little memory is touched", () => {
    const schedule = new Schedule(8);
    const first = schedule.take();
    const second = schedule.take();
    schedule.release(first);
    assert.equal(schedule.take(), first);
    schedule.release(second);
    assert.equal(schedule.take(), second);
  });
});

describe("lateness", () => {
  it("knows mean and maximum exactly, and percentiles to within a bucket", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 500 }), (delays) => {
        const lateness = new Lateness();
        for (const delay of delays) lateness.add(delay);
        const sorted = delays.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * 0.99) - 1]!;
        const { frames, mean, p99, max } = lateness.report();
        assert.equal(frames, delays.length);
        assert.ok(Math.abs(mean - delays.reduce((a, b) => a + b) / delays.length / 1e6) < 1e-6);
        assert.equal(max, sorted.at(-1)! / 1e6);
        assert.ok(
          p99 * 1e6 >= exact - 1 && p99 * 1e6 <= exact * 2 ** (1 / 8) + 1,
          `${p99 * 1e6} for ${exact}`,
        );
      }),
    );
  });

  it("starts anew", () => {
    const lateness = new Lateness();
    lateness.add(5);
    lateness.reset();
    assert.deepEqual(lateness.report(), { frames: 0, mean: 0, p99: 0, max: 0 });
  });
});
