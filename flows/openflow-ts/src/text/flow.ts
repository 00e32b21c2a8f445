import { hex } from "../fields/hexadecimal.js";
import { FlowFlag } from "../model/constants.js";
import type { FlowDescription } from "../model/flow.js";
import type { Instruction } from "../model/instruction.js";
import { formatActions } from "./action.js";
import { formatMatch } from "./match.js";
import { formatMetadata } from "./nicira-action.js";

/** The order in which a switch executes instructions, which is that in which they are written. */
const order = ["meter", "apply_actions", "clear_actions", "write_actions", "write_metadata", "goto_table"];

function formatInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case "goto_table":
      return `goto_table:${instruction.table}`;
    case "write_metadata":
      return formatMetadata(instruction.metadata, instruction.mask);
    case "apply_actions":
      return formatActions(instruction.actions);
    case "write_actions":
      return `write_actions(${formatActions(instruction.actions)})`;
    case "clear_actions":
      return "clear_actions";
    case "meter":
      return `meter:${instruction.meter}`;
    case "stat_trigger":
      return "stat_trigger";
    case "experimenter":
      return `experimenter(${hex(instruction.experimenter)})`;
  }
}

/** Instructions as `ovs-ofctl` writes them, in the order of their execution. */
export function formatInstructions(instructions: readonly Instruction[]): string {
  const rank = ({ type }: Instruction) => (order.indexOf(type) + order.length + 1) % (order.length + 1);
  const sorted = instructions
    .filter((instruction) => instruction.type !== "apply_actions" || instruction.actions.length > 0)
    .sort((a, b) => rank(a) - rank(b));
  return sorted.length === 0 ? "drop" : sorted.map(formatInstruction).join(",");
}

const flagNames = [
  [FlowFlag.SEND_FLOW_REM, "send_flow_rem"],
  [FlowFlag.CHECK_OVERLAP, "check_overlap"],
  [FlowFlag.RESET_COUNTS, "reset_counts"],
  [FlowFlag.NO_PKT_COUNTS, "no_packet_counts"],
  [FlowFlag.NO_BYT_COUNTS, "no_byte_counts"],
] as const;

/** A flow as `ovs-ofctl add-flow` reads it. */
export function formatFlow(
  flow: Pick<FlowDescription, "table" | "priority" | "cookie" | "match" | "instructions"> &
    Partial<Pick<FlowDescription, "idleTimeout" | "hardTimeout" | "importance" | "flags">>,
): string {
  const parts = [
    ...(flow.cookie === 0n ? [] : [`cookie=${hex(flow.cookie)}`]),
    `table=${flow.table}`,
    ...(flow.idleTimeout ? [`idle_timeout=${flow.idleTimeout}`] : []),
    ...(flow.hardTimeout ? [`hard_timeout=${flow.hardTimeout}`] : []),
    ...(flow.importance ? [`importance=${flow.importance}`] : []),
    ...flagNames.filter(([flag]) => ((flow.flags ?? 0) & flag) !== 0).map(([, name]) => name),
    `priority=${flow.priority}`,
    ...(flow.match.length > 0 ? [formatMatch(flow.match)] : []),
  ];
  return `${parts.join(",")} actions=${formatInstructions(flow.instructions)}`;
}
