import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mover, SendBatch, Way } from "../../driver/mover/index.js";
import { SimulatedClock, simulatedPath } from "../../driver/mover/simulation/index.js";
import { Pair, Site } from "./pair.js";
import { SECURITY } from "./security.js";

const PATH = { rate: 50e6, delay: 25, queue: 300_000, loss: 0.01 };

describe("two movers", () => {
  it("know each other after one and a half round trips", () => {
    const pair = new Pair({ forward: { delay: 25 } }).start();
    pair.run(80);
    // The handshake of b, whose boot id is the greater: there, back, and there again.
    assert.deepEqual([pair.a.events, pair.b.events], [["75 up b"], ["50 up a"]]);
    assert.deepEqual([pair.a.stats.smoothedRtt, pair.b.stats.smoothedRtt], [50, 50]);
    assert.deepEqual(pair.a.stats.peer, { site: "b", bootId: 2n });
  });

  it("find each other whatever is lost of their hellos", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const pair = new Pair({ seed, forward: { delay: 25, loss: 0.5, jitter: 60, duplicate: 0.3 } }).start();
      pair.run(15_000);
      assert.deepEqual([pair.a.history[0], pair.b.history[0]], ["up b", "up a"], `seed ${seed}`);
    }
  });

  it("find each other although one starts a minute late", () => {
    const pair = new Pair({ forward: { delay: 25 } });
    pair.a.mover.start();
    pair.run(60_000);
    pair.b.mover.start();
    pair.run(1100);
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["up", "up"]);
  });

  it("stay up for an hour with nothing to say, on little", () => {
    const pair = new Pair({ forward: { ...PATH, loss: 0.05 } }).start();
    pair.run(3_600_000);
    assert.deepEqual(pair.a.history, ["up b"]);
    assert.ok(pair.a.stats.bytesSent < 600_000, `${pair.a.stats.bytesSent}`);
  });

  it("begin to send at once after an hour of silence, as fast as before", () => {
    const pair = new Pair({ forward: { ...PATH, loss: 0 } }).start();
    pair.a.say(500, () => 60_000);
    pair.settle(30_000);
    pair.run(3_600_000);
    const begun = pair.clock.now;
    pair.a.say(20, () => 60_000);
    while (!pair.a.finished(pair.b)) pair.run(1);
    const ideal = 25 + (1_200_000 * 8) / 50e3;
    assert.ok(pair.clock.now - begun < 1.15 * ideal, `${pair.clock.now - begun} ms instead of ${ideal}`);
  });
});

describe("a cut link", () => {
  it("of thirty seconds is survived, with everything that was under way", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const pair = new Pair({ seed, forward: PATH }).start();
      pair.run(200);
      pair.a.say(100, () => 60_000);
      pair.b.say(30, () => 30_000);
      pair.run(pair.random.below(1000));
      pair.cut(true).run(30_000);
      assert.equal(pair.a.mover.state, "silent");
      pair.cut(false).run(1100);
      assert.equal(pair.a.mover.state, "up", `seed ${seed}: not up a second after`);
      pair.settle(30_000);
      assert.deepEqual(pair.a.history, ["up b", "silent", "resumed b"]);
      assert.deepEqual([pair.b.received.size, pair.a.received.size], [100, 30]);
    }
  });

  it("of one direction is survived as well", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const pair = new Pair({ seed, forward: PATH }).start();
      pair.run(200);
      pair.a.say(100, () => 60_000);
      pair.run(pair.random.below(1000));
      pair.links.b.out.conditions.cut = true;
      pair.run(10_000);
      pair.links.b.out.conditions.cut = false;
      pair.settle(30_000);
      assert.equal(pair.b.received.size, 100);
    }
  });

  it("for good ends the session on both sides, which then find each other again", () => {
    const pair = new Pair({ forward: PATH }).start();
    pair.run(200);
    pair.a.say(1000, () => 60_000);
    pair.run(500);
    pair.cut(true).run(60_000);
    assert.deepEqual(pair.a.history, ["up b", "silent", "down timeout"]);
    assert.deepEqual(pair.b.history, ["up a", "silent", "down timeout"]);
    pair.cut(false).run(1500);
    assert.deepEqual([pair.a.history.at(-1), pair.b.history.at(-1)], ["up b", "up a"]);
    pair.settle(30_000);
  });

  it("is noticed within three seconds", () => {
    const pair = new Pair({ forward: PATH }).start();
    pair.run(10_000).cut(true).run(3000);
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["silent", "silent"]);
  });

  it("is not noticed where there is only heavy loss", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({ seed, forward: { ...PATH, loss: 0.1 } }).start();
      pair.run(120_000);
      assert.deepEqual(pair.a.history, ["up b"], `seed ${seed}`);
    }
  });
});

