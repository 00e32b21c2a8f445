import type { Match, MatchField } from "../model/match.js";
import { fieldByName } from "./registry.js";

/** All bits that a field has on the wire. */
function allBits(field: MatchField): bigint | undefined {
  if (field.field === "unknown") return undefined;
  const known = fieldByName(field.field);
  return known && (1n << BigInt(known.variable ? 8 * (field.size ?? known.bytes) : known.bits)) - 1n;
}

const registerBits = 32n;

/**
 * The 32-bit registers that a longer one is made of: `xreg0` is `reg0` and `reg1`, `xxreg0` is `reg0` to `reg3`, the
 * first in the most significant bits. OVS tells of a register in either way.
 */
function registers(field: MatchField): readonly MatchField[] {
  const [, long = "", number = ""] = /^(xx?)reg(\d+)$/.exec(field.field) ?? [];
  if (long === "" || field.field === "unknown") return [field];
  const count = long === "xx" ? 4 : 2;
  const ones = (1n << registerBits) - 1n;
  const { value, mask = (1n << (registerBits * BigInt(count))) - 1n } = field;
  return Array.from({ length: count }, (_, index): MatchField => {
    const shift = registerBits * BigInt(count - 1 - index);
    const part = (bits: bigint) => (bits >> shift) & ones;
    return { field: `reg${Number(number) * count + index}`, value: part(value), mask: part(mask) };
  });
}

function canonicalField(field: MatchField): MatchField | undefined {
  if (field.field === "unknown") return field;
  const { form: _form, mask, ...exact } = field;
  if (mask === undefined || mask === allBits(field)) return exact;
  return mask === 0n ? undefined : { ...exact, value: field.value & mask, mask };
}

const orderKey = (field: MatchField) =>
  field.field === "unknown"
    ? `~${field.class}/${field.number}/${field.experimenter ?? ""}/${field.experimenterType ?? ""}`
    : field.field;

/**
 * The same match in the one way in which all that match the same packets are written alike: sorted by name, without
 * fields whose mask is 0, without masks of all bits, without header forms, registers in 32 bits each. For comparing and as keys; what goes to a
 * switch has to keep prerequisites in front.
 */
export function canonicalMatch(match: Match): Match {
  return match
    .flatMap(registers)
    .map(canonicalField)
    .filter((field) => field !== undefined)
    .sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
}

/** A text that is the same for matches that match the same packets. */
export function matchKey(match: Match): string {
  return canonicalMatch(match)
    .map((field) =>
      field.field === "unknown"
        ? `${orderKey(field)}${field.hasMask ? "m" : ""}=${Buffer.from(field.data).toString("hex")}`
        : `${field.field}=${field.value.toString(16)}${field.mask === undefined ? "" : `/${field.mask.toString(16)}`}`,
    )
    .join(",");
}
