import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FRAME_LENGTH } from "../../driver/buffer.js";
import {
  BufferPool,
  type MessageSource,
  type PacketDriver,
  type Priority,
  WireError,
} from "../../driver/index.js";
import { anyMessage, randomBytes, textBytes } from "./message-samples.js";
import { driverOf, Endless, hasCode, listener, messagesOf, Speaker } from "./packet-driver-ends.js";

test("an idle link is woken at the first message, and gets it at once", () => {
  const driver = driverOf();
  let wakes = 0;
  driver.onReady = () => {
    wakes += 1;
  };
  const messages = messagesOf(1, 1, () => randomBytes(40));
  driver.ready(new Speaker(messages));
  assert.equal(wakes, 1);
  const buffer = driver.nextBuffer()!;
  assert.equal(buffer.length, FRAME_LENGTH + 16 + 40);
  const { driver: far, heard } = listener();
  assert.equal(far.receive(buffer), undefined);
  assert.deepEqual(heard, messages);
  assert.equal(driver.nextBuffer(), undefined);
  assert.equal(driver.pending, false);
  driver.ready(new Speaker(messages));
  assert.equal(wakes, 2);
});

test("the mover is not woken for what it will find anyway, and woken again when it found nothing", () => {
  const driver = driverOf();
  let wakes = 0;
  driver.onReady = () => {
    wakes += 1;
  };
  const late = new Speaker(messagesOf(2, 1, () => randomBytes(10)));
  const early = new Speaker(messagesOf(1, 1, () => randomBytes(10)));
  const announcing: MessageSource = {
    priority: 1,
    pull: (writer) => {
      driver.ready(late);
      return early.pull(writer, 1000);
    },
  };
  driver.ready(announcing);
  driver.ready(early);
  assert.equal(wakes, 1);
  assert.ok(driver.nextBuffer());
  assert.equal(wakes, 1);
  assert.equal(late.left.length, 0, "what is announced during the filling goes into the same buffer");
  assert.equal(driver.nextBuffer(), undefined);
  driver.ready(early);
  assert.equal(wakes, 2);
});

test("whatever is said arrives, in order for each source, in buffers within their bound", () => {
  const source = fc.record({
    priority: fc.constantFrom<Priority[]>(0, 1, 2, 3),
    messages: fc.array(anyMessage, { maxLength: 30 }),
  });
  const options = fc.record({
    bufferSize: fc.integer({ min: 1024, max: 8192 }),
    limit: fc.integer({ min: 500, max: 10_000 }),
    quantum: fc.integer({ min: 1024, max: 4096 }),
    compressed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(source, { maxLength: 12 }), options, (speakers, { compressed, limit, ...sizes }) => {
      const driver = driverOf({ ...sizes, ...(compressed ? {} : { compressor: null }) });
      const texts = speakers.map(({ messages }, connection) =>
        messages.map(({ header, data }) => ({ header: { ...header, connection }, data })),
      );
      const sources = speakers.map(({ priority }, index) => new Speaker(texts[index]!, priority));
      const { driver: far, heard } = listener();
      for (const speaker of sources) driver.ready(speaker);
      const bound = Math.max(1024, Math.min(sizes.bufferSize, limit));
      for (let buffer = driver.nextBuffer(limit); buffer !== undefined; buffer = driver.nextBuffer(limit)) {
        assert.ok(buffer.length <= bound);
        const before = far.statistics().received.messageBytes;
        assert.equal(far.receive(buffer), undefined);
        assert.ok(FRAME_LENGTH + far.statistics().received.messageBytes - before <= bound);
        driver.release(buffer);
      }
      assert.equal(driver.pending, false);
      assert.equal(driver.statistics().sent.stalledSources, 0);
      const said = sources.map((_, index) => heard.filter(({ header }) => header.connection === index));
      assert.deepEqual(said, texts);
    }),
  );
});

test("a busy link aggregates: many small messages of many connections share a buffer", () => {
  const driver = driverOf({ compressor: null });
  for (let connection = 1; connection <= 400; connection += 1) {
    driver.ready(new Speaker(messagesOf(connection, 1, () => randomBytes(100))));
  }
  const buffer = driver.nextBuffer()!;
  assert.equal(buffer.length, FRAME_LENGTH + 400 * 116);
  assert.equal(driver.statistics().sent.messages, 400);
  assert.equal(driver.statistics().sent.buffers, 1);
});

test("buffers of bulk data are filled, and their overhead is small", () => {
  const driver = driverOf({ compressor: null });
  for (let connection = 1; connection <= 10; connection += 1) driver.ready(new Endless(connection, 8000));
  for (let i = 0; i < 50; i += 1) driver.release(driver.nextBuffer()!);
  const { sent } = driver.statistics();
  assert.ok(sent.fill > 0.85, `fill ${sent.fill}`);
  const data = sent.messages * 8000;
  assert.ok(sent.bufferBytes / data < 1.003, `${sent.bufferBytes} for ${data}`);
});

