import { ParseError } from "../errors/error.js";
import { chosenHeader, formOf, knownField } from "../fields/header.js";
import { type Field, fields } from "../fields/registry.js";
import type { FieldHeader } from "../fields/row.js";
import type { Match, MatchField } from "../model/match.js";
import type { ActionVersion } from "../version.js";
import { Writer } from "../wire/writer.js";

function digits(value: bigint, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, "0");
}

/** A field that is not known, by the numbers of its header; a mask is the second half of the data. */
function formatUnknown(given: Extract<MatchField, { field: "unknown" }>): string {
  const { class: oxmClass, number, hasMask, data } = given;
  const text = Buffer.from(data).toString("hex");
  if (!hasMask) return `${oxmClass}:${number}(${text})`;
  return `${oxmClass}:${number}_W(${text.slice(0, data.length)}/${text.slice(data.length)})`;
}

function formatField(given: MatchField, version: ActionVersion): string {
  if (given.field === "unknown") return formatUnknown(given);
  const field = knownField(given.field);
  const { name } = chosenHeader(new Writer(version), field, given.form, "match");
  const size = given.size ?? field.bytes;
  if (given.mask === undefined) return `${name}(${digits(given.value, size)})`;
  return `${name}_W(${digits(given.value, size)}/${digits(given.mask, size)})`;
}

const any = "<any>";

/** Fields by the names of their headers, in bytes, as `ovs-ofctl parse-oxm` has them: `OXM_OF_ETH_TYPE(0800)`. */
export function formatOxm(match: Match, version: ActionVersion): string {
  return match.length === 0 ? any : match.map((field) => formatField(field, version)).join(", ");
}

const headers = new Map<string, { readonly field: Field; readonly header: FieldHeader }>();
for (const field of fields()) for (const header of field.headers) headers.set(header.name, { field, header });

const separator = /[,\s]*/y;
const fieldText = /([A-Z0-9_]+)\(([0-9a-f]+)(?:\/([0-9a-f]+))?\)/iy;

function parseField(
  name: string,
  value: string,
  mask: string | undefined,
  version: ActionVersion,
): MatchField {
  const masked = name.endsWith("_W");
  const known = headers.get(masked ? name.slice(0, -2) : name);
  if (!known) throw new ParseError(`there is no field "${name}"`);
  if (masked !== (mask !== undefined)) {
    throw new ParseError(`${name} ${masked ? "needs" : "must not have"} a mask behind "/"`);
  }
  const { field, header } = known;
  const size = value.length / 2;
  const fits = field.variable ? Number.isInteger(size) && size <= field.bytes : size === field.bytes;
  if (!fits || (mask !== undefined && mask.length !== value.length)) {
    throw new ParseError(`${name} has ${field.bytes} bytes, so many digits twice`);
  }
  const form = formOf(field, header, "match", version);
  return {
    field: field.name,
    value: BigInt(`0x${value}`),
    ...(mask !== undefined && { mask: BigInt(`0x${mask}`) }),
    ...(form && { form }),
    ...(size !== field.bytes && { size }),
  };
}

/**
 * The match that `formatOxm` writes, and `ovs-ofctl parse-oxm` and `parse-nx-match` read, of fields that are known here.
 * Throws a `ParseError`.
 */
export function parseOxm(text: string, version: ActionVersion): Match {
  const match: MatchField[] = [];
  const trimmed = text.trim();
  if (trimmed === any) return match;
  for (let at = 0; at < trimmed.length; ) {
    fieldText.lastIndex = at;
    const found = fieldText.exec(trimmed);
    if (!found) throw new ParseError(`"${trimmed.slice(at, at + 40)}" is no field, as OXM_OF_ETH_TYPE(0800)`);
    const [whole, name = "", value = "", mask] = found;
    match.push(parseField(name, value, mask, version));
    const end = at + whole.length;
    separator.lastIndex = end;
    at = end + (separator.exec(trimmed)?.[0].length ?? 0);
  }
  return match;
}
