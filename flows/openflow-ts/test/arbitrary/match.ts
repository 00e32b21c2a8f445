import fc from "fast-check";
import { type Field, fields, type Match, type MatchField } from "openflow-ts";
import { formOf, type HeaderPlace } from "../../src/fields/header.js";
import type { FieldHeader } from "../../src/fields/row.js";
import type { AnyFieldReference, FieldPosition, Subfield } from "../../src/model/match.js";
import type { ActionVersion } from "../../src/version.js";
import { bytes, record } from "./scalar.js";

/** Every header of every field. */
const headers: readonly { readonly field: Field; readonly header: FieldHeader }[] = [...fields()].flatMap(
  (field) => field.headers.map((header) => ({ field, header })),
);

const sizeOf = (field: Field) =>
  field.variable ? fc.integer({ min: 1, max: field.bytes }) : fc.constant(field.bytes);

const bitsOf = (size: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(8 * size)) - 1n });

const unknownField: fc.Arbitrary<MatchField> = record({
  field: fc.constant("unknown" as const),
  class: fc.constantFrom(0x8005, 0x1234),
  number: fc.integer({ min: 0, max: 127 }),
  hasMask: fc.boolean(),
  data: bytes(9),
});

export function matchField(place: HeaderPlace, version: ActionVersion): fc.Arbitrary<MatchField> {
  return fc.constantFrom(...headers).chain(({ field, header }) => {
    const form = formOf(field, header, place, version);
    return sizeOf(field).chain((size) =>
      fc.tuple(bitsOf(size), fc.option(bitsOf(size), { nil: undefined })).map(([value, mask]) => ({
        field: field.name,
        value,
        ...(mask !== undefined && { mask }),
        ...(form && { form }),
        ...(size !== field.bytes && { size }),
      })),
    );
  });
}

export function match(version: ActionVersion): fc.Arbitrary<Match> {
  const field = fc.oneof({ weight: 9, arbitrary: matchField("match", version) }, unknownField);
  return fc.array(field, { maxLength: 5 });
}

/** `narrow`: without the fields of experimenters, for which the action has no place. */
export function reference(
  place: HeaderPlace,
  version: ActionVersion,
  narrow = false,
): fc.Arbitrary<AnyFieldReference> {
  const possible = narrow ? headers.filter(({ header }) => header.experimenter === undefined) : headers;
  return fc.constantFrom(...possible).chain(({ field, header }) => {
    const form = formOf(field, header, place, version);
    return sizeOf(field).map((size) => ({
      field: field.name,
      ...(form && { form }),
      ...(size !== field.bytes && { size }),
    }));
  });
}

export function position(
  place: HeaderPlace,
  version: ActionVersion,
  narrow = false,
): fc.Arbitrary<FieldPosition> {
  return fc
    .tuple(reference(place, version, narrow), fc.integer({ min: 0, max: 0xffff }))
    .map(([field, offset]) => ({ ...field, offset }));
}

/** As `ofs_nbits` can say it. */
export function subfield(version: ActionVersion): fc.Arbitrary<Subfield> {
  const bits = record({
    offset: fc.integer({ min: 0, max: 1023 }),
    bits: fc.integer({ min: 1, max: 64 }),
  });
  return fc.tuple(reference("nicira", version, true), bits).map(([field, place]) => ({ ...field, ...place }));
}