test("the size of buffers changes at run time, within bounds", () => {
  const driver = driverOf({ compressor: null });
  driver.ready(new Endless(1, 100));
  for (const size of [65_536, 1024, 30_000, 262_144, 65_430]) {
    driver.bufferSize = size;
    const buffer = driver.nextBuffer()!;
    assert.ok(buffer.length <= size && buffer.length > size - 128 - 116, `${buffer.length} of ${size}`);
    assert.ok(driver.nextBuffer(2000)!.length <= 2000);
  }
  for (const size of [0, 1023, 262_145, 2000.5, Number.NaN]) {
    assert.throws(() => {
      driver.bufferSize = size;
    }, hasCode("option"));
  }
  assert.throws(() => driverOf({ quantum: 100 }), hasCode("option"));
  assert.throws(() => driverOf({ pool: new BufferPool({ ceiling: 65_535 }) }), hasCode("option"));
  assert.ok(driverOf({ pool: new BufferPool({ ceiling: 65_536 }) }));
});

test("a buffer stays as it is until it is released, and its memory is used again after", () => {
  const pool = new BufferPool();
  const driver = driverOf({ pool, bufferSize: 20_000 });
  const data = (sequence: number) => (sequence % 2 === 0 ? textBytes : randomBytes)(5000, sequence);
  const source = new Speaker(messagesOf(1, 60, data));
  driver.ready(source);
  const buffers: [Uint8Array, Uint8Array][] = [];
  for (let buffer = driver.nextBuffer(); buffer !== undefined; buffer = driver.nextBuffer()) {
    buffers.push([buffer, buffer.slice()]);
  }
  assert.ok(buffers.length > 10);
  for (const [buffer, copy] of buffers) assert.deepEqual(buffer, copy);
  for (const [buffer] of buffers) driver.release(buffer);
  const { held } = pool;
  source.left.push(...messagesOf(1, 60, data));
  driver.ready(source);
  const again = [];
  for (let buffer = driver.nextBuffer(); buffer !== undefined; buffer = driver.nextBuffer()) {
    again.push(buffer);
  }
  assert.equal(again.length, buffers.length);
  assert.equal(pool.held, held);
  assert.throws(() => driver.release(buffers[0]![0]), hasCode("not-lent"));
});

test("a small buffer holds little memory, also after it has been compressed", () => {
  const driver = driverOf();
  for (const data of [randomBytes(50), textBytes(60_000), randomBytes(20_000)]) {
    driver.ready(new Speaker(messagesOf(1, 1, () => data)));
    const buffer = driver.nextBuffer()!;
    assert.ok(buffer.buffer.byteLength <= Math.max(1024, 2 * buffer.length));
  }
});

test("without memory there is no buffer; once there is, the mover is woken and nothing is lost", () => {
  const driver = driverOf({ pool: new BufferPool({ ceiling: 2 * 65_536 }), compressor: null });
  const messages = messagesOf(1, 30, (sequence) => randomBytes(10_000, sequence));
  driver.ready(new Speaker(messages));
  const { driver: far, heard } = listener();
  let wakes = 0;
  driver.onReady = () => {
    wakes += 1;
  };
  const waiting: Uint8Array[] = [];
  while (driver.pending) {
    const buffer = driver.nextBuffer();
    if (buffer !== undefined) {
      far.receive(buffer);
      waiting.push(buffer);
      continue;
    }
    const before: number = wakes;
    assert.equal(waiting.length, 2);
    driver.release(waiting.shift()!);
    assert.equal(wakes, before + 1);
  }
  assert.deepEqual(heard, messages);
  assert.ok(driver.statistics().sent.poolExhausted > 0);
});

test("the edges get plain arrays of bytes, whose slice is a copy", () => {
  const driver = driverOf();
  driver.ready(new Speaker(messagesOf(1, 3, (sequence) => textBytes(100 * sequence))));
  const buffer = Buffer.from(driver.nextBuffer()!);
  const kinds = new Set<unknown>();
  const far = driverOf({ onMessage: (_, data) => kinds.add(Object.getPrototypeOf(data)) });
  assert.equal(far.receive(buffer), undefined);
  assert.deepEqual([...kinds], [Uint8Array.prototype]);
});

test("a driver that does not compress reads what its peer has compressed", () => {
  const driver = driverOf();
  const messages = messagesOf(1, 5, (sequence) => textBytes(3000, sequence));
  driver.ready(new Speaker(messages));
  const buffer = driver.nextBuffer()!;
  const { driver: far, heard } = listener({ compressor: null });
  assert.equal(far.receive(buffer), undefined);
  assert.deepEqual(heard, messages);
  assert.equal(driver.statistics().sent.compressedBuffers, 1);
  assert.equal(far.statistics().received.compressedBuffers, 1);
});

