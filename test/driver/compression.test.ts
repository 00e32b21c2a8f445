import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CompressionEffort } from "../../driver/compression-effort.js";
import { CompressionRatio } from "../../driver/compression-ratio.js";
import { CompressionBackoff } from "../../driver/compressor.js";
import { WireError } from "../../driver/index.js";
import { Lz4Compressor } from "../../driver/lz4.js";
import { randomBytes, seededRandom, textBytes } from "./message-samples.js";

const lz4 = new Lz4Compressor();
const damaged = (error: unknown) => error instanceof WireError && error.code === "compression";

test("an LZ4 block of another encoder is read", () => {
  // Token: 1 literal, match of 4 + 15 + 44; literal "a"; offset 1; 44 = the rest of the match; then 5 literals.
  const block = Buffer.from("1f61 0100 2c 50 6161616161".replaceAll(" ", ""), "hex");
  const output = Buffer.alloc(69);
  lz4.decompress(block, output);
  assert.equal(output.toString(), "a".repeat(69));
});

test("what is compressed comes back", () => {
  fc.assert(
    fc.property(fc.nat(70_000), fc.nat(20), fc.nat(1000), fc.boolean(), (length, spread, seed, thorough) => {
      const random = seededRandom(seed);
      const input = Uint8Array.from({ length }, () => random() * spread * random());
      const output = new Uint8Array(70_000);
      const compressed = lz4.compress(input, output, thorough);
      assert.ok(compressed < Math.max(input.length, 1));
      if (compressed === 0) return;
      const back = new Uint8Array(length);
      lz4.decompress(output.subarray(0, compressed), back);
      assert.deepEqual(back, input);
    }),
    { numRuns: 50 },
  );
});

test("text shrinks to less than a half, random data is left as it is", () => {
  const output = new Uint8Array(65_536);
  const text = lz4.compress(textBytes(65_000), output);
  assert.ok(text > 0 && text < 32_500, `${text} bytes`);
  assert.equal(lz4.compress(randomBytes(65_000), output), 0);
});

test("thoroughly, text shrinks more, and random data is left as it is", () => {
  const output = new Uint8Array(65_536);
  const text = textBytes(65_000);
  const thorough = lz4.compress(text, output, true);
  assert.ok(thorough > 0 && thorough < 0.9 * lz4.compress(text, output));
  assert.equal(lz4.compress(randomBytes(65_000), output, true), 0);
});

test("nothing is written behind the bound, by compression or by decompression", () => {
  const input = Uint8Array.from([...textBytes(3000), ...randomBytes(3000)]);
  const memory = Buffer.alloc(10_000);
  for (const thorough of [true, false]) {
    const whole = lz4.compress(input, memory.subarray(0, 8000), thorough);
    assert.ok(whole > 0);
    for (const bound of [0, 1, 12, 100, 1000, 3000, whole - 1, whole]) {
      memory.fill(0xee);
      const written = lz4.compress(input, memory.subarray(0, bound), thorough);
      assert.ok(written === 0 || written <= bound);
      assert.ok(memory.subarray(bound).every((byte) => byte === 0xee));
    }
  }
  const whole = lz4.compress(input, memory.subarray(0, 8000));
  const block = Buffer.from(memory.subarray(0, whole));
  for (const length of [0, 1, 12, 100, 5999]) {
    memory.fill(0xee);
    assert.throws(() => lz4.decompress(block, memory.subarray(0, length)), damaged);
    assert.ok(memory.subarray(length).every((byte) => byte === 0xee));
  }
});

test("a bomb is stopped at the announced length, and a block that gives less is refused", () => {
  const zeros = new Uint8Array(1_000_000);
  const block = new Uint8Array(10_000);
  const bomb = block.subarray(0, lz4.compress(zeros, block));
  const output = Buffer.alloc(65_536, 0xee);
  assert.throws(() => lz4.decompress(bomb, output.subarray(0, 65_000)), damaged);
  assert.ok(output.subarray(65_000).every((byte) => byte === 0xee));
  assert.throws(() => lz4.decompress(bomb, new Uint8Array(1_000_001)), damaged);
});

test("a damaged block gives the announced number of bytes or an error, and touches no other memory", () => {
  const input = textBytes(2000);
  const memory = new Uint8Array(3000);
  const block = memory.slice(0, lz4.compress(input, memory));
  const changes = fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(0xff)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.nat(block.length), (changed, end) => {
      const bytes = block.slice(0, end);
      for (const [at, value] of changed) if (at < end) bytes[at] = value;
      const output = Buffer.alloc(2500, 0xee);
      try {
        lz4.decompress(bytes, output.subarray(0, input.length));
      } catch (error) {
        assert.ok(damaged(error), String(error));
      }
      assert.ok(output.subarray(input.length).every((byte) => byte === 0xee));
    }),
    { numRuns: 2000 },
  );
});

