import { type Action, type FieldMatch, type FieldName, fieldByName, type MatchField } from "openflow-ts";
import type { Flow } from "./flow.js";
import { TABLE_ZERO } from "./layout.js";
import type { Pipeline } from "./pipeline.js";

/** The fields that a packet has; registers begin with 0. */
export type Packet = ReadonlyMap<FieldName, bigint>;

export interface Walk {
  /** The flows that the packet meets, in this order. */
  readonly flows: readonly Flow[];
  /** Where they send it: to the plugin's port, its controller, the bridge's own flows, or nowhere. */
  readonly to: "plugin" | "controller" | "bridge" | "nowhere";
}

const ones = (bits: number) => (1n << BigInt(bits)) - 1n;

function isKnown(match: MatchField): match is FieldMatch {
  return match.field !== "unknown";
}

/**
 * Follows a new connection's packet through our flows, with the canary's link up and the lease given: for saying why
 * something is so. It ends where the packet leaves our flows.
 */
export function walk(packet: Packet, { flows, lease }: Pipeline): Walk {
  const fields = new Map(packet);
  const met: Flow[] = [];
  let to: Walk["to"] = "nowhere";

  const write = (field: FieldName, value: bigint, mask: bigint) =>
    fields.set(field, ((fields.get(field) ?? 0n) & ~mask) | value);
  const load = (field: string, offset: number, bits: number, value: bigint) =>
    write(field as FieldName, value << BigInt(offset), ones(bits) << BigInt(offset));
  const matches = (part: MatchField) => {
    if (!isKnown(part)) return false;
    const { field, value, mask = ones(fieldByName(field)!.bits) } = part;
    const has = field.startsWith("reg") ? (fields.get(field) ?? 0n) : fields.get(field);
    return has !== undefined && (has & mask) === value;
  };

  const perform = (action: Action) => {
    if (action.type === "resubmit") lookUp(action.table!);
    else if (action.type === "output") to = "plugin";
    else if (action.type === "controller") to = "controller";
    else if (action.type === "set_field" && isKnown(action.field)) {
      const { field, value, mask = ones(fieldByName(field)!.bits) } = action.field;
      write(field, value, mask);
    } else if (action.type === "bundle_load") {
      const { field, offset, bits } = action.destination!;
      load(field, offset, bits, BigInt(action.ports[0]!));
    }
  };
  const lookUp = (table: number) => {
    if (table === lease.table) {
      for (const spec of lease.specs) {
        if (spec.kind === "load" && "value" in spec)
          load(spec.to.field, spec.to.offset, spec.bits, spec.value);
      }
      return;
    }
    const [flow] = flows
      .filter((candidate) => candidate.table === table && candidate.match.every(matches))
      .sort((a, b) => b.priority - a.priority);
    if (!flow) {
      if (table === TABLE_ZERO) to = "bridge";
      return;
    }
    met.push(flow);
    for (const instruction of flow.instructions) {
      if (instruction.type === "apply_actions") instruction.actions.forEach(perform);
    }
  };
  lookUp(TABLE_ZERO);
  return { flows: met, to };
}
