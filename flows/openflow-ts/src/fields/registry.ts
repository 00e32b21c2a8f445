import { longRegisterFields, niciraFields, registerFields, tunnelMetadataFields } from "./nicira.js";
import { openflowFields, packetRegisterFields } from "./openflow.js";
import type { FieldHeader, FieldRow } from "./row.js";

/** The name of a known field: OpenFlow's where OpenFlow has it, OVS's otherwise. */
export type FieldName =
  | keyof typeof openflowFields
  | keyof typeof niciraFields
  | `reg${number}`
  | `xreg${number}`
  | `xxreg${number}`
  | `tun_metadata${number}`;

/** A field with its name and its size on the wire. */
export interface Field extends FieldRow {
  readonly name: FieldName;
  /** Bytes on the wire; the greatest number of them for a field of variable size. */
  readonly bytes: number;
  /** `tun_metadata*`: as many bytes as each use says. */
  readonly variable: boolean;
}

const rows: Readonly<Record<string, FieldRow>> = {
  ...openflowFields,
  ...packetRegisterFields,
  ...niciraFields,
  ...registerFields,
  ...longRegisterFields,
  ...tunnelMetadataFields,
};

const byName = new Map<string, Field>();
const byHeader = new Map<number | string, { field: Field; header: FieldHeader }>();

/** A number where that is enough: every field of every flow in a dump is looked up by it. */
function headerKey(header: {
  class: number;
  number: number;
  experimenter?: number;
  experimenterType?: number;
}): number | string {
  if (header.experimenter === undefined) return (header.class << 8) | header.number;
  return `${header.class}/${header.number}/${header.experimenter ?? ""}/${header.experimenterType ?? ""}`;
}

for (const [name, row] of Object.entries(rows)) {
  const field: Field = {
    ...row,
    name: name as FieldName,
    bytes: row.bytes ?? Math.ceil(row.bits / 8),
    variable: name.startsWith("tun_metadata"),
  };
  byName.set(name, field);
  for (const header of row.headers) byHeader.set(headerKey(header), { field, header });
}

/** All fields. */
export function fields(): Iterable<Field> {
  return byName.values();
}

/** The field of that name; undefined for a name (as `reg16`) that no field has. */
export function fieldByName(name: string): Field | undefined {
  return byName.get(name);
}

/** The field and the header that have these numbers. */
export function fieldByHeader(
  header: Omit<FieldHeader, "form" | "name" | "since">,
): { field: Field; header: FieldHeader } | undefined {
  return byHeader.get(headerKey(header));
}
