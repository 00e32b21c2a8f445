import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { PacketType, packetType } from "../../driver/mover/wire/datagram.js";
import { KeyPair } from "../../driver/security/index.js";
import { Pair, Site } from "./pair.js";
import { newSecurity, SECURITY } from "./security.js";

const LINK = { rate: 50e6, queue: 1e6, delay: 20 };

function typeOf(datagram: Uint8Array): number {
  return packetType(datagram, 0, datagram.length);
}

/** All that a says from now on. */
function recordOf(pair: Pair): Uint8Array[] {
  const record: Uint8Array[] = [];
  pair.links.a.out.tap = (datagram) => record.push(datagram.slice());
  return record;
}

/** What b sends while something happens, by packet type, without its session's datagrams. */
function answersOf(pair: Pair, happen: () => void): number[] {
  const answers: number[] = [];
  pair.links.b.out.tap = (datagram) => {
    if (typeOf(datagram) !== PacketType.SEALED_SESSION) answers.push(typeOf(datagram));
  };
  happen();
  pair.links.b.out.tap = undefined;
  return answers;
}

describe("sealed datagrams", () => {
  it("that are altered anywhere, cut short or made longer are taken as lost", () => {
    const pair = new Pair({ forward: LINK }).start().run(500);
    const record = recordOf(pair);
    pair.a.say(1, () => 300);
    pair.cut(true).run(50).cut(false);
    const [datagram] = record.filter((sent) => sent.length > 300);
    const { datagramsIgnored } = pair.b.stats;
    let forged = 0;
    for (let at = 0; at < datagram!.length; at += 1) {
      const altered = datagram!.slice();
      altered[at]! ^= 1 << (at & 7);
      for (const bytes of [altered, datagram!.subarray(0, at)]) {
        pair.links.b.inject(bytes.slice(), 1);
        forged += 1;
      }
    }
    pair.links.b.inject(Buffer.concat([datagram!, randomBytes(1)]), 1);
    assert.equal(pair.b.received.size, 0);
    assert.equal(pair.b.stats.datagramsIgnored - datagramsIgnored, forged + 1);
    pair.links.b.inject(datagram!.slice(), 1);
    assert.equal(pair.b.received.size, 1);
    assert.deepEqual(pair.b.history, ["up a"]);
  });

  it("are taken once, in any order, however often somebody repeats them", () => {
    const pair = new Pair({ forward: { ...LINK, jitter: 30 } }).start().run(500);
    const record = recordOf(pair);
    pair.a.say(50, () => 60_000);
    pair.settle(10_000);
    const sent = record.slice();
    pair.run(100); // and all of it has arrived
    const before = pair.b.stats;
    for (const datagram of sent) pair.links.b.inject(datagram.slice(), 1);
    const after = pair.b.stats;
    assert.equal(after.datagramsIgnored - before.datagramsIgnored, sent.length);
    assert.deepEqual([after.bytesReceived, after.buffersDelivered], [before.bytesReceived, 50]);
  });

  it("of an earlier session are nothing in the next", () => {
    const pair = new Pair({ forward: LINK }).start().run(500);
    const record = recordOf(pair);
    pair.a.say(20, () => 20_000);
    pair.settle(10_000);
    pair.b.mover.reset();
    pair.run(1000);
    const { bytesReceived } = pair.b.stats;
    for (const datagram of record) pair.links.b.inject(datagram.slice(), 1);
    assert.equal(pair.b.stats.bytesReceived, bytesReceived);
    assert.equal(pair.b.mover.state, "up");
  });

  it("do not show what is said", () => {
    const pair = new Pair({ forward: LINK }).start().run(500);
    const record = recordOf(pair);
    pair.a.say(1, () => 1000);
    pair.settle(1000);
    // Most of it is zeros.
    for (const datagram of record) assert.ok(!Buffer.from(datagram).includes(Buffer.alloc(8)));
  });

  it("in clear are not taken by who expects sealed ones", () => {
    const pair = new Pair({ forward: LINK }).start().run(500);
    const { datagramsIgnored } = pair.b.stats;
    const record = recordOf(pair);
    pair.a.say(1, () => 500);
    pair.run(100);
    for (const datagram of record) {
      datagram[0] = (datagram[0]! & 0xf0) | PacketType.SESSION;
      pair.links.b.inject(datagram, 1);
    }
    assert.equal(pair.b.stats.datagramsIgnored - datagramsIgnored, record.length);
  });
});

