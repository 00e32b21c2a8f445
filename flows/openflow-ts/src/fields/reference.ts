import type { AnyFieldReference } from "../model/match.js";
import type { Codec } from "../wire/codec.js";
import {
  chosenHeader,
  formOf,
  type HeaderPlace,
  knownField,
  readHeader,
  readNarrowHeader,
  writeHeader,
} from "./header.js";
import { fieldByHeader } from "./registry.js";

/**
 * A field without a value, as the actions that name fields have it: its header. `narrow`: in 32 bits, which hold no
 * field of an experimenter.
 */
export function fieldReference(place: HeaderPlace, narrow = false): Codec<AnyFieldReference> {
  return {
    read(reader) {
      const header = narrow ? readNarrowHeader(reader) : readHeader(reader);
      const known = fieldByHeader(header);
      const fits =
        known !== undefined &&
        !header.hasMask &&
        (header.size === known.field.bytes ||
          (known.field.variable && header.size >= 1 && header.size <= known.field.bytes));
      if (!fits) return { field: "unknown", ...header };
      const form = formOf(known.field, known.header, place, reader.version);
      return {
        field: known.field.name,
        ...(form && { form }),
        ...(header.size !== known.field.bytes && { size: header.size }),
      };
    },
    write(writer, reference) {
      if (reference.field === "unknown") {
        writeHeader(writer, reference);
        return;
      }
      const field = knownField(reference.field);
      const {
        form: _form,
        name: _name,
        since: _since,
        ...numbers
      } = chosenHeader(writer, field, reference.form, place);
      if (narrow && numbers.experimenter !== undefined) {
        throw writer.unsupported(`place for the experimenter's field ${field.name} in this action`);
      }
      writeHeader(writer, { ...numbers, hasMask: false, size: reference.size ?? field.bytes });
    },
  };
}
