import type { Action, FieldMatch, FlowMod } from "openflow-ts";

/** A flow as the pipeline wants it on the switch. */
export type Flow = Pick<
  FlowMod,
  "table" | "priority" | "cookie" | "idleTimeout" | "hardTimeout" | "match" | "instructions"
>;

/** A lasting flow that does `actions` at once. */
export function flow(
  table: number,
  priority: number,
  cookie: bigint,
  match: readonly FieldMatch[],
  actions: readonly Action[],
): Flow {
  return {
    table,
    priority,
    cookie,
    idleTimeout: 0,
    hardTimeout: 0,
    match,
    instructions: [{ type: "apply_actions", actions }],
  };
}