describe("new keys", () => {
  it("come and go in the midst of a transfer with loss, and nothing else changes", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const forward = { ...LINK, loss: 0.1, jitter: 10, duplicate: 0.05 };
      const pair = new Pair({ seed, forward, mover: { rekeyAfter: 200 } }).start();
      let hellos = 0;
      pair.links.b.out.tap = (datagram) => {
        if (typeOf(datagram) === PacketType.SEALED_HELLO) hellos += 1;
      };
      pair.run(500);
      pair.a.say(600, () => 60_000);
      pair.b.say(100, () => 10_000);
      pair.settle(60_000);
      assert.deepEqual([pair.a.history, pair.b.history], [["up b"], ["up a"]], `seed ${seed}`);
      assert.ok(hellos > 20, `${hellos}`);
    }
  });

  it("survive that the way back is cut while they are agreed on", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({ seed, forward: LINK, mover: { rekeyAfter: 1000 } }).start().run(900);
      pair.a.say(100, () => 20_000);
      const { out } = seed % 2 === 0 ? pair.links.a : pair.links.b;
      pair.run(100 + pair.random.below(100));
      out.conditions.cut = true;
      pair.run(pair.random.below(4000));
      out.conditions.cut = false;
      pair.settle(20_000);
      for (const { history } of [pair.a, pair.b]) assert.ok(!history.join().includes("down"), `seed ${seed}`);
    }
  });
});

describe("hellos", () => {
  it("that are forged get no answer, and leave nothing behind", () => {
    const pair = new Pair({ forward: LINK }).start().run(500);
    const record = recordOf(pair);
    pair.a.mover.reset();
    pair.cut(true).run(10).cut(false);
    const hello = record.find((sent) => typeOf(sent) === PacketType.SEALED_HELLO)!;
    pair.run(2000);
    const answers = answersOf(pair, () => {
      for (let i = 0; i < 5000; i += 1) {
        const forged = hello.slice();
        const at = 4 + pair.random.below(hello.length - 20);
        forged[at]! ^= 1 + pair.random.below(255);
        pair.links.b.inject(forged, 1 + (i % 100));
        if (i % 100 === 0) pair.run(1);
      }
    });
    assert.deepEqual(answers, []);
    pair.a.say(10, () => 10_000);
    pair.settle(5000);
  });

  it("that are repeated in a flood get at most so many answers and cookies, and end no session", () => {
    const pair = new Pair({ forward: LINK });
    const record = recordOf(pair);
    pair.a.mover.start();
    pair.run(60_000);
    const hellos = record.filter((sent) => typeOf(sent) === PacketType.SEALED_HELLO);
    pair.b.mover.start();
    pair.run(2000);
    assert.deepEqual(pair.b.history, ["up a"]);
    const { bytesSent } = pair.b.stats;
    const answers = answersOf(pair, () => {
      for (let i = 0; i < 3000; i += 1) {
        pair.links.b.inject(hellos[i % hellos.length]!.slice(), 1);
        pair.run(1);
      }
    });
    assert.deepEqual(new Set(answers).size <= 2 && !answers.includes(PacketType.SEALED_HELLO), true);
    assert.ok(answers.filter((type) => type === PacketType.COOKIE).length <= 10 + 3000, `${answers.length}`);
    assert.ok(answers.filter((type) => type === PacketType.SEALED_ANSWER).length <= 8 + 60);
    const flood = 3000 * hellos[0]!.length;
    assert.ok(pair.b.stats.bytesSent - bytesSent < flood / 3, `${pair.b.stats.bytesSent - bytesSent}`);
    assert.deepEqual([pair.a.history, pair.b.history], [["up b"], ["up a"]]);
    pair.a.say(10, () => 10_000);
    pair.settle(5000);
  });

  it("of a process that is no more, kept by somebody, do not keep the peer out", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const pair = new Pair({ seed, forward: LINK });
      const record = recordOf(pair);
      pair.a.mover.start();
      pair.run(30_000);
      const old = record.filter((sent) => typeOf(sent) === PacketType.SEALED_HELLO);
      pair.a.mover.stop();
      // Another process of the peer's, which b has never met either.
      const reborn = new Site(pair.links.a, { site: "a", bootId: BigInt(7 + seed), security: SECURITY.a });
      pair.b.mover.start();
      reborn.mover.start();
      for (let i = 0; i < 6000; i += 1) {
        if (i % 5 === 0) pair.links.b.inject(old[i % old.length]!.slice(), 1);
        pair.run(1);
      }
      assert.deepEqual([reborn.mover.state, pair.b.mover.state], ["up", "up"], `seed ${seed}`);
      assert.equal(pair.b.stats.peer?.bootId, BigInt(7 + seed));
    }
  });

  it("of the peer get through a flood by the cookie that they are given", () => {
    const pair = new Pair({ forward: LINK });
    const record = recordOf(pair);
    pair.a.mover.start();
    pair.run(60_000);
    const hellos = record.filter((sent) => typeOf(sent) === PacketType.SEALED_HELLO);
    const flood = hellos.filter((_hello, i) => i % 5 === 0);
    let cookies = 0;
    pair.links.b.out.tap = (datagram) => {
      if (typeOf(datagram) === PacketType.COOKIE) cookies += 1;
      // The hellos of b do not get through, so it must be those of a.
      if (typeOf(datagram) === PacketType.SEALED_HELLO) datagram[20]! ^= 1;
    };
    pair.b.mover.start();
    for (let i = 0; i < 15_000; i += 1) {
      if (i % 3 > 0) pair.links.b.inject(flood[i % flood.length]!.slice(), 1);
      pair.run(1);
    }
    assert.ok(cookies > 0);
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["up", "up"]);
  });
});

