import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type MessageHeader, MessageType, type MessageWriter } from "../../driver/index.js";
import { BlockPool, ByteQueue } from "../../plugin/edge/tcp/byte-queue.js";
import { INITIAL_CREDIT, ReceiveWindow, readCredit, writeCredit } from "../../plugin/edge/tcp/credit.js";
import { Inbound, SequenceError } from "../../plugin/edge/tcp/inbound.js";
import { NumberWindow } from "../../plugin/edge/tcp/number-window.js";
import { type MutableHeader, Outbound } from "../../plugin/edge/tcp/outbound.js";

interface Written {
  readonly type: number;
  readonly sequence: number;
  readonly data: Buffer;
}

/** A buffer of `room` bytes that keeps what is written. */
function writerOf(room: number): MessageWriter & { readonly written: Written[] } {
  const written: Written[] = [];
  return {
    written,
    get room() {
      return room;
    },
    reserve(header: MessageHeader, length: number) {
      if (16 + length > room) return undefined;
      room -= 16 + length;
      const data = Buffer.alloc(length);
      written.push({ type: header.type, sequence: header.sequence, data });
      return data;
    },
    write(header: MessageHeader, data = new Uint8Array(0)) {
      const place = this.reserve(header, data.length);
      place?.set(data);
      return place !== undefined;
    },
  };
}

const header = (): MutableHeader => ({
  type: MessageType.DATA,
  flags: 0,
  protocol: 6,
  connection: 1,
  sequence: 0,
  status: 0,
  addresses: undefined,
});

test("what goes out in pieces and comes in by any order is what was said", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 17, max: 4000 }), { minLength: 1, maxLength: 10 }),
      fc.infiniteStream(fc.nat()),
      (chunks, rooms, random) => {
        const outbound = new Outbound(new BlockPool());
        for (const chunk of chunks) outbound.push(Buffer.from(chunk));
        outbound.end();
        const messages: Written[] = [];
        for (let i = 0; outbound.ready; i++) {
          const writer = writerOf(i % 2 === 0 ? 70_000 : rooms[i % rooms.length]!);
          outbound.pull(writer, 65_536, header());
          messages.push(...writer.written);
        }
        assert.deepEqual(
          messages.map((message) => message.sequence),
          messages.map((_, index) => index + 1),
        );
        const heard: Buffer[] = [];
        let ends = 0;
        const inbound = new Inbound({ data: (bytes) => heard.push(Buffer.from(bytes)), end: () => ends++ });
        while (messages.length > 0) {
          const [message] = messages.splice(random.next().value % messages.length, 1);
          inbound.accept(
            message!.sequence,
            message!.type === MessageType.FIN ? null : message!.data,
            INITIAL_CREDIT,
          );
        }
        assert.deepEqual(Buffer.concat(heard), Buffer.concat(chunks));
        assert.equal(ends, 1);
        assert.ok(inbound.ended && outbound.finished);
      },
    ),
  );
});

test("no byte is sent past the credit, and the end waits for the last byte", () => {
  const outbound = new Outbound(new BlockPool());
  outbound.push(Buffer.alloc(INITIAL_CREDIT + 10));
  outbound.end();
  let sent = 0;
  while (outbound.ready) sent += outbound.pull(writerOf(65_536), 1e9, header());
  assert.equal(sent, INITIAL_CREDIT);
  assert.equal(outbound.finished, false);
  outbound.grant(INITIAL_CREDIT + 10);
  outbound.grant(INITIAL_CREDIT);
  assert.equal(outbound.pull(writerOf(65_536), 1e9, header()), 10);
  assert.equal(outbound.finished, true);
});

test("a sender that goes past its credit, repeats a message or speaks after its end is found out", () => {
  const inbound = new Inbound({ data: () => {}, end: () => {} });
  assert.throws(() => inbound.accept(1, new Uint8Array(101), 100), SequenceError);
  const other = new Inbound({ data: () => {}, end: () => {} });
  other.accept(2, new Uint8Array(1), 100);
  assert.throws(() => other.accept(2, new Uint8Array(1), 100), SequenceError);
  other.accept(1, new Uint8Array(1), 100);
  assert.throws(() => other.accept(1, new Uint8Array(1), 100), SequenceError);
  other.accept(3, null, 100);
  assert.throws(() => other.accept(4, new Uint8Array(1), 100), SequenceError);
});

test("a grant is a u64", () => {
  for (const limit of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal(readCredit(writeCredit(limit)), limit);
  }
  assert.equal(readCredit(Buffer.alloc(7)), undefined);
  assert.equal(readCredit(Buffer.alloc(8, 0xff)), undefined);
});

test("the window widens for a reader that keeps pace, to its maximum, and not for a slow one", () => {
  let now = 0;
  const options = { maximum: 8 * INITIAL_CREDIT, rtt: () => 100, now: () => now, mayGrow: () => true };
  const fast = new ReceiveWindow(options);
  const slow = new ReceiveWindow(options);
  for (let i = 0; i < 100; i++) {
    now += 10;
    fast.consume(INITIAL_CREDIT);
    if (fast.due) fast.grant();
    if (i % 50 === 0) slow.consume(INITIAL_CREDIT / 2);
  }
  assert.equal(fast.size, 8 * INITIAL_CREDIT);
  assert.equal(fast.granted, 100 * INITIAL_CREDIT + fast.size);
  assert.equal(slow.size, 2 * INITIAL_CREDIT);
});

test("the window stays as it is while memory is short", () => {
  const window = new ReceiveWindow({ maximum: 1e9, rtt: () => 100, now: () => 0, mayGrow: () => false });
  window.consume(INITIAL_CREDIT);
  assert.equal(window.size, INITIAL_CREDIT);
});

test("a number window is a set of numbers", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 })), (numbers) => {
      const window = new NumberWindow();
      const naive = new Set<number>();
      for (const number of numbers) {
        assert.equal(window.has(number), naive.has(number));
        window.add(number);
        naive.add(number);
      }
      for (let number = 1; number <= 51; number++) assert.equal(window.has(number), naive.has(number));
    }),
  );
});

test("a queue of bytes gives them back in any pieces, and its blocks as well", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 40_000 })), {
        maxLength: 30,
      }),
      (steps) => {
        let taken = 0;
        let given = 0;
        const pool = new BlockPool();
        const counting: Pick<BlockPool, "take" | "give"> = {
          take: () => {
            taken++;
            return pool.take();
          },
          give: (block) => {
            given++;
            pool.give(block);
          },
        };
        const queue = new ByteQueue(counting);
        let naive = Buffer.alloc(0);
        for (const [step, [pushed, shifted]] of steps.entries()) {
          const bytes = Buffer.alloc(pushed, `${step} `);
          queue.push(bytes);
          naive = Buffer.concat([naive, bytes]);
          const target = Buffer.alloc(Math.min(shifted, naive.length));
          queue.shift(target);
          assert.deepEqual(target, naive.subarray(0, target.length));
          naive = naive.subarray(target.length);
          assert.equal(queue.length, naive.length);
        }
        queue.clear();
        assert.equal(queue.length, 0);
        assert.equal(given, taken);
      },
    ),
  );
});
