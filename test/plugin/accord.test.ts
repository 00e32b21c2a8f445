import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type MessageHeader, MessageType } from "../../driver/index.js";
import { Accord } from "../../plugin/accord.js";

/** One side, and what has been said to it and by it. */
class Side {
  readonly heard: string[] = [];
  readonly #ready: () => void;
  readonly accord: Accord;

  constructor(ready: () => void = () => {}) {
    this.#ready = ready;
    this.accord = new Accord({
      ready: () => this.#ready(),
      changed: () => this.heard.push(this.accord.welcome ? "welcome" : "not welcome"),
      away: (announcement) => this.heard.push(`away ${announcement}`),
    });
  }

  /** What it says now. */
  said(): MessageHeader[] {
    const said: MessageHeader[] = [];
    const writer = {
      room: 1000,
      reserve: () => undefined,
      write: (header: MessageHeader) => said.push(header) > 0,
    };
    assert.equal(this.accord.pull(writer), false);
    return said;
  }
}

const spelt = (messages: readonly MessageHeader[]) =>
  messages.map(
    ({ type, sequence }) =>
      `${Object.entries(MessageType).find(([, value]) => value === type)?.[0]} ${sequence}`,
  );

test("a side is announced once it is in place and there is a session, whichever comes first", () => {
  const [first, second] = [new Side(), new Side()];
  first.accord.inPlace = true;
  assert.deepEqual(spelt(first.said()), []);
  first.accord.begin();
  assert.deepEqual(spelt(first.said()), ["READY 1"]);
  second.accord.begin();
  assert.deepEqual(spelt(second.said()), []);
  second.accord.inPlace = true;
  second.accord.inPlace = true;
  assert.deepEqual(spelt(second.said()), ["READY 1"]);
});

test("whoever leaves waits until the other has withdrawn, and for nothing else", async () => {
  const [near, far] = [new Side(), new Side()];
  for (const { accord } of [near, far]) {
    accord.inPlace = true;
    accord.begin();
  }
  for (const message of near.said()) far.accord.receive(message);
  assert.ok(far.accord.welcome);
  let left = false;
  const leaving = near.accord.leave().then(() => {
    left = true;
  });
  for (const message of near.said()) far.accord.receive(message);
  assert.deepEqual(far.heard, ["welcome", "not welcome", "away 2"]);
  far.said();
  far.accord.withdrawn(1);
  for (const message of far.said()) near.accord.receive(message);
  await Promise.resolve();
  assert.equal(left, false, "the answer to an earlier announcement");
  far.accord.withdrawn(2);
  assert.deepEqual(spelt(far.said()), ["WITHDRAWN 2"]);
  near.accord.receive({ ...message(MessageType.WITHDRAWN), sequence: 2 });
  await leaving;
});

test("nobody waits for a peer that is gone, or was never told", async () => {
  const side = new Side();
  await side.accord.leave();
  side.accord.inPlace = true;
  side.accord.begin();
  const leaving = side.accord.leave();
  side.accord.end();
  await leaving;
  assert.equal(side.accord.welcome, false);
});

test("a session begins without what was said in the one before", () => {
  const side = new Side();
  side.accord.inPlace = true;
  side.accord.begin();
  side.accord.receive({ ...message(MessageType.READY), sequence: 7 });
  side.accord.begin();
  assert.deepEqual(side.heard, ["welcome", "not welcome"]);
  assert.deepEqual(spelt(side.said()), ["READY 1"]);
  side.accord.receive({ ...message(MessageType.READY), sequence: 1 });
  assert.ok(side.accord.welcome);
});

test("announcements that come in any order leave both sides agreed", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 12 }), fc.infiniteStream(fc.nat()), (places, picks) => {
      const [near, far] = [new Side(), new Side()];
      near.accord.begin();
      far.accord.begin();
      for (const inPlace of places) near.accord.inPlace = inPlace;
      const under = near.said();
      while (under.length > 0) {
        const [next] = under.splice(picks.next().value % under.length, 1);
        far.accord.receive(next!);
      }
      assert.equal(far.accord.welcome, places.at(-1) ?? false);
    }),
  );
});

function message(type: MessageType): MessageHeader {
  return { type, flags: 0, protocol: 0, connection: 0, sequence: 0, status: 0, addresses: undefined };
}
