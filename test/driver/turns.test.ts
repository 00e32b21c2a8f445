import assert from "node:assert/strict";
import { test } from "node:test";
import { FRAME_LENGTH } from "../../driver/buffer.js";
import type { MessageSource } from "../../driver/index.js";
import { dataHeader, randomBytes } from "./message-samples.js";
import { driverOf, Endless, listener, messagesOf, Speaker } from "./packet-driver-ends.js";

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

test("what is said briefly has a buffer for itself, with others of the kind", () => {
  const { driver: far, heard } = listener();
  const driver = driverOf({ compressor: null });
  driver.ready(new Endless(1, 1000));
  driver.release(driver.nextBuffer()!);
  const speak = (connection: number, length: number) =>
    driver.ready(new Speaker(messagesOf(connection, 1, () => randomBytes(length))));
  const connections = () => {
    far.receive(driver.nextBuffer()!);
    return [...new Set(heard.splice(0).map(({ header }) => header.connection))];
  };
  for (const connection of [7, 8, 9]) speak(connection, 300);
  assert.deepEqual(connections(), [7, 8, 9]);
  assert.deepEqual(connections(), [1]);
  // More than a datagram is no worse off among others.
  speak(10, 3000);
  assert.deepEqual(connections(), [10, 1]);
  // Of one that has more to say, the beginning is no answer.
  driver.ready(new Endless(11, 600));
  assert.deepEqual(connections(), [11, 1]);
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
  assert.deepEqual(
    heard.map(({ header }) => header.connection),
    [7],
  );
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
