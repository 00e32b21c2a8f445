import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { securityOf } from "../../driver/mover/handshake/security.js";
import type { SecurityOptions } from "../../driver/mover/index.js";
import { Session, type SessionOptions } from "../../driver/mover/session.js";
import { packetType } from "../../driver/mover/wire/datagram.js";
import { SECURITY } from "./security.js";

const TYPES: Readonly<Record<number, string>> = {
  1: "hello",
  3: "answer",
  5: "hello",
  7: "answer",
  8: "cookie",
};

/** One side: writes down what it does, and keeps what it sends. */
class Side {
  readonly session: Session;
  readonly sent: Uint8Array[] = [];
  readonly tags = new Set<number>();
  readonly #log: string[] = [];
  #tag = 100;

  constructor(
    site: string,
    bootId: bigint,
    security: SecurityOptions,
    options: Partial<SessionOptions> = {},
  ) {
    this.session = new Session(
      {
        site,
        bootId,
        segmentSize: 1472,
        receiveWindow: 1e6,
        silentAfter: 2500,
        downAfter: 45_000,
        security: securityOf(security),
        ...options,
      },
      {
        newTag: () => {
          this.#tag += 1;
          this.tags.add(this.#tag);
          return this.#tag;
        },
        dropTag: (tag) => assert.ok(this.tags.delete(tag), `tag ${tag} dropped twice`),
        send: (datagram) => {
          this.sent.push(datagram);
          this.#log.push(TYPES[packetType(datagram, 0, datagram.length)]!);
        },
        begin: (peer, _channel, roundTrip) =>
          this.#log.push(`begin ${peer.site} ${peer.bootId} rtt ${Math.round(roundTrip)}`),
        changed: () => this.#log.push("changed"),
        end: (reason) => this.#log.push(`end ${reason}`),
        silent: () => this.#log.push("silent"),
        resumed: () => this.#log.push("resumed"),
        stranger: ({ kind }) => this.#log.push(`stranger ${kind}`),
      },
    );
  }

  /** What has happened since the last time. */
  get events(): string[] {
    return this.#log.splice(0);
  }

  take(now: number, datagram: Uint8Array, from = "there"): void {
    this.session.onHandshake(now, datagram, packetType(datagram, 0, datagram.length), from);
  }

  /** A datagram of the session has come, by the channel that the other side uses now. */
  hear(now: number, from: Side): void {
    const channel = this.session.channel(from.session.current!.remoteTag);
    assert.ok(channel !== undefined, "a datagram by a channel that is not known");
    const confirmation = from.session.confirmation(now);
    this.session.onHeard(now, channel, confirmation && { ...confirmation, delay: 0 });
  }
}

type Kind = "sealed" | "plain";

function sides(kind: Kind, options: Partial<SessionOptions> = {}): { a: Side; b: Side } {
  const { a, b } = kind === "plain" ? { a: "off" as const, b: "off" as const } : SECURITY;
  return { a: new Side("a", 1n, a, options), b: new Side("b", 2n, b, options) };
}

/** Two sides whose session is up since 100, by the handshake of a. */
function established(kind: Kind, options: Partial<SessionOptions> = {}): { a: Side; b: Side } {
  const { a, b } = sides(kind, options);
  a.session.start(0);
  a.session.onTimer(0);
  b.session.start(20);
  b.take(50, a.sent[0]!);
  a.take(100, b.sent[0]!);
  b.hear(100, a);
  a.hear(100, b);
  assert.deepEqual(
    [a.events, b.events],
    [
      ["hello", "begin b 2 rtt 100"],
      ["answer", "begin a 1 rtt 50"],
    ],
  );
  return { a, b };
}

for (const kind of ["sealed", "plain"] as const) {
  describe(`a session, ${kind}`, () => {
    it("is idle until it is started, and ignores hellos", () => {
      const { a, b } = sides(kind);
      a.session.start(0);
      a.session.onTimer(0);
      b.take(0, a.sent[0]!);
      b.session.onTimer(1e6);
      assert.equal(b.session.state, "idle");
      assert.deepEqual(b.events, []);
    });

    it("says hello less and less often, but at least once a second", () => {
      const { a } = sides(kind);
      a.session.start(0);
      const times: number[] = [];
      for (let now = 0; now < 6000; now = a.session.nextTimerAt()) {
        a.session.onTimer(now);
        times.push(now);
        assert.deepEqual(a.events, ["hello"]);
      }
      assert.deepEqual(times, [0, 200, 500, 950, 1625, 2625, 3625, 4625, 5625]);
      assert.equal(a.session.state, "connecting");
      assert.equal(a.tags.size, 1);
    });

    it("is up with the answer, and on the other side with the first datagram", () => {
      const { a, b } = established(kind);
      assert.deepEqual([a.session.state, b.session.state], ["up", "up"]);
      assert.deepEqual([a.tags.size, b.tags.size], [1, 1]);
      assert.deepEqual([a.session.peer?.site, b.session.peer?.bootId], ["b", 1n]);
      assert.equal(a.session.nextTimerAt(), 2600);
    });

    it("knows the round trip of the hello that was answered", () => {
      const { a, b } = sides(kind);
      a.session.start(0);
      a.session.onTimer(0);
      a.session.onTimer(200);
      b.session.start(0);
      b.take(700, a.sent[1]!);
      a.take(1200, b.sent[0]!);
      assert.equal(a.events.at(-1), "begin b 2 rtt 1000");
    });

    it("answers a hello that comes again, with the same answer", () => {
      const { a, b } = sides(kind);
      a.session.start(0);
      for (const now of [0, 200, 500]) a.session.onTimer(now);
      b.session.start(0);
      for (const [i, hello] of a.sent.entries()) b.take(600 + i, hello);
      assert.deepEqual(b.events, ["answer", "answer", "answer"]);
      a.take(1000, b.sent[2]!);
      a.take(1001, b.sent[0]!);
      assert.deepEqual(a.events.slice(3), ["begin b 2 rtt 500"]);
      b.hear(1200, a);
      assert.deepEqual(b.events, ["begin a 1 rtt 598"]);
    });

    it("of two that begin at once, the one with the greater boot id begins", () => {
      const { a, b } = sides(kind);
      for (const side of [a, b]) {
        side.session.start(0);
        side.session.onTimer(0);
      }
      a.take(30, b.sent[0]!);
      b.take(30, a.sent[0]!);
      a.session.onTimer(200);
      b.session.onTimer(200);
      assert.deepEqual(
        [a.events, b.events],
        [
          ["hello", "answer"],
          ["hello", "hello"],
        ],
      );
      b.take(210, a.sent[1]!);
      a.hear(240, b);
      assert.deepEqual([a.events, b.events], [["begin b 2 rtt 210"], ["begin a 1 rtt 210"]]);
    });

    it("whose hellos do not arrive answers the other's after a second", () => {
      const { a, b } = sides(kind);
      a.session.start(0);
      b.session.start(0);
      for (const now of [0, 200, 500, 950, 1625]) {
        a.session.onTimer(now);
        b.session.onTimer(now);
        b.take(now + 30, a.sent.at(-1)!);
      }
      assert.deepEqual(b.events, ["hello", "hello", "hello", "hello", "hello", "answer"]);
      a.take(1700, b.sent.at(-1)!);
      b.hear(1730, a);
      assert.deepEqual([a.session.state, b.session.state], ["up", "up"]);
    });

    it("takes up its own hello again when its answer is not used", () => {
      const { a, b } = sides(kind);
      a.session.start(0);
      a.session.onTimer(0);
      b.session.start(0);
      b.session.onTimer(0);
      a.take(30, b.sent[0]!);
      assert.deepEqual(a.events, ["hello", "answer"]);
      a.session.onTimer(3029);
      assert.deepEqual(a.events, []);
      a.session.onTimer(3030);
      assert.deepEqual(a.events, ["hello"]);
    });

    it("is silent, says hello, and is up again with whatever comes", () => {
      const { a, b } = established(kind);
      a.session.onTimer(2600);
      assert.equal(a.session.state, "silent");
      a.hear(30_000, b);
      assert.equal(a.session.state, "up");
      assert.deepEqual(a.events, ["silent", "hello", "resumed"]);
      assert.equal(a.session.nextTimerAt(), 32_500);
    });

    it("is silent, and goes on by another channel when its hello is answered", () => {
      const { a, b } = established(kind);
      a.session.onTimer(2600);
      b.take(2700, a.sent[1]!);
      a.take(2800, b.sent[1]!);
      assert.deepEqual(a.events, ["silent", "hello", "changed", "resumed"]);
      b.hear(2900, a);
      assert.deepEqual(b.events, ["answer", "changed"]);
      a.hear(3000, b);
    });

    it("is silent, then down, and says hello again", () => {
      const { a, b } = established(kind);
      a.session.onTimer(2600);
      a.session.onTimer(45_100);
      assert.equal(a.session.state, "down");
      assert.deepEqual(a.events, ["silent", "hello", "end timeout", "hello"]);
      b.take(45_200, a.sent.at(-1)!);
      a.take(45_300, b.sent.at(-1)!);
      b.hear(45_400, a);
      assert.deepEqual(a.events, ["begin b 2 rtt 200"]);
      assert.deepEqual(b.events, ["answer", "end reset", "begin a 1 rtt 200"]);
    });

    it("ends when another process is the peer, once that has shown itself", () => {
      const { a } = established(kind);
      const reborn = new Side("b", 3n, kind === "plain" ? "off" : SECURITY.b);
      reborn.session.start(1000);
      reborn.session.onTimer(1000);
      a.take(1050, reborn.sent[0]!);
      assert.deepEqual([a.events, a.session.state], [["answer"], "up"]);
      reborn.take(1100, a.sent.at(-1)!);
      a.hear(1150, reborn);
      assert.deepEqual(a.events, ["end restart", "begin b 3 rtt 100"]);
      assert.equal(a.tags.size, 1);
    });

    it("is not harmed by hellos of before: of this session, of an earlier one, of an earlier boot", () => {
      const { a, b } = established(kind);
      const reborn = new Side("b", 3n, kind === "plain" ? "off" : SECURITY.b);
      b.session.fail(300, "corrupt");
      b.session.onTimer(300);
      reborn.session.start(1000);
      reborn.session.onTimer(1000);
      a.take(1050, reborn.sent[0]!);
      reborn.take(1100, a.sent.at(-1)!);
      a.hear(1150, reborn);
      a.events.splice(0);
      for (const late of [...b.sent, ...reborn.sent]) a.take(1200, late);
      assert.deepEqual([a.events, a.session.state], [[], "up"]);
      a.hear(1300, reborn);
    });

    it("ends when the peer closes it, and tries again", () => {
      const { a } = established(kind);
      a.session.onClose(200);
      a.session.onTimer(200);
      assert.deepEqual(a.events, ["end stopped", "hello"]);
      assert.equal(a.session.state, "down");
    });

    it("ends for good when it is stopped, and can be started again", () => {
      const { a, b } = established(kind);
      a.session.stop();
      assert.equal(a.session.state, "idle");
      assert.equal(a.session.nextTimerAt(), Number.POSITIVE_INFINITY);
      assert.deepEqual([a.events, a.tags.size], [["end stopped"], 0]);
      a.session.start(500);
      a.session.onTimer(500);
      b.take(550, a.sent.at(-1)!);
      a.take(600, b.sent.at(-1)!);
      assert.deepEqual(a.events, ["hello", "begin b 2 rtt 100"]);
    });

    it("fails once only", () => {
      const { a } = established(kind);
      a.session.fail(200, "corrupt");
      a.session.fail(200, "corrupt");
      assert.deepEqual(a.events, ["end corrupt"]);
    });
  });
}

describe("new keys", () => {
  const RULES = { rekeyAfter: 30_000, silentAfter: 1e6, downAfter: 2e6 };

  it("are asked for by the side that began, in time, and the session goes on", () => {
    const { a, b } = established("sealed", RULES);
    assert.equal(a.session.nextTimerAt(), 30_100);
    a.session.onTimer(30_100);
    assert.deepEqual(a.events, ["hello"]);
    b.take(30_150, a.sent.at(-1)!);
    a.take(30_200, b.sent.at(-1)!);
    // What b says by the old keys is still understood, and the other way round.
    a.hear(30_210, b);
    b.hear(30_250, a);
    a.hear(30_300, b);
    assert.deepEqual([a.events, b.events], [["changed"], ["answer", "changed"]]);
    assert.deepEqual([a.tags.size, b.tags.size], [2, 2]);
    a.session.onTimer(40_200);
    assert.equal(a.tags.size, 1);
  });

  it("are asked for by the other side if that does not", () => {
    const { b } = established("sealed", RULES);
    b.session.onTimer(60_000);
    assert.deepEqual(b.events, []);
    b.session.onTimer(60_100);
    assert.deepEqual(b.events, ["hello"]);
  });

  it("are asked for until the peer answers, without an end of the session", () => {
    const { a, b } = established("sealed", RULES);
    for (let now = 30_100; now < 80_000; now = Math.max(a.session.nextTimerAt(), now + 1))
      a.session.onTimer(now);
    const hellos = a.events;
    assert.ok(hellos.length > 45 && hellos.every((event) => event === "hello"), `${hellos}`);
    a.hear(80_000, b);
    b.take(80_000, a.sent.at(-1)!);
    a.take(80_050, b.sent.at(-1)!);
    assert.deepEqual(a.events, ["changed"]);
  });

  it("are not needed where nothing is sealed", () => {
    const { a } = established("plain", RULES);
    a.session.onTimer(900_000);
    assert.deepEqual(a.events, []);
  });

  it("that were agreed on for a session that has ended meanwhile are dropped", () => {
    const { a, b } = established("sealed", RULES);
    a.session.onTimer(30_100);
    b.take(30_150, a.sent.at(-1)!);
    b.session.fail(30_160, "corrupt");
    assert.equal(b.tags.size, 0);
    a.take(30_200, b.sent.at(-1)!);
    b.session.onTimer(30_200);
    a.take(30_250, b.sent.at(-1)!);
    b.take(30_300, a.sent.at(-1)!);
    a.hear(30_350, b);
    assert.deepEqual(a.events.slice(-2), ["end reset", "begin b 2 rtt 100"]);
  });
});
