import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Roaming } from "../../driver/mover/roaming.js";
import { Pair } from "./pair.js";

const LINK = { rate: 50e6, queue: 1e6, delay: 30 };

describe("an address that is not proven", () => {
  it("is sent three times what has come from it", () => {
    const roaming = new Roaming();
    roaming.sent(1e9);
    assert.equal(roaming.shut, false);
    roaming.moved(100);
    assert.equal(roaming.shut, true);
    roaming.received(50);
    assert.equal(roaming.shut, false);
    roaming.sent(149);
    assert.equal(roaming.shut, false);
    roaming.sent(1000);
    assert.equal(roaming.shut, true);
    roaming.acknowledged(99);
    assert.deepEqual([roaming.shut, roaming.proven], [true, false]);
    roaming.acknowledged(100);
    assert.deepEqual([roaming.shut, roaming.proven], [false, true]);
  });
});

describe("a peer whose address changes", () => {
  it("is followed in the midst of a transfer, whoever is sending", () => {
    for (const sending of ["a", "b"] as const) {
      const pair = new Pair({ forward: { ...LINK, loss: 0.01 }, seed: 5 }).start().run(1000);
      pair[sending].say(300, () => 65_000);
      for (let address = 2; address < 6; address += 1) {
        pair.links.a.address = address;
        pair.run(1000);
      }
      pair.settle(30_000);
      assert.deepEqual(pair.a.history, ["up b"]);
      assert.deepEqual(pair.b.history, ["up a", "moved 2", "moved 3", "moved 4", "moved 5"]);
    }
  });

  it("is followed when nothing is said, and after a cut of 30 s", () => {
    const pair = new Pair({ forward: LINK }).start().run(1000);
    pair.links.a.address = 2;
    pair.run(1000).cut(true).run(30_000);
    pair.links.a.address = 3;
    pair.cut(false).run(2000);
    assert.deepEqual(pair.b.history, ["up a", "moved 2", "silent", "resumed a", "moved 3"]);
    pair.b.say(100, () => 65_000);
    pair.settle(20_000);
    assert.deepEqual(pair.a.history, ["up b", "silent", "resumed b"]);
  });

  it("is found anew by its hello, when it has moved while there was no session", () => {
    const pair = new Pair({ forward: LINK }).start().run(1000);
    pair.cut(true).run(60_000);
    pair.links.a.address = 7;
    pair.cut(false).run(5000);
    assert.equal(pair.a.mover.state, "up");
    assert.equal(pair.b.mover.state, "up");
  });

  it("is followed in both directions at once", () => {
    const pair = new Pair({ forward: LINK }).start().run(1000);
    pair.a.say(100, () => 65_000);
    pair.links.a.address = 2;
    pair.run(500);
    pair.links.b.address = 3;
    pair.settle(20_000);
    assert.deepEqual(
      [pair.a.history, pair.b.history],
      [
        ["up b", "moved 3"],
        ["up a", "moved 2"],
      ],
    );
  });
});

describe("somebody who repeats the peer's datagrams from another address", () => {
  it("late, changes nothing", () => {
    const pair = new Pair({ forward: LINK }).start().run(1000);
    const caught: Uint8Array[] = [];
    pair.links.a.out.tap = (datagram) => caught.push(datagram.slice());
    pair.a.say(20, () => 65_000);
    pair.settle(5000);
    for (const datagram of caught) pair.links.b.inject(datagram, 99);
    pair.run(2000);
    assert.deepEqual(pair.b.history, ["up a"]);
  });

  it("before they arrive, has no flood sent to that address, and no session broken", () => {
    const pair = new Pair({ forward: LINK }).start().run(1000);
    pair.b.say(2000, () => 65_000);
    pair.run(1000);
    let caught = 0;
    pair.links.a.out.tap = (datagram) => {
      caught += datagram.length;
      pair.links.b.inject(datagram.slice(), 99);
    };
    // What the peer sends next shows where it is; until then, what goes to 99 is measured.
    let sent = 0;
    pair.links.b.out.tap = (datagram) => {
      if (pair.links.b.destination === 99) sent += datagram.length;
    };
    pair.run(3000);
    pair.links.a.out.tap = undefined;
    assert.ok(caught > 0);
    assert.ok(sent <= 3 * caught + 100 * 1472, `${sent} bytes for ${caught}`);
    pair.settle(60_000);
    assert.deepEqual(
      pair.b.history.filter((event) => !event.startsWith("moved")),
      ["up a"],
    );
  });
});