describe("a restarted peer", () => {
  /** Another process at b's end of the link. */
  function restart(pair: Pair, bootId: bigint): Site {
    const site = new Site(pair.links.b, { site: "b", bootId, security: SECURITY.b });
    site.mover.start();
    return site;
  }

  it("is known as such as soon as it has shown to be the peer", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const pair = new Pair({ seed, forward: { delay: 25, jitter: 10 } }).start();
      pair.run(200);
      pair.a.say(200, () => 60_000);
      pair.run(500 + pair.random.below(300));
      const begun = pair.clock.now;
      const reborn = restart(pair, 77n);
      pair.run(110);
      assert.deepEqual(pair.a.history, ["up b", "down restart", "up b"], `seed ${seed}`);
      const [, down, up] = pair.a.events.map((event) => Number.parseInt(event, 10));
      // Hello, answer and first datagram: three ways and their jitter.
      assert.ok(down! - begun <= 107 && up === down, `seed ${seed}: ${pair.a.events} from ${begun}`);
      while (!pair.a.finished(reborn)) pair.run(10);
      assert.deepEqual(reborn.history, ["up a"]);
    }
  });

  it("again and again, with loss: every new session works", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const pair = new Pair({ seed, forward: { ...PATH, loss: 0.1, jitter: 20, duplicate: 0.1 } }).start();
      let peer = pair.b;
      for (let boot = 10n; boot < 20n; boot += 1n) {
        pair.run(pair.random.below(500));
        peer = restart(pair, boot);
        pair.a.say(20, () => 20_000);
        pair.run(3000);
        while (!pair.a.finished(peer)) pair.run(10);
        assert.equal(pair.a.stats.peer?.bootId, boot, `seed ${seed}`);
      }
    }
  });
});

describe("stopping", () => {
  it("tells the peer, which waits for a new start", () => {
    const pair = new Pair({ forward: { ...PATH, loss: 0 } }).start();
    pair.run(200);
    pair.a.say(50, () => 60_000);
    pair.run(100);
    pair.a.mover.stop();
    assert.deepEqual([pair.a.mover.state, pair.a.history.at(-1)], ["idle", "down stopped"]);
    pair.run(100);
    assert.deepEqual([pair.b.mover.state, pair.b.history.at(-1)], ["down", "down stopped"]);
    const { bytesSent } = pair.a.stats;
    pair.run(10_000);
    assert.equal(pair.a.stats.bytesSent, bytesSent);
    pair.a.mover.start();
    pair.run(200);
    assert.deepEqual([pair.a.mover.state, pair.b.mover.state], ["up", "up"]);
    pair.a.say(5, () => 5000);
    pair.settle(5000);
  });

  it("in the middle of a delivery, of a pull, of an event, harms nothing", () => {
    for (const where of ["deliver", "nextBuffer", "up"] as const) {
      const clock = new SimulatedClock();
      const { a, b } = simulatedPath({ clock, seed: 1, forward: { delay: 5 } });
      let pulls = 0;
      let deliveries = 0;
      const nextBuffer = () => {
        pulls += 1;
        if (where === "nextBuffer" && pulls === 20) mover.stop();
        return pulls > 100 ? undefined : new Uint8Array(3000);
      };
      const deliver = () => {
        deliveries += 1;
        if (where === "deliver") mover.stop();
      };
      const source = { nextBuffer, release: () => undefined };
      const mover: Mover = new Mover({
        site: "a",
        bootId: 1n,
        security: SECURITY.a,
        link: a,
        source,
        deliver,
      });
      mover.on("up", () => where === "up" && mover.stop());
      let said = 0;
      const few = {
        nextBuffer: () => (said++ < 3 ? new Uint8Array(5000) : undefined),
        release: () => undefined,
      };
      const peer = new Mover({
        site: "b",
        bootId: 2n,
        security: SECURITY.b,
        link: b,
        source: few,
        deliver: () => undefined,
      });
      peer.start();
      mover.start();
      clock.runUntil(500);
      assert.equal(mover.state, "idle", where);
      assert.equal(deliveries, { deliver: 1, nextBuffer: deliveries, up: 0 }[where]);
      assert.equal(peer.state, where === "up" ? peer.state : "down", where);
    }
  });

  it("by reset begins a new session", () => {
    const pair = new Pair({ forward: { delay: 5 } }).start();
    pair.run(100);
    pair.a.mover.reset();
    pair.run(100);
    assert.deepEqual(pair.a.history, ["up b", "down corrupt", "up b"]);
    assert.deepEqual(pair.b.history, ["up a", "down reset", "up a"]);
  });
});

describe("datagrams of others", () => {
  it("with another tag, or of nonsense, change nothing and are not answered", () => {
    const pair = new Pair({ forward: { delay: 5 } }).start();
    pair.run(100);
    const before = pair.b.stats;
    const batch = new SendBatch(64, 64);
    for (let i = 0; i < 60; i += 1) {
      const at = batch.next;
      const length = 1 + pair.random.below(60);
      for (let j = 0; j < length; j += 1) batch.arena[at + j] = pair.random.below(256);
      if (i % 2 === 0) batch.arena[at] = 0x12;
      batch.push(at + length);
    }
    pair.links.a.send(batch, Way.DATAGRAMS);
    pair.run(50);
    const { datagramsIgnored, segmentsReceived, state } = pair.b.stats;
    assert.deepEqual([datagramsIgnored - before.datagramsIgnored, segmentsReceived, state], [60, 0, "up"]);
    assert.ok(pair.b.stats.bytesSent - before.bytesSent < 100);
  });
});
