import { ParseError } from "../errors/error.js";
import { type Field, type FieldName, fieldByName } from "../fields/registry.js";
import { toMasked, type ValueInput } from "../fields/value.js";
import type { SetFieldAction } from "../model/action.js";
import type { FieldMatch, Match, Subfield } from "../model/match.js";

function known(name: string): Field {
  const field = fieldByName(name);
  if (!field) throw new ParseError(`there is no field "${name}"`);
  return field;
}

/**
 * One field with a value: `fieldMatch("ipv4_dst", "10.2.0.0/16")`. The value is a number, a bigint, text (addresses,
 * prefixes, `+syn-ack`, `VALUE/MASK`) or `{ value, mask }`. Throws a `ParseError`.
 */
export function fieldMatch(name: FieldName, input: ValueInput): FieldMatch {
  const field = known(name);
  const { value, mask } = toMasked(input, field);
  return {
    field: name,
    value: mask === undefined ? value : value & mask,
    ...(mask !== undefined && { mask }),
  };
}

/**
 * A match from names and values: `match({ eth_type: 0x0800, ip_proto: 6, ipv4_dst: "10.2.0.0/16", tcp_dst: 80 })`. The
 * fields stand in the order of the keys, so what another field requires comes first. Throws a `ParseError`.
 */
export function match(fields: { readonly [K in FieldName]?: ValueInput }): Match {
  return Object.entries(fields).map(([name, input]) => fieldMatch(name as FieldName, input as ValueInput));
}

/** Bits of a field, all of them if nothing else is said: `subfield("reg1", 0, 16)`. Throws a `ParseError`. */
export function subfield(name: FieldName, offset = 0, bits?: number): Subfield {
  const field = known(name);
  const width = bits ?? field.bits - offset;
  if (offset < 0 || width < 1 || offset + width > field.bits) {
    throw new ParseError(`${name} has ${field.bits} bits, not ${width} from ${offset} up`);
  }
  return { field: name, offset, bits: width };
}

/**
 * Sets a field: `setField("eth_dst", "00:11:22:33:44:55")`, `setField("reg1", { value: 1, mask: 0xffff })`. Masks are
 * for OpenFlow 1.5. Throws a `ParseError`.
 */
export function setField(name: FieldName, input: ValueInput): SetFieldAction {
  return { type: "set_field", field: fieldMatch(name, input) };
}

/** Sets `bits` bits of a field from bit `offset` up, as OVS's `load` does. Throws a `ParseError`. */
export function setBits(
  name: FieldName,
  offset: number,
  bits: number,
  value: number | bigint,
): SetFieldAction {
  const place = subfield(name, offset, bits);
  const shift = BigInt(place.offset);
  const mask = ((1n << BigInt(place.bits)) - 1n) << shift;
  const shifted = BigInt(value) << shift;
  if ((shifted & ~mask) !== 0n) throw new ParseError(`${value} does not fit ${bits} bits of ${name}`);
  return setField(name, { value: shifted, mask });
}
