import assert from "node:assert/strict";
import { test } from "node:test";
import { close, eventDescriptor } from "../../driver/ffi/index.js";
import {
  type MessageHeader,
  type MessageSource,
  MessageType,
  type MessageWriter,
} from "../../driver/index.js";
import {
  SeededRandom,
  SimulatedClock,
  type SimulatedLink,
  simulatedPath,
} from "../../driver/mover/simulation/index.js";
import { Doorbell, doorbellMemory } from "../../driver/worker/doorbell.js";
import { PeerLoop } from "../../driver/worker/peer-loop.js";
import { Board, peerMemory } from "../../driver/worker/peer-memory.js";
import { RingWriter } from "../../driver/worker/ring.js";
import { WorkerTransport } from "../../driver/worker/worker-transport.js";
import { SAME_KEY } from "../mover/security.js";

const MEBIBYTE = 1024 * 1024;
const MESSAGE = 1000;
/** By the low byte of a message's number. They do not compress. */
const noise = new SeededRandom(99);
const CONTENTS = Array.from({ length: 256 }, () =>
  Uint8Array.from({ length: MESSAGE }, () => noise.below(256)),
);
/** A quarter of each is left. */
const SHRINKING = CONTENTS.map((bytes) => bytes.map((byte, at) => (at < MESSAGE / 4 ? byte : 0)));

/** Both halves of one end, in this thread and in virtual time: whether each takes its turn is the test's to say. */
class End implements MessageSource {
  readonly priority = 1;
  readonly transport: WorkerTransport;
  readonly loop: PeerLoop;
  readonly events: string[] = [];
  /** Messages that were heard in the present session, by what the other end calls its own: at most one. */
  readonly heard = new Map<number, Set<number>>();
  /** What the other end called its earlier sessions. */
  readonly past = new Set<number>();
  said = 0;
  blocked = false;
  contents = CONTENTS;
  /** How this end calls its present session in its messages; drawn anew for each. */
  session = 0;
  readonly #random: SeededRandom;
  readonly #event = eventDescriptor();
  readonly #out: RingWriter;
  #limit = 0;

