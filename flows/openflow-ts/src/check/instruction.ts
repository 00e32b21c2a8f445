import { InvalidError } from "../errors/error.js";
import type { Action, ActionType } from "../model/action.js";
import { Meter } from "../model/constants.js";
import type { Instruction } from "../model/instruction.js";
import { type ActionVersion, OpenFlow15 } from "../version.js";
import { checkActions } from "./action.js";

export interface InstructionContext {
  readonly version: ActionVersion;
  /** The table that the flow is in, 0 by default: it may go on to later ones only. */
  readonly table?: number;
}

/** In apply-actions OVS takes `write_metadata` as the instruction. */
const apart = (actions: readonly Action[]) => actions.filter((action) => action.type !== "write_metadata");

/** What OVS does not take in an action set, whose order it could not say. */
const onlyApplied: ReadonlySet<ActionType> = new Set<ActionType>([
  "bundle",
  "bundle_load",
  "check_pkt_larger",
  "clone",
  "conjunction",
  "controller",
  "controller2",
  "delete_field",
  "exit",
  "fin_timeout",
  "learn",
  "meter",
  "multipath",
  "note",
  "output_reg",
  "output_trunc",
  "pop_queue",
  "sample",
  "sample2",
  "sample3",
  "sample4",
  "stack_pop",
  "stack_push",
]);

function checkActionSet(actions: readonly Action[], context: InstructionContext): void {
  checkActions(actions, context);
  const wrong = actions.find(({ type }) => onlyApplied.has(type));
  if (wrong) throw new InvalidError("OFPBAC_BAD_TYPE", `${wrong.type} in an action set`);
}

function checkGoto(next: number, { table = 0 }: InstructionContext): void {
  if (next === 0xff || next <= table) {
    throw new InvalidError("OFPBIC_BAD_TABLE_ID", `from table ${table} to ${next}`);
  }
}

function checkMeter(meter: number, { version }: InstructionContext): void {
  if (version >= OpenFlow15) {
    throw new InvalidError("OFPBIC_UNKNOWN_INST", "the instruction meter; OpenFlow 1.5 has an action for it");
  }
  if (meter === 0 || meter > Meter.MAX) throw new InvalidError("OFPMMFC_INVALID_METER", `meter ${meter}`);
}

function checkInstruction(instruction: Instruction, context: InstructionContext): void {
  switch (instruction.type) {
    case "goto_table":
      checkGoto(instruction.table, context);
      break;
    case "apply_actions":
      checkActions(apart(instruction.actions), context);
      break;
    case "write_actions":
      checkActionSet(instruction.actions, context);
      break;
    case "meter":
      checkMeter(instruction.meter, context);
      break;
    case "stat_trigger":
      throw new InvalidError("OFPBIC_UNKNOWN_INST", "stat_trigger, which OVS does not have");
    case "experimenter":
      throw new InvalidError("OFPBIC_BAD_EXPERIMENTER", "an experimenter's instruction");
  }
}

/** Throws an `InvalidError` if a switch such as OVS would refuse the instructions. */
export function checkInstructions(instructions: readonly Instruction[], context: InstructionContext): void {
  const seen = new Set<string>();
  for (const instruction of instructions) {
    if (seen.has(instruction.type)) throw new InvalidError("OFPBIC_DUP_INST", `${instruction.type} twice`);
    seen.add(instruction.type);
    checkInstruction(instruction, context);
  }
}
