import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type BufferContents,
  FRAME_LENGTH,
  MAXIMUM_BUFFER_LENGTH,
  readRoutingHeader,
  writeRoutingHeader,
} from "../../driver/buffer.js";
import { slotLength } from "../../driver/buffer-pool.js";
import { BufferWriter } from "../../driver/buffer-writer.js";
import { BufferPool, PacketDriverError, WireError } from "../../driver/index.js";
import { dataHeader, encode, type Message, randomBytes } from "./message-samples.js";

const MOVER_FIELD = "00".repeat(12);

const golden: [what: string, dataLength: number, contents: BufferContents, hex: string][] = [
  [
    "one message of 16 bytes",
    16,
    { messages: 1, originalLength: 16, compressed: false },
    "01000001 00000010 00000010",
  ],
  [
    "compressed",
    0x1234,
    { messages: 300, originalLength: 0xffe8, compressed: true },
    "0101012c 00001234 0000ffe8",
  ],
  [
    "as long as can be",
    262_120,
    { messages: 16_382, originalLength: 262_120, compressed: false },
    "01003ffe 0003ffe8 0003ffe8",
  ],
];
for (const [what, dataLength, contents, hex] of golden) {
  test(`routing header on the wire: ${what}`, () => {
    const buffer = new Uint8Array(FRAME_LENGTH + dataLength);
    writeRoutingHeader(buffer, contents);
    assert.equal(
      Buffer.from(buffer.subarray(0, FRAME_LENGTH)).toString("hex"),
      MOVER_FIELD + hex.replaceAll(" ", ""),
    );
    assert.deepEqual(readRoutingHeader(buffer, MAXIMUM_BUFFER_LENGTH), contents);
  });
}

const hostile: [what: string, code: string, hex: string, dataLength: number][] = [
  ["nothing behind the mover's field", "truncated", "", 0],
  ["half a routing header", "truncated", "01000001 0000", 0],
  ["function type 0", "type", "00000001 00000010 00000010", 16],
  ["a function type not known yet", "type", "02000001 00000010 00000010", 16],
  ["a flag not known yet", "type", "01020001 00000010 00000010", 16],
  ["data longer than the buffer", "length", "01000001 00000011 00000011", 16],
  ["data shorter than the buffer", "length", "01000001 0000000f 0000000f", 16],
  ["another length though not compressed", "length", "01000001 00000010 00000011", 16],
  ["not smaller though compressed", "length", "01010001 00000010 00000010", 16],
  ["a bomb", "length", "01010001 00000010 0000ffe9", 16],
  ["a bomb of 4 GiB", "length", "01010001 00000010 ffffffff", 16],
  ["no messages", "count", "01000000 00000010 00000010", 16],
  ["more messages than can be", "count", "01000002 0000001f 0000001f", 31],
];
for (const [what, code, hex, dataLength] of hostile) {
  test(`refused as ${code}: ${what}`, () => {
    const header = Buffer.from(MOVER_FIELD + hex.replaceAll(" ", ""), "hex");
    const buffer = Buffer.concat([header, Buffer.alloc(dataLength)]);
    assert.throws(
      () => readRoutingHeader(buffer, 65_536),
      (error) => error instanceof WireError && error.code === code,
    );
  });
}

test("messages lie in a buffer one behind the other, and the bound is never passed", () => {
  const lengths = fc.array(fc.nat(200), { maxLength: 30 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 1500 }), fc.boolean(), (dataLengths, limit, inPlace) => {
      const bytes = Buffer.alloc(2000, 0xee);
      const writer = new BufferWriter();
      writer.begin(bytes, 24, 24 + limit);
      const written: Message[] = [];
      dataLengths.forEach((length, sequence) => {
        const message = { header: dataHeader(1, sequence), data: randomBytes(length, sequence) };
        const fits = 16 + length <= writer.room;
        assert.equal(inPlace ? reserve(writer, message) : writer.write(message.header, message.data), fits);
        if (fits) written.push(message);
      });
      const expected = Buffer.concat(written.map(encode));
      assert.equal(writer.messages, written.length);
      assert.equal(writer.offset, 24 + expected.length);
      assert.deepEqual(bytes.subarray(24, writer.offset), expected);
      assert.ok(bytes.subarray(0, 24).every((byte) => byte === 0xee));
      assert.ok(bytes.subarray(writer.offset).every((byte) => byte === 0xee));
    }),
  );
});

