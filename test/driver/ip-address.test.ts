import assert from "node:assert/strict";
import { SocketAddress } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { addressBytes, addressText } from "../../driver/ip-address.js";

test("an IPv4 address is its four bytes", () => {
  assert.deepEqual(addressBytes("10.1.0.255"), Uint8Array.of(10, 1, 0, 255));
  assert.equal(addressText(Uint8Array.of(10, 1, 0, 255)), "10.1.0.255");
});

const ipv6: [text: string, hex: string][] = [
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["fd00:1::", "fd000001000000000000000000000000"],
  ["fd00:1::b", "fd00000100000000000000000000000b"],
  ["1:0:0:2::3", "00010000000000020000000000000003"],
  ["1::2:3:4:5:6", "00010000000000020003000400050006"],
];
for (const [text, hex] of ipv6) {
  test(`IPv6 ${text}`, () => {
    assert.equal(Buffer.from(addressBytes(text)).toString("hex"), hex);
    assert.equal(addressText(Buffer.from(hex, "hex")), text);
  });
}

test("an IPv4 tail and a zone are understood", () => {
  assert.deepEqual(addressBytes("::ffff:10.0.0.1"), addressBytes("::ffff:a00:1"));
  assert.deepEqual(addressBytes("fe80::1%eth0"), addressBytes("fe80::1"));
});

test("any 16 bytes survive the way to text and back, in the form that Node has as well", () => {
  const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(word, { minLength: 8, maxLength: 8 }), (words) => {
      const bytes = Uint8Array.from(words.flatMap((each) => [each >>> 8, each & 0xff]));
      const text = addressText(bytes);
      assert.deepEqual(addressBytes(text), bytes);
      const node = new SocketAddress({
        family: "ipv6",
        address: words.map((each) => each.toString(16)).join(":"),
      }).address;
      if (!node.includes(".")) assert.equal(text, node);
    }),
  );
});

for (const wrong of ["", "10.0.0", "10.0.0.256", "fd00::1::2", "host"]) {
  test(`"${wrong}" is no address`, () => {
    assert.throws(() => addressBytes(wrong), RangeError);
  });
}
