import { chosenHeader, knownField } from "../fields/header.js";
import type { Match, MatchField } from "../model/match.js";
import type { ActionVersion } from "../version.js";
import { Writer } from "../wire/writer.js";

function digits(value: bigint, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, "0");
}

function formatField(given: MatchField, version: ActionVersion): string {
  if (given.field === "unknown") {
    return `${given.class}:${given.number}(${Buffer.from(given.data).toString("hex")})`;
  }
  const field = knownField(given.field);
  const { name } = chosenHeader(new Writer(version), field, given.form, "match");
  const size = given.size ?? field.bytes;
  if (given.mask === undefined) return `${name}(${digits(given.value, size)})`;
  return `${name}_W(${digits(given.value, size)}/${digits(given.mask, size)})`;
}

/** Fields by the names of their headers, in bytes, as `ovs-ofctl parse-oxm` has them: `OXM_OF_ETH_TYPE(0800)`. */
export function formatOxm(match: Match, version: ActionVersion): string {
  return match.length === 0 ? "<any>" : match.map((field) => formatField(field, version)).join(", ");
}
