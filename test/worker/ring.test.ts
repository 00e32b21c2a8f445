import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { RingReader, RingWriter, ringMemory } from "../../driver/worker/ring.js";

const CAPACITY = 4096;

/** The ring's positions, as if so many bytes had gone through it before. */
function memoryAfter(bytes: number): SharedArrayBuffer {
  const memory = ringMemory(CAPACITY);
  const positions = new Int32Array(memory, 0, 32);
  positions[0] = bytes | 0;
  positions[16] = bytes | 0;
  return memory;
}

test("a ring is a queue of records, wherever it begins, and refuses what does not fit", () => {
  const step = fc.oneof(
    fc.record({ put: fc.nat(1500), kept: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.constant("take" as const),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.constantFrom(0, 2 ** 31 - 1024, 2 ** 32 - 1024),
      (steps, before) => {
        const memory = memoryAfter(before);
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const queue: { fill: number; length: number; tag: number }[] = [];
        steps.forEach((what, i) => {
          if (what === "take") {
            const first = queue.shift();
            assert.equal(reader.next(), first !== undefined);
            if (first === undefined) return;
            const { offset, length, kind, tag, count } = reader;
            assert.deepEqual(
              { length, kind, tag, count },
              { length: first.length, kind: 7, tag: first.tag, count: i32(first.tag) },
            );
            assert.ok(reader.bytes.subarray(offset, offset + length).every((byte) => byte === first.fill));
            reader.release();
            return;
          }
          const at = writer.reserve(what.put);
          // In one piece it always fits into an empty ring, since it is less than half of it.
          if (queue.length === 0) assert.ok(at >= 0);
          if (at < 0) return;
          const length = Math.floor(what.put * what.kept);
          writer.bytes.fill(i & 0xff, at, at + what.put);
          writer.commit(length, 7, i, i32(i));
          queue.push({ fill: i & 0xff, length, tag: i });
        });
        assert.equal(reader.used === 0, queue.length === 0);
      },
    ),
  );
});

const i32 = (value: number): number => Math.imul(value, 0x9e37_79b1);

test("what one thread writes another reads, whole and in order, however they race", async () => {
  const RECORDS = 100_000;
  const memory = ringMemory(CAPACITY);
  const source = `
    import { workerData } from "node:worker_threads";
    const { RingWriter } = await import(${JSON.stringify(import.meta.resolve("../../driver/worker/ring.js"))});
    const writer = new RingWriter(workerData);
    for (let i = 0; i < ${RECORDS}; i += 1) {
      const length = (i * 7919) % 1000;
      let at;
      do at = writer.reserve(length); while (at < 0);
      writer.bytes.fill(i & 0xff, at, at + length);
      writer.commit(length, 1, i);
    }`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: memory,
  });
  const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  const reader = new RingReader(memory);
  for (let i = 0; i < RECORDS; ) {
    if (!reader.next()) {
      await new Promise(setImmediate);
      continue;
    }
    const { offset, length, tag, bytes } = reader;
    assert.equal(tag, i);
    assert.equal(length, (i * 7919) % 1000);
    assert.ok(length === 0 || (bytes[offset] === (i & 0xff) && bytes[offset + length - 1] === (i & 0xff)));
    reader.release();
    i += 1;
  }
  await ended;
});
