import { type FieldMatch, type FieldName, fieldByName, type Match, type MatchField } from "openflow-ts";

type Fields = Map<string, { value: bigint; mask: bigint }>;

const REGISTER_BITS = 32n;
const REGISTER_MASK = 0xffffffffn;

const ones = (field: FieldName) => (1n << BigInt(fieldByName(field)!.bits)) - 1n;

/** OVS reports a match on `reg15` as one on `xreg7`, the pair of `reg14` and `reg15`. */
function registers({
  field,
  value,
  mask,
}: Required<Pick<FieldMatch, "field" | "value" | "mask">>): FieldMatch[] {
  const pair = /^xreg(\d)$/.exec(field);
  if (!pair) return [{ field, value, mask }];
  const first = 2 * Number(pair[1]);
  return [
    { field: `reg${first}`, value: value >> REGISTER_BITS, mask: mask >> REGISTER_BITS },
    { field: `reg${first + 1}`, value: value & REGISTER_MASK, mask: mask & REGISTER_MASK },
  ];
}

function addField(fields: Fields, part: MatchField): void {
  if (part.field === "unknown") {
    fields.set(`unknown ${part.class}/${part.number}/${Buffer.from(part.data).toString("hex")}`, {
      value: 0n,
      mask: 0n,
    });
    return;
  }
  for (const { field, value, mask = ones(field) } of registers({
    ...part,
    mask: part.mask ?? ones(part.field),
  })) {
    if (mask !== 0n) fields.set(field, { value: value & mask, mask });
  }
}

/** What a match matches, as text: the same for all ways of writing the same match. */
export function matchKey(match: Match): string {
  const fields: Fields = new Map();
  for (const part of match) addField(fields, part);
  return [...fields]
    .map(([field, { value, mask }]) => `${field}=${value.toString(16)}/${mask.toString(16)}`)
    .sort()
    .join();
}

/** What makes a flow that flow and no other (OpenFlow 1.5.1 §5.2): table, priority and match. */
export function flowKey(flow: {
  readonly table: number;
  readonly priority: number;
  readonly match: Match;
}): string {
  return `${flow.table} ${flow.priority} ${matchKey(flow.match)}`;
}