test("text shrinks; random data costs its frame and headers and no byte more", () => {
  const driver = driverOf();
  driver.ready(new Speaker(messagesOf(1, 40, (sequence) => textBytes(10_000, sequence))));
  for (let buffer = driver.nextBuffer(); buffer !== undefined; buffer = driver.nextBuffer())
    driver.release(buffer);
  const text = driver.statistics().sent;
  assert.ok(text.bufferBytes < text.messageBytes / 2);
  driver.ready(new Speaker(messagesOf(1, 40, (sequence) => randomBytes(10_000, sequence))));
  for (let buffer = driver.nextBuffer(); buffer !== undefined; buffer = driver.nextBuffer())
    driver.release(buffer);
  const all = driver.statistics().sent;
  const overhead = all.bufferBytes - text.bufferBytes - 40 * 10_000;
  assert.equal(overhead, (all.buffers - text.buffers) * FRAME_LENGTH + 40 * 16);
});

test("a malformed buffer is an error that is returned and counted, and none of its messages is delivered", () => {
  const driver = driverOf();
  const plain = driverOf({ compressor: null });
  const messages = messagesOf(1, 6, (sequence) => textBytes(50, sequence));
  driver.ready(new Speaker(messages));
  plain.ready(new Speaker(messages));
  const buffers = [driver.nextBuffer()!, plain.nextBuffer()!];
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(0xff)), { maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...buffers), fc.nat(1000), changes, (buffer, end, changed) => {
      const bytes = buffer.slice(0, end);
      for (const [at, value] of changed) if (bytes.length > 0) bytes[at % bytes.length] = value;
      const { driver: far, heard } = listener();
      const error = far.receive(bytes);
      const { received } = far.statistics();
      if (error === undefined) {
        assert.equal(received.messages, heard.length);
        assert.ok(heard.length > 0);
      } else {
        assert.ok(error instanceof WireError);
        assert.equal(received.malformed, 1);
        assert.equal(heard.length, 0);
      }
    }),
    { numRuns: 2000 },
  );
});

test("the error of the last message keeps the first from being delivered", () => {
  const driver = driverOf({ compressor: null });
  driver.ready(new Speaker(messagesOf(1, 3, () => randomBytes(10))));
  const buffer = driver.nextBuffer()!;
  buffer[FRAME_LENGTH + 2 * 26] = 0xff;
  const { driver: far, heard } = listener();
  const error = far.receive(buffer);
  assert.equal(error?.code, "version");
  assert.equal(heard.length, 0);
});

test("what is longer uncompressed than the receiver's limit is refused before it is decompressed", () => {
  const driver = driverOf();
  driver.ready(new Speaker(messagesOf(1, 1, () => new Uint8Array(60_000))));
  const buffer = driver.nextBuffer()!;
  assert.ok(buffer.length < 1000);
  const far = driverOf({ receiveLimit: 50_000 });
  assert.equal(far.receive(buffer)?.code, "length");
});

test("a source that pulls, and a message that is received, within themselves are refused", () => {
  const driver = driverOf();
  const nested: MessageSource = { priority: 1, pull: () => driver.nextBuffer() !== undefined };
  driver.ready(nested);
  assert.throws(() => driver.nextBuffer(), hasCode("reentrant"));
  const messages = messagesOf(1, 1, () => randomBytes(10));
  const sender = driverOf();
  sender.ready(new Speaker(messages));
  const buffer = sender.nextBuffer()!;
  const far: PacketDriver = driverOf({ onMessage: () => far.receive(buffer) });
  assert.throws(() => far.receive(buffer), hasCode("reentrant"));
});

test("an edge's exception reaches the caller and leaves the driver as usable as before", () => {
  const pool = new BufferPool({ ceiling: 65_536 });
  const driver = driverOf({ pool });
  let broken = true;
  const speaker = new Speaker(messagesOf(1, 1, () => randomBytes(10)));
  const source: MessageSource = {
    priority: 1,
    pull: (writer, quantum) => {
      if (broken) throw new Error("broken edge");
      return speaker.pull(writer, quantum);
    },
  };
  driver.ready(source);
  assert.throws(() => driver.nextBuffer(), /broken edge/);
  broken = false;
  const buffer = driver.nextBuffer()!;
  let calls = 0;
  const far = driverOf({
    onMessage: () => {
      calls += 1;
      if (calls === 1) throw new Error("broken edge");
    },
  });
  assert.throws(() => far.receive(buffer), /broken edge/);
  assert.equal(far.receive(buffer), undefined);
  assert.equal(calls, 2);
});