describe("sites that do not agree", () => {
  it("hear whose key is another one, and which side has to change it", () => {
    const other = newSecurity();
    const pair = new Pair({ forward: LINK, security: { a: other.a, b: SECURITY.b } }).start().run(20_000);
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["connecting", "connecting"]);
    // Each has the other's key wrong: to each the other seems to mean somebody else.
    for (const { history } of [pair.a, pair.b])
      assert.ok(history.length > 2 && history.every((event) => event === "stranger wrong-key"), `${history}`);
  });

  it("are told the key that is shown", () => {
    const [a, b, expected] = [KeyPair.generate(), KeyPair.generate(), KeyPair.generate()];
    const pair = new Pair({
      forward: LINK,
      security: {
        a: { privateKey: a.privateBytes(), peerKey: b.publicKey },
        b: { privateKey: b.privateBytes(), peerKey: expected.publicKey },
      },
    });
    const shown = new Set<string>();
    pair.b.mover.on("stranger", (stranger) => {
      if (stranger.kind === "other-key") shown.add(stranger.key);
    });
    pair.start().run(10_000);
    assert.deepEqual([...shown], [Buffer.from(a.publicKey).toString("base64")]);
    assert.ok(pair.a.history.includes("stranger wrong-key"));
    assert.equal(pair.b.mover.state, "connecting");
  });

  it("hear that one of them does not encrypt", () => {
    const pair = new Pair({ forward: LINK, security: { a: "off", b: SECURITY.b } }).start().run(10_000);
    assert.ok(pair.a.history.includes("stranger encrypted"));
    assert.ok(pair.b.history.includes("stranger unencrypted"));
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["connecting", "connecting"]);
  });

  it("are up as soon as they agree", () => {
    const pair = new Pair({ forward: LINK, security: { a: newSecurity().a, b: SECURITY.b } })
      .start()
      .run(10_000);
    pair.a.mover.stop();
    const mended = new Site(pair.links.a, { site: "a", bootId: 9n, security: SECURITY.a });
    mended.mover.start();
    pair.run(2000);
    assert.deepEqual([mended.mover.state, pair.b.mover.state], ["up", "up"]);
  });
});
