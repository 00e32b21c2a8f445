import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FRAME_LENGTH } from "../../driver/buffer.js";
import {
  BufferPool,
  type MessageHeader,
  type MessageSource,
  type MessageWriter,
  PacketDriver,
  PacketDriverError,
  type PacketDriverOptions,
  type Priority,
  WireError,
} from "../../driver/index.js";
import { anyMessage, dataHeader, type Message, randomBytes, textBytes } from "./message-samples.js";

/** Says what it was given, message by message; an edge that keeps to its quantum. */
class Speaker implements MessageSource {
  readonly priority: Priority;
  readonly left: Message[];
  /** The quanta that it was given. */
  readonly turns: number[] = [];

  constructor(messages: readonly Message[], priority: Priority = 1) {
    this.left = [...messages];
    this.priority = priority;
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    this.turns.push(quantum);
    const end = writer.room - quantum;
    while (this.left.length > 0 && writer.room > end) {
      const { header, data } = this.left[0]!;
      if (!writer.write(header, data)) return true;
      this.left.shift();
    }
    return this.left.length > 0;
  }
}

/** Never runs out; says messages of one length. */
class Endless implements MessageSource {
  readonly priority: Priority;
  readonly #header: MessageHeader;
  readonly #length: number;
  bytes = 0;

