import type { Action, FieldMatch, FlowMod, Instruction } from "openflow-ts";

/** A flow as the pipeline wants it on the switch. */
export type Flow = Pick<
  FlowMod,
  "table" | "priority" | "cookie" | "idleTimeout" | "hardTimeout" | "match" | "instructions"
>;

/** A lasting flow. */
export function flow(
  table: number,
  priority: number,
  cookie: bigint,
  match: readonly FieldMatch[],
  instructions: readonly Instruction[],
): Flow {
  return { table, priority, cookie, idleTimeout: 0, hardTimeout: 0, match, instructions };
}

/** Does actions at once. */
export const apply = (...actions: readonly Action[]): readonly Instruction[] => [
  { type: "apply_actions", actions },
];
