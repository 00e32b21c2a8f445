import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  includes,
  intersect,
  overlaps,
  prefixCover,
  type Range,
  type RangeSet,
  rangeSet,
  subtract,
} from "../../flows/table/range.js";

const BITS = 6;
const VALUES = Array.from({ length: 1 << BITS }, (_, i) => BigInt(i));

const ranges = fc.array(
  fc.tuple(fc.nat((1 << BITS) - 1), fc.nat((1 << BITS) - 1)).map(
    ([a, b]): Range => ({
      first: BigInt(Math.min(a, b)),
      last: BigInt(Math.max(a, b)),
    }),
  ),
  { maxLength: 6 },
);
const sets = ranges.map(rangeSet);

/** The slow twin: a set as the list of its values. */
const members = (set: readonly Range[]) => VALUES.filter((v) => set.some((r) => r.first <= v && v <= r.last));

function assertProper(set: RangeSet): void {
  for (const [i, { first, last }] of set.entries()) {
    assert.ok(first <= last);
    if (i > 0) assert.ok(set[i - 1]!.last + 1n < first, "ranges touch or are out of order");
  }
}

test("a range set has the values of its ranges, sorted and merged", () => {
  fc.assert(
    fc.property(ranges, (given) => {
      const set = rangeSet(given);
      assertProper(set);
      assert.deepEqual(members(set), members(given));
      assert.deepEqual(
        VALUES.filter((v) => includes(set, v)),
        members(given),
      );
    }),
  );
});

test("intersection, difference and overlap agree with lists of values", () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const inBoth = members(a).filter((v) => members(b).includes(v));
      assert.deepEqual(members(intersect(a, b)), inBoth);
      assertProper(subtract(a, b));
      assert.deepEqual(
        members(subtract(a, b)),
        members(a).filter((v) => !members(b).includes(v)),
      );
      assert.equal(overlaps(a, b), inBoth.length > 0);
    }),
  );
});

test("a prefix cover matches each value of the set once and no other", () => {
  fc.assert(
    fc.property(sets, (set) => {
      const cover = prefixCover(set, BITS);
      for (const value of VALUES) {
        const hits = cover.filter((block) => (value & block.mask) === block.value).length;
        assert.equal(hits, includes(set, value) ? 1 : 0, `value ${value}`);
      }
    }),
  );
});

test("prefix covers of ports and addresses, by hand", () => {
  const cover = (first: bigint, last: bigint, bits: number) =>
    prefixCover([{ first, last }], bits).map(({ value, mask }) => `${value}/${mask.toString(16)}`);
  assert.deepEqual(cover(80n, 80n, 16), ["80/ffff"]);
  assert.deepEqual(cover(0n, 65535n, 16), ["0/0"]);
  assert.deepEqual(cover(8000n, 8099n, 16), ["8000/ffc0", "8064/ffe0", "8096/fffc"]);
  assert.equal(cover(1n, 65534n, 16).length, 30);
  assert.equal(cover(1n, 2n ** 128n - 2n, 128).length, 254);
});
