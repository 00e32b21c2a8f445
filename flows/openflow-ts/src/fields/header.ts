import { EncodeError } from "../errors/error.js";
import { Experimenter } from "../model/constants.js";
import type { HeaderForm } from "../model/match.js";
import { type ActionVersion, OpenFlow13 } from "../version.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import { type Field, type FieldName, fieldByName } from "./registry.js";
import type { FieldHeader } from "./row.js";

/** The header of an OXM or NXM field as it stands on the wire (OpenFlow 1.5.1 §7.2.3.2). */
export interface WireHeader {
  readonly class: number;
  readonly number: number;
  readonly hasMask: boolean;
  /** Bytes of value and mask together, without the experimenter's identifier. */
  readonly size: number;
  readonly experimenter?: number;
  readonly experimenterType?: number;
}

/**
 * Where a field stands. Matches and set-field use the headers of the message's version; the Nicira actions prefer NXM
 * where it has the field.
 */
export type HeaderPlace = "match" | "nicira";

const experimenterClass = 0xffff;

/** Bytes of the experimenter's identifier and type, which the length in the header includes. */
function experimenterSize(header: { experimenter?: number; experimenterType?: number }): number {
  return header.experimenter === undefined ? 0 : header.experimenterType === undefined ? 4 : 6;
}

export function readHeader(reader: Reader): WireHeader {
  const oxmClass = reader.u16();
  const kind = reader.u8();
  const length = reader.u8();
  const number = kind >> 1;
  const hasMask = (kind & 1) === 1;
  if (oxmClass !== experimenterClass) return { class: oxmClass, number, hasMask, size: length };

  const base = { class: oxmClass, number, hasMask };
  const experimenter = reader.u32();
  // EXT-256: fields of ONF with number 0 carry a type of their own behind the identifier.
  const typed = experimenter === Experimenter.ONF && base.number === 0;
  const header = typed
    ? { ...base, experimenter, experimenterType: reader.u16() }
    : { ...base, experimenter };
  const size = length - experimenterSize(header);
  if (size < 0) throw reader.fail(reader.lengthError, `an experimenter's field of ${length} bytes`);
  return { ...header, size };
}

/** The 32 bits of a header alone, as actions have it that have no room for an experimenter's identifier. */
export function readNarrowHeader(reader: Reader): WireHeader {
  const oxmClass = reader.u16();
  const kind = reader.u8();
  return { class: oxmClass, number: kind >> 1, hasMask: (kind & 1) === 1, size: reader.u8() };
}

export function writeHeader(writer: Writer, header: WireHeader): void {
  writer.u16(header.class);
  writer.u8((header.number << 1) | (header.hasMask ? 1 : 0));
  writer.u8(header.size + experimenterSize(header));
  if (header.experimenter !== undefined) writer.u32(header.experimenter);
  if (header.experimenterType !== undefined) writer.u16(header.experimenterType);
}

/** The header that a field has in this place of this version, unless another is asked for. */
export function preferredHeader(
  field: Field,
  place: HeaderPlace,
  version: ActionVersion,
): FieldHeader | undefined {
  if (place === "nicira" || version < 3) {
    const nxm = field.headers.find((header) => header.form === "nxm");
    if (nxm) return nxm;
  }
  const known = Math.max(version, OpenFlow13);
  return field.headers.find((header) => header.since <= known);
}

/** The form to note in the model: none if the header is the preferred one. */
export function formOf(
  field: Field,
  header: FieldHeader,
  place: HeaderPlace,
  version: ActionVersion,
): HeaderForm | undefined {
  return preferredHeader(field, place, version)?.form === header.form ? undefined : header.form;
}

/** The field of that name. Throws an `EncodeError` if there is none. */
export function knownField(name: FieldName): Field {
  const field = fieldByName(name);
  if (!field) throw new EncodeError("ERR_OPENFLOW_VALUE", `there is no field "${name}"`);
  return field;
}

/** The header to write a field with. Throws an `EncodeError` if the field has none such. */
export function chosenHeader(
  writer: Writer,
  field: Field,
  form: HeaderForm | undefined,
  place: HeaderPlace,
): FieldHeader {
  const header =
    form === undefined
      ? preferredHeader(field, place, writer.version)
      : field.headers.find((candidate) => candidate.form === form);
  if (!header)
    throw writer.unsupported(form ? `${form} form of the field ${field.name}` : `field ${field.name}`);
  return header;
}
