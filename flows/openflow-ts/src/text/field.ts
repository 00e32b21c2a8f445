import { knownField, preferredHeader } from "../fields/header.js";
import { type Field, fieldByName } from "../fields/registry.js";
import { formatValue } from "../fields/value.js";
import { Port } from "../model/constants.js";
import type { AnyFieldReference, FieldMatch, FieldPosition, MatchField } from "../model/match.js";
import { OpenFlow13 } from "../version.js";

const unset = 0xfffffff7;
const { MAX: _max, ...reserved } = Port;
const portNames = new Map<number, string>([
  ...Object.entries(reserved).map(([name, port]) => [port, name] as const),
  [unset, "UNSET"],
]);

/** A port by its number, or by the name of a reserved one. */
export function formatPort(port: number): string {
  return portNames.get(port) ?? `${port}`;
}

const upperHalf = 0xffff0000;
const firstReserved16 = 0xff00;

/** The same where a port has 16 bits, whichever way it is kept: reserved numbers without a name have no upper half. */
export function formatPort16(port: number): string {
  const low = port > Port.MAX - 1 ? port - upperHalf : port;
  return (low >= firstReserved16 ? portNames.get(low + upperHalf) : undefined) ?? `${low}`;
}

/** `11.e9.9a`: bytes as `ovs-ofctl` writes them. */
export function formatBytes(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join(".");
}

/** The name that `ovs-ofctl` has for a field in matches and in `set_field`. */
export const fieldName = (field: Field) => field.alias ?? field.name;

/** The name that `ovs-ofctl` has for a field in the actions that move bits: that of its NXM header if there is one. */
export function headerName(reference: AnyFieldReference): string {
  const field = reference.field === "unknown" ? undefined : fieldByName(reference.field);
  const header = field && (preferredHeader(field, "nicira", OpenFlow13) ?? field.headers[0]);
  return header?.name ?? "<unknown>";
}

/** `NXM_NX_REG0[]`, `NXM_NX_REG0[4]` or `NXM_NX_REG0[0..15]`. */
export function formatPlace(position: FieldPosition, bits: number): string {
  const field = position.field === "unknown" ? undefined : fieldByName(position.field);
  const width = field?.variable ? 8 * (sizeOf(position) ?? field.bytes) : field?.bits;
  const { offset } = position;
  const range = bits === 1 ? `${offset}` : `${offset}..${offset + bits - 1}`;
  return `${headerName(position)}[${offset === 0 && bits === width ? "" : range}]`;
}

const sizeOf = (reference: AnyFieldReference) => ("size" in reference ? reference.size : undefined);

/** `NAME=VALUE[/MASK]`, as `ovs-ofctl` reads it in a flow. */
export function formatMatchField(given: MatchField): string {
  if (given.field === "unknown") return `<unknown>=${formatBytes(given.data)}`;
  const field = knownField(given.field);
  return `${fieldName(field)}=${formatValue(given, field)}`;
}

/** The value without a mask that leaves nothing out, and `ANY` for one that leaves out all. */
function formatSet({ value, mask }: FieldMatch, field: Field): string {
  if (mask === 0n) return "ANY";
  const bits = field.variable ? 0 : field.bits;
  const all =
    mask === (1n << BigInt(8 * field.bytes)) - 1n || (bits > 0 && mask === (1n << BigInt(bits)) - 1n);
  return formatValue(mask === undefined || all ? { value } : { value, mask }, field);
}

/** `set_field:VALUE[/MASK]->NAME`. */
export function formatSetField(given: MatchField): string {
  if (given.field === "unknown") return "set_field:<unknown>";
  const field = knownField(given.field);
  return `set_field:${formatSet(given, field)}->${fieldName(field)}`;
}
