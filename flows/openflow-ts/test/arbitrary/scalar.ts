import fc from "fast-check";

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
export const u48 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffffn });

export const bytes = (max: number, min = 0) => fc.uint8Array({ minLength: min, maxLength: max });

/** A whole number of `unit` bytes. */
export const blocks = (unit: number, max: number, less = 0) =>
  fc
    .integer({ min: 1, max })
    .chain((count) => fc.uint8Array({ minLength: unit * count - less, maxLength: unit * count - less }));

/** Text that fits a field of so many bytes, and does not end in the zeros that fill it up. */
export const text = (size: number) =>
  fc
    .string({ unit: "grapheme", maxLength: size })
    .filter((value) => Buffer.byteLength(value) <= size && !value.endsWith("\0"));

export const small = <T>(item: fc.Arbitrary<T>, max = 3) => fc.array(item, { maxLength: max });

/** One of the names of an enumeration. */
export const named = <T extends object>(table: T) =>
  fc.constantFrom(...(Object.keys(table) as Extract<keyof T, string>[]));

/** An object with some of these members, in any order. */
export function some<T extends Record<string, fc.Arbitrary<unknown>>>(members: T) {
  const names = Object.keys(members) as (keyof T & string)[];
  return fc.shuffledSubarray(names).chain((chosen) =>
    fc.tuple(...chosen.map((name) => members[name]!)).map(
      (values) =>
        Object.fromEntries(chosen.map((name, index) => [name, values[index]])) as {
          [K in keyof T]?: T[K] extends fc.Arbitrary<infer V> ? V : never;
        },
    ),
  );
}

/** An object like those that the decoder makes; with `required`, the other members may be missing. */
export function record<T>(
  members: { [K in keyof T]: fc.Arbitrary<T[K]> },
  required?: readonly (keyof T)[],
): fc.Arbitrary<T> {
  const options = { noNullPrototype: true, ...(required && { requiredKeys: [...required] }) };
  return fc.record(members, options) as fc.Arbitrary<T>;
}

export const experimenterProperties = fc.array(
  record({ experimenter: u32, experimenterType: u32, data: bytes(12) }),
  { minLength: 1, maxLength: 3 },
);

export const duration = record({ seconds: u32, nanoseconds: u32 });
