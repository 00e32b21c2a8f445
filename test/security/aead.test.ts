import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NativeCipher, PortableCipher } from "../../driver/ffi/aead.js";
import { AEAD_TAG_BYTES, hasNativeCipher, Region } from "../../driver/ffi/index.js";

const key = randomBytes(32);

/** Bytes at an offset of a region of their own, with room for a tag behind them. */
function laid(bytes: Uint8Array, at: number): Region {
  const region = new Region(at + bytes.length + AEAD_TAG_BYTES);
  region.bytes.set(bytes, at);
  return region;
}

describe("the datagrams' cipher", () => {
  it("is the fast one on this node", () => assert.ok(hasNativeCipher()));

  it("is the same by OpenSSL's functions and by node:crypto, byte for byte", () => {
    const [native, portable] = [new NativeCipher(key), new PortableCipher(key)];
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 3000 }),
        fc.nat(200),
        fc.nat(20),
        fc.maxSafeNat(),
        (bytes, at, clear, number) => {
          const head = Math.min(clear, bytes.length);
          const [one, other] = [laid(bytes, at), laid(bytes, at)];
          native.seal(one, at, head, bytes.length, number);
          portable.seal(other, at, head, bytes.length, number);
          assert.ok(one.bytes.equals(other.bytes));
          assert.deepEqual(new Uint8Array(one.bytes.subarray(at, at + head)), bytes.subarray(0, head));
          const sealed = bytes.length + AEAD_TAG_BYTES;
          assert.ok(portable.open(one, at, head, sealed, number));
          assert.ok(native.open(other, at, head, sealed, number));
          for (const { bytes: opened } of [one, other])
            assert.deepEqual(new Uint8Array(opened.subarray(at, at + bytes.length)), bytes);
          one.free();
          other.free();
        },
      ),
      { numRuns: 300 },
    );
    native.erase();
  });

  for (const [name, make] of [
    ["OpenSSL's functions", () => new NativeCipher(key)],
    ["node:crypto", () => new PortableCipher(key)],
  ] as const) {
    it(`opens nothing that is not as it was sealed, by ${name}`, () => {
      const cipher = make();
      const plain = randomBytes(100);
      const region = laid(plain, 0);
      cipher.seal(region, 0, 7, plain.length, 5);
      const sealed = Buffer.from(region.bytes.subarray(0, plain.length + AEAD_TAG_BYTES));
      const opens = (bytes: Uint8Array, number: number, clear = 7, by = cipher) => {
        region.bytes.set(bytes);
        return by.open(region, 0, clear, bytes.length, number);
      };
      for (let at = 0; at < sealed.length; at += 1) {
        const altered = Buffer.from(sealed);
        altered[at]! ^= 0x10;
        assert.equal(opens(altered, 5), false, `byte ${at}`);
        assert.equal(opens(sealed.subarray(0, at), 5), false, `cut at ${at}`);
      }
      assert.equal(opens(sealed, 4), false);
      assert.equal(opens(sealed, 5 + 2 ** 32), false);
      assert.equal(opens(sealed, 5, 6), false);
      assert.equal(opens(sealed, 5, 7, new NativeCipher(randomBytes(32))), false);
      assert.equal(opens(sealed, 5), true);
      assert.deepEqual(region.bytes.subarray(0, plain.length), plain);
    });
  }

  it("is of no use after it has been erased", () => {
    const cipher = new NativeCipher(key);
    cipher.erase();
    cipher.erase();
    assert.throws(() => cipher.seal(new Region(4096), 0, 7, 100, 1), /erased/);
  });
});
