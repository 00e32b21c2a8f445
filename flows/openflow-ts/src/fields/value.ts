import { ParseError } from "../errors/error.js";
import { Port } from "../model/constants.js";
import {
  formatEthernet,
  formatIPv4,
  formatIPv6,
  parseEthernet,
  parseIPv4,
  parseIPv6,
  prefixLength,
  prefixMask,
} from "./address.js";
import { flagsOf, parseFlags } from "./flags.js";
import { hex } from "./hexadecimal.js";
import type { Field } from "./registry.js";

/** A value to compare or set: `mask` absent means all bits. */
export interface Masked {
  readonly value: bigint;
  readonly mask?: bigint;
}

/** What can stand for a value in the functions that build matches and actions. */
export type ValueInput =
  | number
  | bigint
  | string
  | { readonly value: number | bigint; readonly mask?: number | bigint };

const portNames = new Map<string, bigint>(Object.entries(Port).map(([name, port]) => [name, BigInt(port)]));
const namesOfPorts = new Map([...portNames].map(([name, port]) => [port, name]));

const fragments: Readonly<Record<string, Masked>> = {
  no: { value: 0n, mask: 3n },
  yes: { value: 1n, mask: 1n },
  first: { value: 1n, mask: 3n },
  later: { value: 3n, mask: 3n },
  not_later: { value: 0n, mask: 2n },
};

function parseSingle(text: string, field: Field): bigint {
  if (field.kind === "ethernet" && /[:-]/.test(text)) return parseEthernet(text);
  if (field.kind === "ipv4" && text.includes(".")) return parseIPv4(text);
  if (field.kind === "ipv6" && text.includes(":")) return parseIPv6(text);
  const port = field.kind === "port" ? portNames.get(text) : undefined;
  if (port !== undefined) return port;
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) throw new ParseError(`"${text}" is no value of ${field.name}`);
  return BigInt(text);
}

function parseMask(text: string, field: Field): bigint {
  const address = field.kind === "ipv4" || field.kind === "ipv6";
  if (!address || !/^\d{1,3}$/.test(text)) return parseSingle(text, field);
  const length = Number(text);
  if (length > field.bits) throw new ParseError(`/${text} is longer than ${field.name}`);
  return prefixMask(length, field.bits);
}

/**
 * The value of a field as text: `VALUE`, `VALUE/MASK`, for addresses `ADDRESS/LENGTH`, for TCP flags and connection
 * states `+flag-flag`, for ports also their names. Throws a `ParseError`.
 */
export function parseValue(text: string, field: Field): Masked {
  const names = flagsOf(field.kind);
  if (names && /^[+-]/.test(text)) return parseFlags(text, names);
  const fragment = field.kind === "fragment" ? fragments[text] : undefined;
  if (fragment) return fragment;
  const [value = "", mask, ...rest] = text.split("/");
  if (rest.length > 0) throw new ParseError(`"${text}" has more than one mask`);
  const parsed = parseSingle(value, field);
  return mask === undefined ? { value: parsed } : { value: parsed, mask: parseMask(mask, field) };
}

/** A value given in any of the ways of `ValueInput`. Throws a `ParseError` if it does not fit the field. */
export function toMasked(input: ValueInput, field: Field): Masked {
  let masked: Masked;
  if (typeof input === "string") masked = parseValue(input, field);
  else if (typeof input === "object") {
    masked = {
      value: BigInt(input.value),
      ...(input.mask !== undefined && { mask: BigInt(input.mask) }),
    };
  } else masked = { value: BigInt(input) };

  const all = (1n << BigInt(field.bits)) - 1n;
  for (const part of [masked.value, masked.mask ?? 0n]) {
    if (part < 0n || part > all)
      throw new ParseError(`${part} does not fit the ${field.bits} bits of ${field.name}`);
  }
  return masked.mask === all ? { value: masked.value } : masked;
}

function formatSingle(value: bigint, field: Field): string {
  switch (field.kind) {
    case "ethernet":
      return formatEthernet(value);
    case "ipv4":
      return formatIPv4(value);
    case "ipv6":
      return formatIPv6(value);
    case "decimal":
      return value.toString();
    case "port":
      return namesOfPorts.get(value) ?? value.toString();
    default:
      return hex(value);
  }
}

/** The name of fragments, which `ovs-ofctl` reads in no other way. */
function fragmentName({ value, mask = 3n }: Masked): string | undefined {
  return Object.entries(fragments).find(([, named]) => named.value === value && named.mask === mask)?.[0];
}

/** The text that `parseValue` reads. */
export function formatValue({ value, mask }: Masked, field: Field): string {
  const fragment =
    field.kind === "fragment" ? fragmentName(mask === undefined ? { value } : { value, mask }) : undefined;
  if (fragment !== undefined) return fragment;
  if (mask === undefined) return formatSingle(value, field);
  if (field.kind === "ipv4" || field.kind === "ipv6") {
    const length = prefixLength(mask, field.bits);
    if (length !== undefined) return `${formatSingle(value, field)}/${length}`;
  }
  const plain = field.kind === "decimal" || field.kind === "port";
  return `${formatSingle(value, field)}/${plain ? hex(mask) : formatSingle(mask, field)}`;
}