  constructor(site: string, link: SimulatedLink, random: SeededRandom, receiveWindow: number) {
    this.#random = random;
    const bell = new Doorbell(doorbellMemory(), this.#event);
    const memory = peerMemory();
    new Board(memory.board).clear();
    this.#out = new RingWriter(memory.out);
    const settings = { site, bootId: BigInt(site.charCodeAt(0)), receiveWindow, security: SAME_KEY };
    this.loop = new PeerLoop(settings, link, memory, bell);
    this.transport = new WorkerTransport(
      { ...settings, bufferSize: 65_536, onMessage: (header, data) => this.#hear(header, data) },
      memory,
      bell,
      { start: () => this.loop.mover.start(), stop: () => this.loop.mover.stop() },
    );
    this.transport.on("up", () => {
      this.events.push("up");
      this.session = this.#random.below(2 ** 31);
      this.said = 0;
      for (const call of this.heard.keys()) this.past.add(call);
      this.heard.clear();
      this.transport.ready(this);
    });
    this.transport.on("down", (reason) => this.events.push(`down ${reason}`));
  }

  say(messages: number): void {
    this.#limit = messages;
    this.transport.ready(this);
  }

  turn(now: number): void {
    this.loop.poll();
    this.loop.publish(now);
    if (!this.blocked) this.transport.work();
  }

  /** Bytes that wait for the mover. */
  get ahead(): number {
    return this.#out.used;
  }

  get all(): boolean {
    return this.said === this.#limit;
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    for (let left = quantum; left > 0 && this.said < this.#limit; left -= MESSAGE + 16) {
      const place = writer.reserve(
        {
          type: MessageType.DATA,
          flags: 0,
          protocol: 6,
          connection: this.session,
          sequence: this.said,
          status: 0,
          addresses: undefined,
        },
        MESSAGE,
      );
      if (place === undefined) break;
      place.set(this.contents[this.said & 0xff]!);
      this.said += 1;
    }
    return this.said < this.#limit;
  }

  close(): void {
    this.transport.stop();
    this.loop.close();
    close(this.#event);
  }

  #hear({ connection, sequence }: MessageHeader, data: Uint8Array): void {
    assert.ok(!this.past.has(connection), "a message of an earlier session");
    const heard = this.heard.get(connection) ?? new Set<number>();
    this.heard.set(connection, heard);
    assert.equal(this.heard.size, 1, "messages of two sessions in one");
    assert.ok(!heard.has(sequence), "a message twice");
    assert.ok(Buffer.compare(data, this.contents[sequence & 0xff]!) === 0);
    heard.add(sequence);
  }
}

function ends(seed: number, receiveWindow: number, rate = 1e9) {
  const clock = new SimulatedClock();
  const path = simulatedPath({ clock, seed, forward: { rate, delay: 1, queue: MEBIBYTE } });
  const random = new SeededRandom(seed);
  const [a, b] = [new End("a", path.a, random, receiveWindow), new End("b", path.b, random, receiveWindow)];
  a.transport.start();
  b.transport.start();
  const run = (milliseconds: number) => {
    for (let i = 0; i < milliseconds * 4; i += 1) {
      clock.runUntil(clock.now + 0.25);
      a.turn(clock.now);
      b.turn(clock.now);
    }
  };
  return { a, b, run };
}

test("a main thread that takes nothing holds back its peer, costs a window, and loses nothing", () => {
  const { a, b, run } = ends(1, 4 * MEBIBYTE);
  a.say(40_000);
  run(50);
  assert.ok(a.said > 0 && !a.all);
  b.blocked = true;
  run(1500);
  const waiting = a.said;
  const delivered = [...b.heard.values()].reduce((sum, { size }) => sum + size, 0);
  // A ring, a window, and what is under way.
  assert.ok((waiting - delivered) * MESSAGE < 7 * MEBIBYTE, `${waiting - delivered} messages wait`);
  run(500);
  assert.equal(a.said, waiting, "the sender goes on");
  b.blocked = false;
  run(3000);
  assert.ok(a.all);
  assert.equal(b.heard.get(a.session)?.size, 40_000);
  assert.deepEqual([a.events, b.events], [["up"], ["up"]]);
  a.close();
  b.close();
});

for (const [what, contents, late, least, most] of [
  ["", CONTENTS, 3, 8, 60],
  ["", CONTENTS, 12, 80, 256],
  [", of what shrinks to a quarter", SHRINKING, 3, 60, 240],
] as const) {
  test(`what is filled ahead suffices, and is no more, for a main thread that is ${late} ms late each time${what}`, () => {
    const { a, b, run } = ends(4, 4 * MEBIBYTE, 100e6);
    for (const end of [a, b]) end.contents = contents;
    const seconds = (from: number, to: number) => {
      let ahead = 0;
      const before = b.transport.stats().bufferBytesDelivered;
      for (let at = from * 1000; at < to * 1000; at += late) {
        a.blocked = true;
        run(late);
        a.blocked = false;
        a.turn(at);
        ahead += a.ahead;
      }
      const rate = ((b.transport.stats().bufferBytesDelivered - before) * 8) / (to - from);
      return { ahead: (ahead * late) / (to - from) / 1000 / 1024, rate };
    };
    run(100);
    a.say(Number.POSITIVE_INFINITY);
    seconds(0, 3);
    const { ahead, rate } = seconds(3, 6);
    assert.ok(rate > 92e6, `${rate}`);
    assert.ok(ahead > least && ahead < most, `${ahead} KB`);
    a.close();
    b.close();
  });
}

test("nothing of a session is heard in the next one, whenever it ends", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = new SeededRandom(seed + 100);
    const { a, b, run } = ends(seed, 16 * MEBIBYTE);
    for (const end of [a, b]) end.say(Number.MAX_SAFE_INTEGER);
    run(20);
    for (let i = 0; i < 6; i += 1) {
      run(random.below(12));
      // The worker's half goes on while the main thread does not know yet.
      const late = [a, b][random.below(2)]!;
      late.blocked = random.below(2) === 1;
      [a, b][random.below(2)]!.loop.mover.reset();
      run(random.below(30));
      late.blocked = false;
    }
    for (const end of [a, b]) end.say(end.said + 100);
    run(1000);
    for (const [end, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      assert.equal(
        peer.heard.get(end.session)?.size,
        end.said,
        `seed ${seed}: what was said last is not heard`,
      );
      assert.ok(end.events.filter((event) => event === "up").length > 3);
      assert.ok(end.transport.stats().buffersSent > 0);
      assert.equal(end.transport.busy, false);
    }
    a.close();
    b.close();
  }
});

test("a buffer that makes no sense ends the session, and is told", () => {
  const { a, b, run } = ends(3, 4 * MEBIBYTE);
  const told: string[] = [];
  b.transport.on("malformed", (error) => told.push(error.message));
  // Four bytes that are no message; the mover's check sum is right.
  a.say(0);
  run(20);
  const broken: MessageSource = {
    priority: 1,
    pull: (writer) => {
      const place = writer.reserve(
        {
          type: MessageType.DATA,
          flags: 0,
          protocol: 6,
          connection: 1,
          sequence: 0,
          status: 0,
          addresses: undefined,
        },
        4,
      );
      place?.fill(0);
      // The header, 16 bytes before the data: a version that there is not.
      if (place !== undefined) new Uint8Array(place.buffer, place.byteOffset - 16, 1)[0] = 0xf4;
      return false;
    },
  };
  a.transport.ready(broken);
  run(500);
  assert.equal(told.length, 1);
  assert.match(told[0]!, /version/);
  assert.deepEqual(b.events, ["up", "down corrupt", "up"]);
  assert.equal(a.transport.state, "up");
  a.close();
  b.close();
});
