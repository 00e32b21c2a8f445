import { type FieldMatch, type FieldName, fieldByName, type Match, type MatchField } from "openflow-ts";
import type { Flow } from "../pipeline/index.js";

const REGISTER_BITS = 32n;
const REGISTER_MASK = 0xffffffffn;

const fullMasks = new Map<FieldName, bigint>();

function fullMask(field: FieldName): bigint {
  let mask = fullMasks.get(field);
  if (mask === undefined) {
    mask = (1n << BigInt(fieldByName(field)!.bits)) - 1n;
    fullMasks.set(field, mask);
  }
  return mask;
}

function part(field: FieldName, value: bigint, mask: bigint): string[] {
  return mask === 0n ? [] : [`${field}=${(value & mask).toString(16)}/${mask.toString(16)}`];
}

function fieldParts(match: MatchField): string[] {
  if (match.field === "unknown") {
    return [`unknown ${match.class}/${match.number}=${Buffer.from(match.data).toString("hex")}`];
  }
  const { field, value, mask = fullMask(field) }: FieldMatch = match;
  const pair = field.startsWith("xreg") ? 2 * Number(field.slice("xreg".length)) : undefined;
  if (pair === undefined) return part(field, value, mask);
  // OVS reports a match on reg15 as one on xreg7, the pair of reg14 and reg15.
  return [
    ...part(`reg${pair}`, value >> REGISTER_BITS, mask >> REGISTER_BITS),
    ...part(`reg${pair + 1}`, value & REGISTER_MASK, mask & REGISTER_MASK),
  ];
}

/** What a match matches, as text: the same for all ways of writing the same match. */
export function matchKey(match: Match): string {
  return match.flatMap(fieldParts).sort().join();
}

const keys = new WeakMap<object, string>();

/** What makes a flow that flow and no other (OpenFlow 1.5.1 §5.2): table, priority and match. */
export function flowKey(flow: Pick<Flow, "table" | "priority" | "match">): string {
  let key = keys.get(flow);
  if (key === undefined) {
    key = `${flow.table} ${flow.priority} ${matchKey(flow.match)}`;
    keys.set(flow, key);
  }
  return key;
}

/** A value as text, its keys in one order. The form in which a field stands on the wire makes no difference. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined && key !== "form") text += `${key}:${canonical(member)};`;
  }
  return `{${text}}`;
}

const bodies = new WeakMap<object, string>();

/** What a flow does, as text: the same for what we send and for what OVS reports of it. */
export function flowBody({ cookie, idleTimeout, hardTimeout, instructions }: Flow): string {
  let body = bodies.get(instructions);
  if (body === undefined) {
    body = canonical(instructions);
    bodies.set(instructions, body);
  }
  return `${cookie} ${idleTimeout} ${hardTimeout} ${body}`;
}
