import { fieldReference } from "../fields/reference.js";
import type { FieldPosition, Subfield } from "../model/match.js";
import type { Codec } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

/** A field in a Nicira action. */
export const niciraField = fieldReference("nicira");

/** The same in the older actions, which have 32 bits for it. */
export const narrowField = fieldReference("nicira", true);

/** `ofs_nbits`: offset in the upper 10 bits, number of bits less one in the lower 6. */
export function readBits(reader: Reader): { offset: number; bits: number } {
  const packed = reader.u16();
  return { offset: packed >> 6, bits: (packed & 0x3f) + 1 };
}

export function writeBits(writer: Writer, subfield: { offset: number; bits: number }): void {
  if (subfield.bits < 1 || subfield.bits > 64 || subfield.offset > 0x3ff) {
    throw writer.unsupported(`subfield of ${subfield.bits} bits at ${subfield.offset} in this action`);
  }
  writer.u16((subfield.offset << 6) | (subfield.bits - 1));
}

/** `ofs_nbits`, then the field. */
export const subfield: Codec<Subfield> = {
  read(reader) {
    const bits = readBits(reader);
    return { ...narrowField.read(reader), ...bits };
  },
  write(writer, value) {
    writeBits(writer, value);
    narrowField.write(writer, value);
  },
};

/** A field and, in front of it, an offset of 16 bits. */
export const offsetField: Codec<FieldPosition> = {
  read(reader) {
    const offset = reader.u16();
    return { ...niciraField.read(reader), offset };
  },
  write(writer, value) {
    writer.u16(value.offset);
    niciraField.write(writer, value);
  },
};
