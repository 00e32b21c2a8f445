import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  CookieJar,
  KeyError,
  KeyPair,
  mac,
  PairwiseKeys,
  ReplayWindow,
} from "../../driver/security/index.js";
import { REPLAY_WINDOW } from "../../driver/security/replay-window.js";

const message = Buffer.from("a message");

describe("pairwise marks", () => {
  const [a, b, stranger] = [KeyPair.generate(), KeyPair.generate(), KeyPair.generate()];
  const [toB, toA] = [new PairwiseKeys(a, b.publicKey), new PairwiseKeys(b, a.publicKey)];

  it("are known by the other side", () => {
    assert.ok(toA.isAuthentic(message, toB.mac(message)));
    assert.ok(toB.isAuthentic(message, toA.mac(message)));
  });

  it("are not taken for one's own, nor for another message's, nor from a stranger who knows both public keys", () => {
    assert.ok(!toB.isAuthentic(message, toB.mac(message)));
    assert.ok(!toA.isAuthentic(Buffer.from("another"), toB.mac(message)));
    assert.ok(!toA.isAuthentic(message, toB.mac(message).subarray(1)));
    for (const public_ of [a.publicKey, b.publicKey])
      assert.ok(!toA.isAuthentic(message, new PairwiseKeys(stranger, public_).mac(message)));
  });

  it("carry cookies that only the other side reads, as the answer to its message only", () => {
    const mark = toB.mac(message);
    const cookie = Buffer.alloc(16, 7);
    const sealed = toA.sealCookie(cookie, mark);
    assert.deepEqual(toB.openCookie(sealed, mark), cookie);
    assert.equal(toB.openCookie(sealed, toB.mac(Buffer.from("another"))), undefined);
    assert.equal(toA.openCookie(sealed, mark), undefined);
    assert.equal(toB.openCookie(sealed.subarray(1), mark), undefined);
    assert.notDeepEqual(toA.sealCookie(cookie, mark), sealed);
  });

  it("need a public key that is one", () => {
    assert.throws(() => new PairwiseKeys(a, new Uint8Array(32)), KeyError);
  });
});

describe("cookies", () => {
  it("are good for their address, for two to four minutes", () => {
    const jar = new CookieJar();
    const cookie = jar.bake(1000, "10.0.0.1 4754");
    const mark = mac(cookie, message);
    assert.ok(jar.isMarked(1000, "10.0.0.1 4754", message, mark));
    assert.ok(!jar.isMarked(1000, "10.0.0.2 4754", message, mark));
    assert.ok(!jar.isMarked(1000, "10.0.0.1 4754", Buffer.from("another"), mark));
    assert.ok(!jar.isMarked(1000, "10.0.0.1 4754", message, Buffer.alloc(16)));
    assert.ok(jar.isMarked(121_000, "10.0.0.1 4754", message, mark));
    assert.ok(!jar.isMarked(241_001, "10.0.0.1 4754", message, mark));
  });

  it("are no longer good after a long rest", () => {
    const jar = new CookieJar();
    const mark = mac(jar.bake(0, "x"), message);
    assert.ok(!jar.isMarked(1e7, "x", message, mark));
  });
});

describe("the replay window", () => {
  it("takes each number once, like a set of all numbers", () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -200, max: 200 }) },
      { weight: 1, arbitrary: fc.integer({ min: -REPLAY_WINDOW - 100, max: 2 * REPLAY_WINDOW }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const by of steps) {
          const number = Math.max(0, highest + by);
          const expected = !seen.has(number) && number > highest - REPLAY_WINDOW;
          assert.equal(window.fresh(number), expected, `${number} after ${highest}`);
          if (!expected) continue;
          window.add(number);
          seen.add(number);
          highest = Math.max(highest, number);
          assert.equal(window.highest, highest);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("goes on beyond 32 bits", () => {
    const window = new ReplayWindow();
    for (const number of [0, 2 ** 32 - 1, 2 ** 32, 2 ** 40]) window.add(number);
    assert.ok(!window.fresh(2 ** 40));
    assert.ok(window.fresh(2 ** 40 - 1));
    assert.ok(!window.fresh(2 ** 32));
  });
});
