import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type MessageHeader, MessageType, type MessageWriter } from "../../driver/index.js";
import { BlockPool, ByteQueue } from "../../plugin/edge/tcp/byte-queue.js";
import { INITIAL_CREDIT, ReceiveWindow, readCredit, writeCredit } from "../../plugin/edge/tcp/credit.js";
import { Inbound, SequenceError } from "../../plugin/edge/tcp/inbound.js";
import { NumberWindow, numberAfter } from "../../plugin/edge/tcp/number-window.js";
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

/** A window whose grants are taken as soon as they are due. */
function windowOf(options: { readonly maximum: number; pressed?: boolean }) {
  let time = 0;
  let inOrder = 0;
  const window = new ReceiveWindow({
    first: MEGABYTE,
    maximum: options.maximum,
    rtt: () => 100,
    now: () => time,
    pressed: () => options.pressed === true,
  });
  return {
    window,
    /** So many bytes arrive, out of order, so many milliseconds later. */
    arrive(bytes: number, after: number) {
      time += after;
      window.arrive(bytes, inOrder);
    },
    /** So many of them are in order now. */
    order(bytes: number) {
      inOrder += bytes;
    },
    /** So many bytes arrive so many milliseconds later, and the application takes them. */
    take(bytes: number, after: number) {
      this.arrive(bytes, after);
      this.order(bytes);
      window.consume(bytes);
      if (window.due) window.grant();
    },
  };
}

const MEGABYTE = 2 ** 20;

test("a window's first grant is due at once, unless memory is short", () => {
  assert.equal(windowOf({ maximum: 8 * MEGABYTE }).window.due, true);
  assert.equal(windowOf({ maximum: 8 * MEGABYTE }).window.offer, MEGABYTE);
  const { window } = windowOf({ maximum: 8 * MEGABYTE, pressed: true });
  assert.equal(window.due, false);
  assert.equal(window.offer, INITIAL_CREDIT);
});

test("the window widens for a reader that keeps pace, to its maximum, and not for a slow one", () => {
  const fast = windowOf({ maximum: 8 * MEGABYTE });
  const slow = windowOf({ maximum: 8 * MEGABYTE });
  for (let i = 0; i < 100; i++) fast.take(MEGABYTE, 10);
  for (let i = 0; i < 10; i++) slow.take(MEGABYTE / 5, 210);
  assert.equal(fast.window.size, 8 * MEGABYTE);
  assert.equal(fast.window.granted, 100 * MEGABYTE + fast.window.size);
  assert.equal(slow.window.size, MEGABYTE);
});

test("the window widens while what arrives waits for what is missing, and not while the application lets it wait", () => {
  const missing = windowOf({ maximum: 8 * MEGABYTE });
  const waiting = windowOf({ maximum: 8 * MEGABYTE });
  for (let i = 0; i < 10; i++) {
    missing.arrive(MEGABYTE, 10);
    waiting.arrive(MEGABYTE, 10);
    waiting.order(MEGABYTE);
  }
  assert.equal(missing.window.offer, 8 * MEGABYTE);
  assert.equal(waiting.window.offer, 2 * MEGABYTE);
});

test("the window narrows to its least when the reader slows down, and what it has granted is used up", () => {
  const site = windowOf({ maximum: 8 * MEGABYTE });
  const { window } = site;
  for (let i = 0; i < 100; i++) site.take(MEGABYTE, 10);
  const { granted } = window;
  for (let i = 0; i < 20; i++) site.take(1000, 1500);
  assert.equal(window.size, INITIAL_CREDIT);
  assert.equal(window.granted, granted);
});

test("while memory is short, nobody has more than what everybody begins with", () => {
  const options = { maximum: 8 * MEGABYTE, pressed: false };
  const site = windowOf(options);
  const { window } = site;
  for (let i = 0; i < 100; i++) site.take(MEGABYTE, 10);
  options.pressed = true;
  for (let i = 0; i < 7; i++) site.take(MEGABYTE, 10);
  assert.equal(window.size, INITIAL_CREDIT);
  assert.equal(window.granted, 108 * MEGABYTE);
  site.take(MEGABYTE, 10);
  assert.equal(window.granted, 108 * MEGABYTE + INITIAL_CREDIT);
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

test("numbers begin again behind the last, but for those that are in use since the time before", () => {
  const before = 2 ** 32 - 4;
  const window = new NumberWindow((number) => number === 2, before);
  const numbers = Array.from({ length: 8 }, (_, index) => (before + 1 + index) >>> 0).filter(
    (number) => number !== 0 && number !== 2,
  );
  assert.equal(numberAfter(2 ** 32 - 1), 1);
  assert.deepEqual(
    numbers.map((number) => window.has(number)),
    numbers.map(() => false),
  );
  for (const number of numbers.toReversed()) window.add(number);
  assert.deepEqual(
    numbers.map((number) => window.has(number)),
    numbers.map(() => true),
  );
  assert.deepEqual([window.has(before), window.has(2), window.has(6)], [true, true, false]);
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
