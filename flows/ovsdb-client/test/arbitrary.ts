import fc from "fast-check";
import { type Json, parseJson, stringifyJson } from "../src/index.js";
import { type Atom, compareAtoms, parseAtom } from "../src/model/atom.js";
import { type Datum, datumToJson, sorted } from "../src/model/datum.js";
import type { AtomicType, ColumnType } from "../src/model/type.js";

/** Arbitrary pieces of the data model, small enough to meet one another often. */

export const atomicType: fc.Arbitrary<AtomicType> = fc.constantFrom(
  "integer",
  "real",
  "boolean",
  "string",
  "uuid",
);

const uuids = ["0", "1", "a", "f"].map((digit) => `${digit}0000000-0000-4000-8000-00000000000${digit}`);

const ATOMS: { readonly [T in AtomicType]: fc.Arbitrary<Atom> } = {
  integer: fc.oneof(
    fc.integer({ min: -4, max: 4 }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  ),
  real: fc.oneof(
    fc.integer({ min: -4, max: 4 }),
    // ovsdb-server does not read denormals.
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((real) => (Math.abs(real) < 2 ** -1022 ? 0 : real)),
  ),
  boolean: fc.boolean(),
  string: fc.oneof(
    fc.constantFrom("", "a", "b", "\ue000", "\u{1f600}", '"\\\u0001'),
    fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => text.replaceAll("\0", "0")),
  ),
  uuid: fc.constantFrom(...uuids),
};

export function atom(type: AtomicType): fc.Arbitrary<Atom> {
  return ATOMS[type];
}

/** Scalars, optional scalars, sets and maps without constraints. */
export const columnType: fc.Arbitrary<ColumnType> = fc
  .record({
    key: atomicType,
    value: fc.option(atomicType, { nil: undefined }),
    min: fc.constantFrom(0 as const, 1 as const),
    max: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
  })
  .map(({ key, value, min, max }) => ({
    key: { type: key },
    ...(value && { value: { type: value } }),
    min,
    max,
  }));

export function datum({ key, value, min, max }: ColumnType): fc.Arbitrary<Datum> {
  const length = { minLength: min, maxLength: Math.min(max, key.type === "boolean" ? 2 : 4) };
  const keys = fc.uniqueArray(ATOMS[key.type], { ...length, comparator: (a, b) => compareAtoms(a, b) === 0 });
  return keys.chain((list) => {
    if (!value) return fc.constant(sorted(list));
    return fc
      .array(ATOMS[value.type], { minLength: list.length, maxLength: list.length })
      .map((values) => sorted(list, values));
  });
}

export function typed<T>(build: (type: ColumnType) => fc.Arbitrary<T>): fc.Arbitrary<[ColumnType, T]> {
  return columnType.chain((type) => fc.tuple(fc.constant(type), build(type)));
}

/** JSON that may be a value of the type, or nearly. */
export function nearlyValue(type: ColumnType): fc.Arbitrary<Json> {
  const own = datum(type).map((value) => datumToJson(type, value));
  const other = typed(datum).map(([otherType, value]) => datumToJson(otherType, value));
  const element = fc.oneof(
    ...(["integer", "real", "boolean", "string"] as const).map((name) =>
      ATOMS[name].map((value) => parseAtom({ type: name }, value)),
    ),
    fc.constantFrom<Json>(["uuid", "x"], ["uuid"], null, {}, []),
  );
  const set = fc.array(element, { maxLength: 4 }).map((list): Json => ["set", list]);
  const map = fc
    .array(fc.array(element, { maxLength: 3 }), { maxLength: 3 })
    .map((list): Json => ["map", list]);
  const any = fc.oneof({ weight: 4, arbitrary: own }, other, element, set, map);
  // As it comes from the wire, where a real may look like an integer.
  return any.map((json) => parseJson(stringifyJson(json)));
}
