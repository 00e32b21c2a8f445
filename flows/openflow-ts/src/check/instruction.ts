import { InvalidError } from "../errors/error.js";
import type { Action } from "../model/action.js";
import type { Instruction } from "../model/instruction.js";
import type { ActionVersion } from "../version.js";
import { checkActions } from "./action.js";

export interface InstructionContext {
  readonly version: ActionVersion;
  /** The table that the flow is in: it may go on to later ones only. */
  readonly table?: number;
}

/** In apply-actions OVS takes `write_metadata` as the instruction. */
const apart = (actions: readonly Action[]) => actions.filter((action) => action.type !== "write_metadata");

/** Throws an `InvalidError` if a switch such as OVS would refuse the instructions. */
export function checkInstructions(instructions: readonly Instruction[], context: InstructionContext): void {
  const seen = new Set<string>();
  for (const instruction of instructions) {
    if (seen.has(instruction.type)) throw new InvalidError("OFPBIC_DUP_INST", `${instruction.type} twice`);
    seen.add(instruction.type);
    switch (instruction.type) {
      case "goto_table":
        if (
          instruction.table === 0xff ||
          (context.table !== undefined && instruction.table <= context.table)
        ) {
          throw new InvalidError(
            "OFPBIC_BAD_TABLE_ID",
            `from table ${context.table ?? "?"} to ${instruction.table}`,
          );
        }
        break;
      case "apply_actions":
        checkActions(apart(instruction.actions), context);
        break;
      case "write_actions":
        checkActions(instruction.actions, context);
        break;
      case "experimenter":
        throw new InvalidError("OFPBIC_BAD_EXPERIMENTER", "an experimenter's instruction");
    }
  }
}