test("a message that fits to the byte is written, one that is a byte longer is not", () => {
  const writer = new BufferWriter();
  const begin = () => writer.begin(new Uint8Array(200), 20, 136);
  begin();
  assert.equal(writer.reserve(dataHeader(1, 1), 101), undefined);
  assert.equal(writer.write(dataHeader(1, 1), new Uint8Array(101)), false);
  assert.equal(writer.reserve(dataHeader(1, 1), 100)?.length, 100);
  assert.equal(writer.room, 0);
  begin();
  assert.equal(writer.write(dataHeader(1, 1), new Uint8Array(100)), true);
});

test("a writer whose buffer is done takes nothing any more", () => {
  const writer = new BufferWriter();
  writer.begin(new Uint8Array(100), 0, 100);
  writer.end();
  assert.equal(writer.room, 0);
  assert.equal(writer.write(dataHeader(1, 1)), false);
});

test("a message longer than its length field can say is the caller's mistake", () => {
  const writer = new BufferWriter();
  writer.begin(new Uint8Array(100_000), 0, 100_000);
  assert.throws(
    () => writer.reserve(dataHeader(1, 1), 65_536),
    (error) => error instanceof PacketDriverError && error.code === "message",
  );
  assert.ok(writer.reserve(dataHeader(1, 1), 65_535));
});

test("a slot is a power of two and at most twice what it holds", () => {
  for (const [length, slot] of [
    [1, 1024],
    [1024, 1024],
    [1025, 2048],
    [65_536, 65_536],
    [65_537, 131_072],
  ] as const) {
    assert.equal(slotLength(length), slot);
  }
});

test("the pool uses memory again, last in first out", () => {
  const pool = new BufferPool();
  const slot = pool.take(5000)!;
  const view = pool.lend(slot, 4500);
  assert.equal(view.length, 4500);
  assert.equal(view.buffer, slot.buffer);
  assert.equal(pool.lent, 1);
  pool.release(view);
  assert.equal(pool.lent, 0);
  assert.equal(pool.take(8192), slot);
  assert.notEqual(pool.take(8192), slot);
});

test("a buffer is released once, and by its own view", () => {
  const pool = new BufferPool();
  const view = pool.lend(pool.take(1024)!, 100);
  const notLent = (error: unknown) => error instanceof PacketDriverError && error.code === "not-lent";
  assert.throws(() => pool.release(view.subarray(0)), notLent);
  pool.release(view);
  assert.throws(() => pool.release(view), notLent);
});

test("the pool keeps to its ceiling, and gives up free slots of one size for another", () => {
  const pool = new BufferPool({ ceiling: 8192 });
  const slots = [1, 2, 3, 4].map(() => pool.take(2048)!);
  assert.equal(pool.held, 8192);
  assert.equal(pool.take(1), undefined);
  for (const slot of slots.slice(1)) pool.give(slot);
  assert.equal(pool.take(8192), undefined);
  assert.ok(pool.take(4096));
  assert.ok(pool.held <= 8192);
});

test("who found no memory is told once, when there is some again", () => {
  const pool = new BufferPool({ ceiling: 2048 });
  const first = pool.lend(pool.take(1024)!, 1);
  const second = pool.lend(pool.take(1024)!, 1);
  let calls = 0;
  const callback = () => {
    calls += 1;
  };
  pool.whenReleased(callback);
  pool.whenReleased(callback);
  pool.release(first);
  pool.release(second);
  assert.equal(calls, 1);
});

function reserve(writer: BufferWriter, message: Message): boolean {
  const place = writer.reserve(message.header, message.data.length);
  place?.set(message.data);
  return place !== undefined;
}
