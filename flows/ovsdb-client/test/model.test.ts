import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ModelError, NamedUuid, parseSchema, printJson, schemaToJson } from "../src/index.js";
import { type Atom, compareAtoms } from "../src/model/atom.js";
import { compareData, type Datum, datumToJson, equalData, findKey, parseDatum } from "../src/model/datum.js";
import { applyDiff, diffDatum } from "../src/model/diff.js";
import { formatDatum, parseDatumText } from "../src/model/text.js";
import { columnTypeToJson, parseColumnType } from "../src/model/type.js";
import { fromValue, inputToJson, toValue } from "../src/model/value.js";
import type { InputValue } from "../src/operation.js";
import { atom, atomicType, columnType, datum, nearlyValue, typed } from "./arbitrary.js";
import { TEST_SCHEMA } from "./server.js";

describe("types and data", () => {
  test("a type reads back as it was written", () => {
    fc.assert(
      fc.property(columnType, (type) => assert.deepEqual(parseColumnType(columnTypeToJson(type)), type)),
    );
  });

  test("a datum reads back as it was written, as JSON, as text and as a row's value", () => {
    fc.assert(
      fc.property(typed(datum), ([type, held]) => {
        assert.deepEqual(parseDatum(type, datumToJson(type, held)), held);
        assert.deepEqual(fromValue(type, toValue(type, held)), held);
        const isPlain = !JSON.stringify(formatDatum(type, held)).includes("e+");
        if (isPlain && type.key.type !== "real" && type.value?.type !== "real") {
          assert.deepEqual(parseDatumText(type, formatDatum(type, held)), held);
        }
      }),
    );
  });

  test("what a row holds may be written again", () => {
    fc.assert(
      fc.property(typed(datum), ([type, held]) => {
        const json = inputToJson(type, toValue(type, held) as InputValue, "T.c");
        assert.deepEqual(parseDatum(type, json), held);
      }),
    );
  });

  test("any JSON is a value of the type or a ModelError", () => {
    const arbitrary = columnType.chain((type) => fc.tuple(fc.constant(type), nearlyValue(type)));
    fc.assert(
      fc.property(arbitrary, ([type, json]) => {
        try {
          const held = parseDatum(type, json);
          assert.ok(held.keys.length >= type.min && held.keys.length <= type.max);
          assert.equal(held.values?.length, type.value && held.keys.length);
        } catch (error) {
          assert.ok(error instanceof ModelError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("atoms are in one order, that of their bytes", () => {
    const three = atomicType.chain((type) => fc.tuple(atom(type), atom(type), atom(type)));
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        const order = Math.sign(compareAtoms(a, b));
        assert.equal(Math.sign(compareAtoms(b, a)), order === 0 ? 0 : -order);
        if (order <= 0 && compareAtoms(b, c) <= 0) assert.ok(compareAtoms(a, c) <= 0);
        if (typeof a === "string" && typeof b === "string") {
          assert.equal(order, Buffer.compare(Buffer.from(a), Buffer.from(b)));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a key is found where a plain search finds it", () => {
    const held = atomicType.chain((key) =>
      fc.tuple(datum({ key: { type: key }, min: 0, max: 9 }), atom(key)),
    );
    fc.assert(
      fc.property(held, ([{ keys }, key]) => {
        const index = keys.findIndex((other) => compareAtoms(other, key) === 0);
        assert.equal(findKey({ keys }, key) ?? -1, index);
      }),
    );
  });

  test("a difference leads from the one to the other, and is nothing between equals", () => {
    const pair = typed((type) => fc.tuple(datum(type), datum(type)));
    fc.assert(
      fc.property(pair, ([type, [before, after]]) => {
        const diff = diffDatum(type, before, after);
        assert.ok(equalData(applyDiff(type, before, diff), after));
        if (type.max > 1) {
          assert.deepEqual(naiveDiff(before, after), pairs(diff));
          assert.equal(diffDatum(type, before, before).keys.length, 0);
        }
        assert.equal(
          compareData(before, after) === 0,
          printJson(datumToJson(type, before)) === printJson(datumToJson(type, after)),
        );
      }),
    );
  });

  test("a difference that cannot be one to what we have is refused", () => {
    const type = { key: { type: "integer" }, min: 1, max: 2 } as const;
    assert.throws(() => applyDiff(type, { keys: [1] }, { keys: [1] }), ModelError);
    assert.throws(() => applyDiff(type, { keys: [1] }, { keys: [2, 3] }), ModelError);
  });

  /** Pairs that the other does not have; of a key that both have, the later value. */
  function naiveDiff(before: Datum, after: Datum): [Atom, Atom | undefined][] {
    const has = (list: [Atom, Atom | undefined][], [key, value]: [Atom, Atom | undefined]) =>
      list.some(([otherKey, other]) => otherKey === key && other === value);
    const gone = pairs(before).filter(
      (pair) => !has(pairs(after), pair) && findKey(after, pair[0]) === undefined,
    );
    const come = pairs(after).filter((pair) => !has(pairs(before), pair));
    return [...gone, ...come].sort(([a], [b]) => compareAtoms(a, b));
  }

  function pairs({ keys, values }: Datum): [Atom, Atom | undefined][] {
    return keys.map((key, index) => [key, values?.[index]]);
  }
});

describe("what callers write", () => {
  const set = { key: { type: "integer" }, min: 0, max: 3 } as const;
  const map = { key: { type: "string" }, value: { type: "integer" }, min: 0, max: 2 } as const;
  const reference = { key: { type: "uuid", refTable: "T", refType: "strong" }, min: 0, max: 1 } as const;
  const id = "6b6a1f0e-5f0b-4a56-9c8e-1f5a6c1d2e3f";

  test("takes several shapes", () => {
    assert.deepEqual(inputToJson(set, [1, 2], "T.c"), ["set", [1, 2]]);
    assert.deepEqual(inputToJson(set, new Set([1]), "T.c"), 1);
    assert.deepEqual(inputToJson(set, 5, "T.c"), 5);
    assert.deepEqual(inputToJson(set, undefined, "T.c"), ["set", []]);
    assert.deepEqual(inputToJson(map, { a: 1 }, "T.c"), ["map", [["a", 1]]]);
    assert.deepEqual(inputToJson(map, new Map([["a", 1n]]), "T.c"), ["map", [["a", 1n]]]);
    assert.deepEqual(inputToJson(reference, id, "T.c"), ["uuid", id]);
    assert.deepEqual(inputToJson(reference, new NamedUuid("row_1"), "T.c"), ["named-uuid", "row_1"]);
  });

  const wrong: [string, Parameters<typeof inputToJson>, RegExp][] = [
    ["too many", [set, [1, 2, 3, 4], "T.c"], /^syntax error: T\.c: takes 0 to 3 elements, not 4$/],
    ["another type", [set, ["1"], "T.c"], /T\.c: expected integer, not '1'$/],
    ["not exact", [set, 2 ** 53, "T.c"], /expected integer, not 9007199254740992$/],
    ["beyond 64 bits", [set, 2n ** 63n, "T.c"], /expected integer/],
    ["a map for a set", [set, { a: 1 }, "T.c"], /takes a value, an array or a Set/],
    ["a set for a map", [map, [1], "T.c"], /takes a Map or an object/],
    ["no UUID", [reference, "br0", "T.c"], /expected uuid, not 'br0'/],
    ["a name for a string", [map, new Map([[new NamedUuid("x"), 1]]), "T.c"], /expected string/],
    [
      "a lone surrogate",
      [{ key: { type: "string" }, min: 1, max: 1 }, "\ud800", "T.c"],
      /^constraint violation: T\.c: not a valid UTF-8/,
    ],
  ];
  for (const [what, args, message] of wrong) {
    test(`${what} is refused, and says where`, () => {
      assert.throws(
        () => inputToJson(...args),
        (error: Error) => error instanceof ModelError && message.test(error.message),
      );
    });
  }

  test("a name for a row must be an id", () => {
    assert.throws(() => new NamedUuid("not an id"), TypeError);
  });
});

test("a schema reads back as it was written", () => {
  const schema = parseSchema(TEST_SCHEMA);
  assert.deepEqual(parseSchema(schemaToJson(schema)), schema);
});
