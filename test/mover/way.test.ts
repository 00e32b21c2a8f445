import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Way } from "../../driver/mover/index.js";
import { WayChoice } from "../../driver/mover/way.js";
import { Pair } from "./pair.js";

const STREAM = { rate: 50e6, delay: 20 };
const LINK = { rate: 100e6, queue: 1e6, delay: 20 };

describe("the choice of a way", () => {
  /** One that has waited in vain for datagrams, and has a stream. */
  function onStream(): WayChoice {
    const choice = new WayChoice("auto");
    choice.start(0);
    choice.onTimer(3000, false);
    assert.ok(choice.wanted);
    choice.onTimer(3100, true);
    assert.equal(choice.way, Way.STREAM);
    return choice;
  }

  it("wants no stream while datagrams are answered", () => {
    const choice = new WayChoice("auto");
    choice.start(0);
    for (let now = 0; now < 100_000; now += 2900) {
      choice.onDatagram(now);
      choice.onTimer(now, false);
      assert.ok(!choice.wanted && choice.way === Way.DATAGRAMS);
    }
  });

  it("wants none any more when datagrams are answered before it is there", () => {
    const choice = new WayChoice("auto");
    choice.start(0);
    choice.onTimer(3000, false);
    choice.onDatagram(3001);
    choice.onTimer(3001, false);
    assert.equal(choice.wanted, false);
  });

  it("stays with datagrams beside a stream that the peer wanted, until probes are lost", () => {
    const choice = new WayChoice("auto");
    choice.start(0);
    choice.onDatagram(1000);
    choice.onTimer(1100, true);
    assert.equal(choice.way, Way.DATAGRAMS);
    for (let probe = 1; probe <= 7; probe += 1) {
      assert.equal(choice.way, Way.DATAGRAMS);
      choice.onProbe(1100 + probe * 500, probe);
    }
    assert.equal(choice.way, Way.STREAM);
  });

  it("goes back to datagrams after three answers, and gives the stream up later", () => {
    const choice = onStream();
    for (let probe = 1; probe <= 3; probe += 1) {
      assert.equal(choice.way, Way.STREAM);
      choice.onProbe(probe * 500 + 3100, probe);
      choice.onAnswer(probe * 500 + 3140, probe);
    }
    assert.equal(choice.way, Way.DATAGRAMS);
    choice.onTimer(20_000, true);
    assert.ok(choice.wanted);
    choice.onProbe(34_600, 4);
    choice.onAnswer(34_650, 4);
    choice.onTimer(34_700, true);
    assert.equal(choice.wanted, false);
  });

  it("takes no datagram for a proof while there is a stream", () => {
    const choice = onStream();
    choice.onDatagram(4000);
    choice.onTimer(4000, true);
    assert.ok(choice.wanted && choice.way === Way.STREAM);
  });

  it("has none where there is only one", () => {
    for (const mode of ["datagrams", "stream"] as const) {
      const choice = new WayChoice(mode);
      choice.start(0);
      const way = mode === "stream" ? Way.STREAM : Way.DATAGRAMS;
      for (const connected of [false, true, false]) {
        choice.onTimer(1e6, connected);
        assert.deepEqual([choice.way, choice.wanted], [way, mode === "stream"]);
      }
      assert.ok(choice.allows(way) && !choice.allows(way === Way.STREAM ? Way.DATAGRAMS : Way.STREAM));
    }
  });
});

describe("a stream beside the datagrams", () => {
  it("is not there while datagrams get through", () => {
    const pair = new Pair({ forward: { ...LINK, loss: 0.2 }, stream: STREAM }).start().run(60_000);
    assert.deepEqual([pair.a.history, pair.b.history], [["up b"], ["up a"]]);
    assert.equal(pair.stream?.a.wanted || pair.stream?.b.wanted, false);
  });

  it("carries the session while they do not, and gives it back", () => {
    const pair = new Pair({ forward: LINK, stream: STREAM }).cut(true).start().run(5000);
    assert.deepEqual(pair.a.history, ["by stream", "up b"]);
    pair.a.say(200, () => 65_000);
    pair.b.say(100, () => 65_000);
    pair.settle(20_000);
    assert.equal(pair.a.stats.segmentsRetransmitted, 0);
    pair.cut(false);
    pair.a.say(500, () => 65_000);
    pair.run(3000);
    assert.deepEqual(pair.a.history.slice(2), ["by datagrams"]);
    pair.settle(20_000);
    pair.run(40_000);
    assert.deepEqual(pair.b.history, ["by stream", "up a", "by datagrams"]);
    assert.equal(pair.stream?.a.connected, false);
  });

  it("takes over in the midst of a transfer, and loses nothing", () => {
    for (const direction of ["a", "b", "both"] as const) {
      const pair = new Pair({ forward: LINK, stream: STREAM, seed: 7 }).start().run(1000);
      pair.a.say(2000, () => 65_000);
      pair.run(2000);
      if (direction !== "b") pair.links.a.out.conditions.cut = true;
      if (direction !== "a") pair.links.b.out.conditions.cut = true;
      pair.settle(60_000);
      for (const { events, stats } of [pair.a, pair.b]) {
        const text = events.join();
        assert.match(text, /by stream/, direction);
        assert.doesNotMatch(text, /down/, direction);
        assert.equal(stats.way, Way.STREAM);
      }
    }
  });

  it("does not flutter where a fifth of the datagrams is lost", () => {
    const pair = new Pair({ forward: LINK, stream: STREAM, seed: 2 }).cut(true).start().run(5000);
    pair.cut(false);
    pair.links.a.out.conditions.loss = 0.2;
    pair.links.b.out.conditions.loss = 0.2;
    pair.run(120_000);
    assert.deepEqual(pair.a.history, ["by stream", "up b", "by datagrams"]);
  });

  it("fills up and holds the mover back, not beyond its buffer", () => {
    const pair = new Pair({
      forward: LINK,
      stream: { rate: 1e6, delay: 20 },
      mover: { ways: "stream" },
    }).start();
    pair.run(1000);
    pair.a.say(40, () => 65_000);
    let longest = 0;
    for (let i = 0; i < 200; i += 1) longest = Math.max(longest, pair.run(50).a.stats.inFlightBytes);
    // What the stream holds, what is on its way, and a batch.
    assert.ok(longest < 131_072 + 20_000 + 64 * 1500, `${longest}`);
    pair.settle(20_000);
  });

  it("is held to a ceiling like datagrams", () => {
    const rate = { mode: "capped", ceiling: 8e6 } as const;
    const pair = new Pair({ forward: LINK, stream: STREAM, mover: { ways: "stream", rate } })
      .start()
      .run(1000);
    pair.a.say(1000, () => 65_000);
    const before = pair.a.stats.bytesSent;
    pair.run(10_000);
    const sent = ((pair.a.stats.bytesSent - before) * 8) / 10;
    assert.ok(sent < 8e6 * 1.01 && sent > 8e6 * 0.9, `${sent}`);
  });
});