test("random bytes are no block, or one of the announced length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(500), (bytes, length) => {
      try {
        lz4.decompress(bytes, new Uint8Array(length));
      } catch (error) {
        assert.ok(damaged(error), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("of data that never shrinks, at most one byte in 17 is tried once that is known", () => {
  const backoff = new CompressionBackoff();
  let tried = 0;
  const length = 60_000;
  for (let buffer = 0; buffer < 31 + 17 * 100; buffer += 1) {
    if (!backoff.worthTrying(length)) continue;
    backoff.tried(length, 0);
    if (buffer >= 31) tried += 1;
  }
  assert.ok(tried >= 100 && tried <= 101, `${tried} of 1700 buffers tried`);
});

test("data that shrinks again is noticed within 16 buffers, and then each is tried", () => {
  const backoff = new CompressionBackoff();
  for (let buffer = 0; buffer < 1000; buffer += 1) if (backoff.worthTrying(60_000)) backoff.tried(60_000, 0);
  let untried = 0;
  while (!backoff.worthTrying(60_000)) untried += 1;
  assert.ok(untried <= 16);
  backoff.tried(60_000, 20_000);
  for (let buffer = 0; buffer < 100; buffer += 1) {
    assert.equal(backoff.worthTrying(60_000), true);
    backoff.tried(60_000, 20_000);
  }
});

test("a saving too small for its search counts as a failure", () => {
  const backoff = new CompressionBackoff();
  backoff.tried(64_000, 63_000);
  assert.equal(backoff.worthTrying(64_000), false);
});

test("small buffers are tried whatever the big ones do, tiny ones never", () => {
  const backoff = new CompressionBackoff();
  backoff.tried(64_000, 0);
  backoff.tried(64_000, 0);
  assert.equal(backoff.worthTrying(4096), true);
  assert.equal(backoff.worthTrying(63), false);
});

/**
 * Buffers of 60,000 bytes at so many bytes a millisecond, each so many milliseconds' work if done thoroughly, by default 2;
 * the part of them that is, and of the time that this takes.
 */
function thoroughly(
  rate: number,
  milliseconds: number,
  cost: number | ((now: number) => number) = 2,
): { part: number; time: number } {
  const effort = new CompressionEffort();
  let buffers = 0;
  let thorough = 0;
  let time = 0;
  for (let now = 0; now < milliseconds; now += 60_000 / rate) {
    buffers += 1;
    if (!effort.allows(now, 60_000)) continue;
    thorough += 1;
    const spent = typeof cost === "number" ? cost : cost(now);
    time += spent;
    effort.spent(spent, 60_000);
  }
  return { part: thorough / buffers, time: time / milliseconds };
}

test("on a slow link all is compressed thoroughly, on a faster one as much as there is time for", () => {
  assert.equal(thoroughly(10_000, 10_000).part, 1);
  const { part, time } = thoroughly(20_000, 10_000);
  assert.ok(part > 0.7 && part < 0.8, `${part}`);
  assert.ok(time < 0.51, `${time}`);
});

test("where there is time for little, or the processor is busy, it is let be but for a try now and then", () => {
  assert.ok(thoroughly(200_000, 600_000).time < 0.03);
  assert.ok(thoroughly(20_000, 600_000, 20).time < 0.03);
});

test("a second in which the processor was busy costs another second, and no more", () => {
  const { part } = thoroughly(10_000, 10_000, (now) => (now > 3000 && now < 4000 ? 20 : 2));
  assert.ok(part > 0.8, `${part}`);
});

test("the ratio is that of all bytes, and follows what comes", () => {
  const ratio = new CompressionRatio();
  assert.equal(ratio.value, 1);
  for (let i = 0; i < 100; i += 1) {
    ratio.count(60_000, 20_000);
    ratio.count(20_000, 20_000);
  }
  assert.ok(Math.abs(ratio.value - 2) < 0.2, `${ratio.value}`);
  for (let i = 0; i < 20; i += 1) ratio.count(60_000, 60_000);
  assert.ok(ratio.value < 1.02, `${ratio.value}`);
  ratio.count(1_000_000, 10_000);
  assert.ok(ratio.value > 99, `${ratio.value}`);
});

test("the last block says whether the next one promises something", () => {
  const backoff = new CompressionBackoff();
  assert.equal(backoff.promising, false);
  for (const [compressed, promising] of [
    [20_000, true],
    [58_000, false],
    [30_000, true],
    [0, false],
  ] as const) {
    backoff.tried(60_000, compressed);
    assert.equal(backoff.promising, promising);
  }
});
