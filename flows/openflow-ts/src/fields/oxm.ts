import type { Match, MatchField, UnknownFieldMatch } from "../model/match.js";
import type { Codec } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import {
  chosenHeader,
  formOf,
  type HeaderPlace,
  knownField,
  readHeader,
  type WireHeader,
  writeHeader,
} from "./header.js";
import { type Field, fieldByHeader } from "./registry.js";

/**
 * One field with its value. `sizeError`: what a switch answers where the value has not the size of the field; without
 * one it is kept as a field that is not known.
 */
export function matchField(place: HeaderPlace, sizeError?: string): Codec<MatchField> {
  return {
    read: (reader) => readMatchField(reader, place, sizeError),
    write: (writer, field) => writeMatchField(writer, field, place),
  };
}

function readUnknown(reader: Reader, { size, ...header }: WireHeader): UnknownFieldMatch {
  return { field: "unknown", ...header, data: reader.bytes(size) };
}

function fits(field: Field, size: number): boolean {
  return field.variable ? Number.isInteger(size) && size >= 1 && size <= field.bytes : size === field.bytes;
}

function readMatchField(reader: Reader, place: HeaderPlace, sizeError?: string): MatchField {
  const header = readHeader(reader);
  const known = fieldByHeader(header);
  const size = header.hasMask ? header.size / 2 : header.size;
  if (!known || !fits(known.field, size)) {
    if (!known || sizeError === undefined) return readUnknown(reader, header);
    const parts = header.hasMask ? "value and mask" : "value";
    throw reader.fail(sizeError, `${known.field.name} with ${header.size} bytes of ${parts}`);
  }
  const { field } = known;
  const value = reader.unsigned(size);
  const form = formOf(field, known.header, place, reader.version);
  return {
    field: field.name,
    value,
    ...(header.hasMask && { mask: reader.unsigned(size) }),
    ...(form && { form }),
    ...(size !== field.bytes && { size }),
  };
}

function writeMatchField(writer: Writer, given: MatchField, place: HeaderPlace): void {
  if (given.field === "unknown") {
    writeHeader(writer, { ...given, size: given.data.length });
    writer.bytes(given.data);
    return;
  }
  const field = knownField(given.field);
  const {
    form: _form,
    name: _name,
    since: _since,
    ...numbers
  } = chosenHeader(writer, field, given.form, place);
  const size = given.size ?? field.bytes;
  const hasMask = given.mask !== undefined;
  writeHeader(writer, { ...numbers, hasMask, size: hasMask ? 2 * size : size });
  writer.unsigned(given.value, size);
  if (given.mask !== undefined) writer.unsigned(given.mask, size);
}

/** Fields one after the other, to the end. */
export const matchFields: Codec<Match> = {
  read(reader) {
    const match: MatchField[] = [];
    while (reader.remaining > 0) match.push(readMatchField(reader, "match"));
    return match;
  },
  write(writer, match) {
    for (const field of match) writeMatchField(writer, field, "match");
  },
};

const oxmMatchType = 1;

/** `struct ofp_match`: type, length without the padding, fields, zeros to a multiple of 8 bytes. */
export const match: Codec<Match> = {
  read(reader) {
    const type = reader.u16();
    if (type !== oxmMatchType) throw reader.fail("OFPBMC_BAD_TYPE", `a match of type ${type}`);
    const length = reader.u16();
    if (length < 4) throw reader.fail("OFPBMC_BAD_LEN", `a match of ${length} bytes`);
    const fields = matchFields.read(reader.sub(length - 4, "OFPBMC_BAD_LEN"));
    const padding = (8 - (length % 8)) % 8;
    if (padding > reader.remaining) throw reader.fail("OFPBMC_BAD_LEN", "a match without its padding");
    reader.skip(padding);
    return fields;
  },
  write(writer, fields) {
    const start = writer.length;
    writer.u16(oxmMatchType);
    writer.u16(0);
    matchFields.write(writer, fields);
    writer.patchU16(start + 2, writer.length - start);
    writer.pad8(start);
  },
};