  constructor(connection: number, length: number, priority: Priority = 1) {
    this.#header = dataHeader(connection, 0);
    this.#length = length;
    this.priority = priority;
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    for (let left = quantum; left > 0; left -= 16 + this.#length) {
      if (writer.reserve(this.#header, this.#length) === undefined) return true;
      this.bytes += 16 + this.#length;
    }
    return true;
  }
}

function driverOf(options: Partial<PacketDriverOptions> = {}): PacketDriver {
  return new PacketDriver({ onMessage: () => assert.fail("no message expected"), ...options });
}

/** A driver that keeps what it receives. */
function listener(options: Partial<PacketDriverOptions> = {}): { driver: PacketDriver; heard: Message[] } {
  const heard: Message[] = [];
  const onMessage = (view: MessageHeader, data: Uint8Array) => heard.push(copyOf(view, data));
  return { driver: new PacketDriver({ onMessage, ...options }), heard };
}

function copyOf(view: MessageHeader, data: Uint8Array): Message {
  const { type, flags, protocol, connection, sequence, status, addresses } = view;
  return { header: { type, flags, protocol, connection, sequence, status, addresses }, data: data.slice() };
}

function messagesOf(connection: number, count: number, data: (sequence: number) => Uint8Array): Message[] {
  return Array.from({ length: count }, (_, sequence) => ({
    header: dataHeader(connection, sequence),
    data: data(sequence),
  }));
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PacketDriverError && error.code === code;
}

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

test("a source announced several times has one turn", () => {
  const driver = driverOf();
  const source = new Speaker(messagesOf(1, 1, () => randomBytes(10)));
  for (let i = 0; i < 3; i += 1) driver.ready(source);
  assert.ok(driver.nextBuffer());
  assert.equal(source.turns.length, 1);
  assert.equal(driver.pending, false);
});

test("a source that is announced during its own pull is asked again", () => {
  const driver = driverOf();
  const messages = messagesOf(1, 2, () => randomBytes(10));
  const source: MessageSource = {
    priority: 1,
    pull: (writer) => {
      const { header, data } = messages.shift()!;
      writer.write(header, data);
      if (messages.length > 0) driver.ready(source);
      return false;
    },
  };
  driver.ready(source);
  driver.nextBuffer();
  assert.equal(messages.length, 0);
  assert.equal(driver.pending, false);
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

test("turns are fair by bytes, whatever the length of the messages", () => {
  const driver = driverOf({ compressor: null });
  const sources = [40, 200, 1400, 4000, 9000, 16_000, 30_000].map((length, i) => new Endless(i, length));
  for (const source of sources) driver.ready(source);
  for (let i = 0; i < 700; i += 1) driver.release(driver.nextBuffer()!);
  const bytes = sources.map((source) => source.bytes);
  const spread = Math.max(...bytes) / Math.min(...bytes);
  assert.ok(spread < 1.02, `${bytes}`);
});

test("who takes more than its turn waits the longer", () => {
  const driver = driverOf({ compressor: null });
  let taken = 0;
  const greedy: MessageSource = {
    priority: 1,
    pull: (writer) => {
      while (writer.reserve(dataHeader(1, 0), 1000) !== undefined) taken += 1016;
      return true;
    },
  };
  const modest = new Endless(2, 1000);
  driver.ready(greedy);
  driver.ready(modest);
  for (let i = 0; i < 500; i += 1) driver.release(driver.nextBuffer()!);
  const share = modest.bytes / (modest.bytes + taken);
  assert.ok(share > 0.45 && share < 0.55, `share ${share}`);
});

test("a turn is one quantum, whatever the source before has left or owes", () => {
  const driver = driverOf({ quantum: 4000, compressor: null });
  driver.ready(new Endless(2, 100, 3));
  for (const length of [60_000, 10, 10]) {
    const source = new Speaker(messagesOf(1, 1, () => randomBytes(length)));
    driver.ready(source);
    driver.release(driver.nextBuffer()!);
    assert.deepEqual(source.turns, [4000]);
  }
});

test("a question beside fifty downloads is in the very next buffer, again and again", () => {
  const { driver: far, heard } = listener();
  const driver = driverOf({ compressor: null });
  for (let connection = 1; connection <= 50; connection += 1) driver.ready(new Endless(connection, 1000));
  for (let question = 0; question < 5; question += 1) {
    for (let i = 0; i < 20; i += 1) driver.release(driver.nextBuffer()!); // a round: 50 turns of 16 KB
    driver.ready(new Speaker(messagesOf(99, 1, () => randomBytes(1000))));
    far.receive(driver.nextBuffer()!);
    assert.ok(
      heard.splice(0).some(({ header }) => header.connection === 99),
      `question ${question}`,
    );
  }
});

test("who comes and goes has at most two turns in a round", () => {
  const driver = driverOf({ compressor: null });
  const steady = Array.from({ length: 10 }, (_, index) => new Endless(index + 2, 1000));
  for (const source of steady) driver.ready(source);
  let restless = 0;
  const fickle: MessageSource = {
    priority: 1,
    pull: (writer, quantum) => {
      for (let left = quantum; left > 1016; left -= 1016) {
        if (writer.reserve(dataHeader(1, 0), 1000) === undefined) return true;
        restless += 1016;
      }
      return false; // and it is back at once
    },
  };
  for (let i = 0; i < 1000; i += 1) {
    driver.ready(fickle);
    driver.release(driver.nextBuffer()!);
  }
  const mean = steady.reduce((sum, { bytes }) => sum + bytes, 0) / steady.length;
  assert.ok(restless > 0.5 * mean && restless < 2.1 * mean, `${restless} of ${mean}`);
});

test("a source that is alone has the whole buffer in one turn", () => {
  const driver = driverOf({ quantum: 4000, compressor: null });
  const source = new Speaker(messagesOf(1, 50, () => randomBytes(1000)));
  driver.ready(source);
  driver.release(driver.nextBuffer()!);
  assert.equal(source.turns.length, 1);
  assert.equal(source.left.length, 0);
});

test("a higher priority goes first, into the very next buffer", () => {
  const driver = driverOf({ compressor: null });
  driver.ready(new Endless(1, 1000, 2));
  driver.release(driver.nextBuffer()!);
  driver.ready(
    new Speaker(
      messagesOf(7, 1, () => randomBytes(10)),
      0,
    ),
  );
  const { driver: far, heard } = listener();
  far.receive(driver.nextBuffer()!);
  assert.equal(heard[0]!.header.connection, 7);
  assert.ok(heard.length > 1);
});

test("a lower priority is slowed, not starved: one byte in 17 while higher ones are busy", () => {
  const driver = driverOf({ compressor: null });
  const sources = ([0, 1, 2, 3] as const).map((priority) => new Endless(priority, 1000, priority));
  for (const source of sources) driver.ready(source);
  for (let i = 0; i < 2000; i += 1) driver.release(driver.nextBuffer()!);
  const bytes = sources.map((source) => source.bytes);
  for (let priority = 1; priority < 4; priority += 1) {
    const higher = bytes.slice(0, priority).reduce((sum, each) => sum + each);
    const times = higher / bytes[priority]!;
    assert.ok(times > 15.5 && times < 16.5, `${times} times the bytes of priority ${priority}`);
  }
});

test("what a lower priority did not use of its share is not kept for the next time", () => {
  const driver = driverOf({ compressor: null });
  driver.ready(new Endless(1, 1000, 0));
  for (let time = 0; time < 3; time += 1) {
    const low = new Speaker(
      messagesOf(2, 1, () => randomBytes(10)),
      1,
    );
    driver.ready(low);
    let buffers = 0;
    for (; low.left.length > 0; buffers += 1) driver.release(driver.nextBuffer()!);
    assert.ok(buffers >= 4 && buffers <= 6, `${buffers} buffers of four turns`);
  }
});

test("a message that does not fit is the first of the next buffer", () => {
  const driver = driverOf({ bufferSize: 2048, compressor: null });
  driver.ready(new Speaker(messagesOf(1, 1, () => randomBytes(1000))));
  driver.ready(new Speaker(messagesOf(2, 1, () => randomBytes(1500))));
  driver.ready(new Speaker(messagesOf(3, 1, () => randomBytes(100))));
  const { driver: far, heard } = listener();
  far.receive(driver.nextBuffer()!);
  far.receive(driver.nextBuffer()!);
  assert.deepEqual(
    heard.map(({ header }) => header.connection),
    [1, 2, 3],
  );
});

test("a source that cannot say what it has to is taken out, and the others are not held up", () => {
  const driver = driverOf({ bufferSize: 1024, compressor: null });
  driver.ready(new Speaker(messagesOf(1, 1, () => randomBytes(2000))));
  driver.ready(new Speaker(messagesOf(2, 1, () => randomBytes(20))));
  assert.equal(driver.nextBuffer()!.length, FRAME_LENGTH + 36);
  assert.equal(driver.pending, false);
  assert.equal(driver.statistics().sent.stalledSources, 1);
});

test("sources that have nothing to say after all do not hide the one that has", () => {
  const driver = driverOf();
  for (let i = 0; i < 5; i += 1) driver.ready(new Speaker([], 0));
  driver.ready(
    new Speaker(
      messagesOf(1, 1, () => randomBytes(10)),
      3,
    ),
  );
  assert.ok(driver.nextBuffer());
});

test("a source that announces itself whenever it is asked and says nothing is not asked for ever", () => {
  const driver = driverOf();
  const chatterer: MessageSource = {
    priority: 1,
    pull: () => {
      driver.ready(chatterer);
      return false;
    },
  };
  const source = new Speaker(
    messagesOf(1, 1, () => randomBytes(10)),
    2,
  );
  driver.ready(chatterer);
  driver.ready(source);
  assert.ok(driver.nextBuffer());
  assert.equal(source.left.length, 0);
  assert.equal(driver.pending, false);
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
  const driver = driverOf({ pool });
  const data = (sequence: number) => (sequence % 2 === 0 ? textBytes : randomBytes)(5000, sequence);
  const source = new Speaker(messagesOf(1, 60, data));
  driver.ready(source);
  const buffers: [Uint8Array, Uint8Array][] = [];
  for (let buffer = driver.nextBuffer(20_000); buffer !== undefined; buffer = driver.nextBuffer(20_000)) {
    buffers.push([buffer, buffer.slice()]);
  }
  assert.ok(buffers.length > 10);
  for (const [buffer, copy] of buffers) assert.deepEqual(buffer, copy);
  for (const [buffer] of buffers) driver.release(buffer);
  const { held } = pool;
  source.left.push(...messagesOf(1, 60, data));
  driver.ready(source);
  const again = [];
  for (let buffer = driver.nextBuffer(20_000); buffer !== undefined; buffer = driver.nextBuffer(20_000)) {
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
