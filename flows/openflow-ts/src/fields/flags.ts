import { ParseError } from "../errors/error.js";
import type { ValueKind } from "./row.js";

/** The names of the bits of a field, from bit 0 up. */
const flagNames: { readonly [K in ValueKind]?: readonly string[] } = {
  tcp_flags: ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"],
  ct_state: ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"],
};

/** The names of a kind's bits; undefined for a field that is no set of flags. */
export function flagsOf(kind: ValueKind): readonly string[] | undefined {
  return flagNames[kind];
}

/** `+syn-ack`: the bits that are to be 1 and those that are to be 0. Throws a `ParseError`. */
export function parseFlags(text: string, names: readonly string[]): { value: bigint; mask: bigint } {
  let value = 0n;
  let mask = 0n;
  if (!/^([+-][a-z]+)+$/.test(text))
    throw new ParseError(`"${text}" are no flags, as +${names[0]}-${names[1]}`);
  for (const [, sign, name] of text.matchAll(/([+-])([a-z]+)/g)) {
    const bit = names.indexOf(name!);
    if (bit < 0) throw new ParseError(`there is no flag "${name}", but ${names.join(", ")}`);
    mask |= 1n << BigInt(bit);
    if (sign === "+") value |= 1n << BigInt(bit);
  }
  return { value, mask };
}
