import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jain, mean, median, quantile, spread } from "../../ovs-lab/bench/statistics.js";

const samples = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });

describe("median", () => {
  it("is the middle one, or the mean of the two there", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([7]), 7);
  });

  it("of nothing is no number", () => assert.ok(Number.isNaN(median([]))));

  it("leaves its argument as it is", () => {
    const values = [3, 1, 2];
    median(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it("has as many below as above", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        assert.ok(below <= values.length / 2 && above <= values.length / 2);
      }),
    );
  });
});

describe("quantile", () => {
  it("is the least value that a share of all does not exceed", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(quantile(hundred, 0.99), 99);
    assert.equal(quantile(hundred, 0.5), 50);
    assert.equal(quantile(hundred, 1), 100);
    assert.equal(quantile(hundred, 0), 1);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });

  it("agrees with counting", () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const found = quantile(values, share);
        assert.ok(values.filter((value) => value <= found).length >= share * values.length);
        assert.ok(values.filter((value) => value < found).length < share * values.length);
      }),
    );
  });
});

describe("spread", () => {
  it("is median, least and greatest", () => {
    assert.deepEqual(spread([5, 1, 9]), { median: 5, least: 1, greatest: 9 });
  });
});

describe("Jain's index", () => {
  it("is 1 if all have the same, and 1/n if one has all", () => {
    assert.equal(jain([3, 3, 3, 3]), 1);
    assert.equal(jain([8, 0, 0, 0]), 0.25);
    assert.ok(Math.abs(jain([1, 2, 3]) - 36 / 42) < 1e-12);
    assert.ok(Number.isNaN(jain([0, 0])));
  });

  it("lies between the two, whatever the unit", () => {
    const shares = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 1000 }), (values, unit) => {
        const index = jain(values);
        assert.ok(index >= 1 / values.length - 1e-9 && index <= 1 + 1e-9);
        assert.ok(Math.abs(index - jain(values.map((value) => value * unit))) < 1e-9);
      }),
    );
  });
});

describe("mean", () => {
  it("is the sum over the number", () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.ok(Number.isNaN(mean([])));
  });
});
