import { InvalidError } from "../errors/error.js";
import { type Field, fieldByHeader, fieldByName } from "../fields/registry.js";
import type { Action, ActionOf, ActionType, CopyFieldAction } from "../model/action.js";
import { Experimenter, Port } from "../model/constants.js";
import type { AnyFieldReference, FieldPosition, MatchField, Subfield } from "../model/match.js";
import type { RegMoveAction } from "../model/nicira-action.js";
import { type ActionVersion, OpenFlow15 } from "../version.js";
import { checkConntrack, conntrackMayNotHold, onlyInConntrack } from "./conntrack.js";

const badArgument = "OFPBAC_BAD_ARGUMENT";

/** What the check of an action depends on. */
export interface ActionContext {
  readonly version: ActionVersion;
  /** `ct`: the actions inside that. */
  readonly inside?: "ct";
}

function checkOutput(port: number): void {
  const reserved: readonly number[] = [
    Port.IN_PORT,
    Port.TABLE,
    Port.NORMAL,
    Port.FLOOD,
    Port.ALL,
    Port.CONTROLLER,
    Port.LOCAL,
  ];
  if (port >= Port.MAX && !reserved.includes(port)) {
    throw new InvalidError("OFPBAC_BAD_OUT_PORT", `output to port ${port}`);
  }
}

/** The field; also where its header says, without need, that a mask follows. */
function referenced(reference: AnyFieldReference | MatchField): Field {
  const field =
    reference.field === "unknown" ? fieldByHeader(reference)?.field : fieldByName(reference.field);
  if (!field) throw new InvalidError("OFPBAC_BAD_SET_TYPE", "a field that is not known here");
  return field;
}

/** `bits` bits of the field from its offset on have to be in it. */
export function checkBits(position: FieldPosition, bits: number): Field {
  const field = referenced(position);
  const width = field.variable ? 8 * field.bytes : field.bits;
  if (bits < 1 || position.offset + bits > width) {
    throw new InvalidError(
      "OFPBAC_BAD_SET_LEN",
      `bits ${position.offset} to ${position.offset + bits - 1} of ${field.name}, which has ${width}`,
    );
  }
  return field;
}

function checkWritable(field: Field, { inside }: ActionContext): void {
  if (field.readOnly || (onlyInConntrack.has(field.name) && inside !== "ct")) {
    throw new InvalidError("OFPBAC_BAD_SET_ARGUMENT", `${field.name} cannot be set here`);
  }
}

function checkDestination(position: FieldPosition, bits: number, context: ActionContext): void {
  checkWritable(checkBits(position, bits), context);
}

function checkLoad(destination: Subfield, value: bigint, context: ActionContext): void {
  checkDestination(destination, destination.bits, context);
  if (value >> BigInt(destination.bits) !== 0n) {
    throw new InvalidError(badArgument, `${value} does not fit ${destination.bits} bits`);
  }
}

function checkSetField(given: MatchField, context: ActionContext, masksAllowed: boolean): void {
  const field = referenced(given);
  if (given.field === "unknown") return;
  if (given.mask !== undefined && !masksAllowed) {
    throw new InvalidError(
      "OFPBAC_BAD_SET_MASK",
      `set_field of ${field.name} with a mask before OpenFlow 1.5`,
    );
  }
  checkWritable(field, context);
  if (given.mask !== undefined && (given.value & ~given.mask) !== 0n) {
    throw new InvalidError("OFPBMC_BAD_WILDCARDS", `${field.name} has a value outside its mask`);
  }
  if (!field.variable && given.value >> BigInt(field.bits) !== 0n) {
    throw new InvalidError("OFPBAC_BAD_SET_ARGUMENT", `${given.value} does not fit ${field.name}`);
  }
}

function checkRange(what: string, value: number, allowed: (value: number) => boolean): void {
  if (!allowed(value)) throw new InvalidError(badArgument, `${what} 0x${value.toString(16)}`);
}

const vlanTags = new Set([0x8100, 0x88a8]);
const mplsTags = new Set([0x8847, 0x8848]);
const maxClauses = 64;

function checkConjunction(clause: number, clauses: number): void {
  if (clauses < 2 || clauses > maxClauses || clause >= clauses) {
    throw new InvalidError("NXBAC_BAD_CONJUNCTION", `clause ${clause} (from 0) of ${clauses}`);
  }
}

function checkExperimenter(experimenter: number): void {
  const known = experimenter === Experimenter.NICIRA || experimenter === Experimenter.ONF;
  throw new InvalidError(
    known ? "OFPBAC_BAD_EXP_TYPE" : "OFPBAC_BAD_EXPERIMENTER",
    `an action of experimenter 0x${experimenter.toString(16)} that is not known here`,
  );
}

type Check<T extends ActionType> = (action: ActionOf<T>, context: ActionContext) => void;

const checks: { readonly [T in ActionType]?: Check<T> } = {
  output: ({ port }) => checkOutput(port),
  output_trunc: ({ port }) => checkOutput(port),
  enqueue: ({ port }) => checkOutput(port),
  set_field: ({ field }, context) => checkSetField(field, context, context.version >= OpenFlow15),
  reg_load2: ({ field }, context) => checkSetField(field, context, true),
  reg_load: ({ destination, value }, context) => checkLoad(destination, value, context),
  reg_move: checkCopy,
  copy_field: checkCopy,
  output_reg: ({ source }) => void checkBits(source, source.bits),
  stack_push: ({ subfield }) => void checkBits(subfield, subfield.bits),
  stack_pop: ({ subfield }, context) => checkDestination(subfield, subfield.bits, context),
  multipath: ({ destination }, context) => checkDestination(destination, destination.bits, context),
  check_pkt_larger: ({ destination }, context) => checkDestination(destination, 1, context),
  ct(action, context) {
    checkConntrack(action);
    checkActions(action.actions, { ...context, inside: "ct" });
  },
  clone: ({ actions }, context) => checkActions(actions, context),
  nat(_action, { inside }) {
    if (inside !== "ct") throw new InvalidError("OFPBAC_BAD_SET_ARGUMENT", "nat outside ct");
  },
  conjunction: ({ clause, clauses }) => checkConjunction(clause, clauses),
  set_vlan_vid: ({ vid }) => checkRange("VLAN", vid, (given) => given < 0x1000),
  set_vlan_pcp: ({ pcp }) => checkRange("VLAN priority", pcp, (given) => given < 8),
  set_nw_tos: ({ tos }) => checkRange("type of service", tos, (given) => (given & 3) === 0),
  set_nw_ecn: ({ ecn }) => checkRange("congestion notification", ecn, (given) => given < 4),
  push_vlan: ({ etherType }) => checkRange("a tag of type", etherType, (given) => vlanTags.has(given)),
  push_mpls: ({ etherType }) => checkRange("a label of type", etherType, (given) => mplsTags.has(given)),
  nx_push_mpls: ({ etherType }) => checkRange("a label of type", etherType, (given) => mplsTags.has(given)),
  write_metadata() {
    throw new InvalidError("OFPBIC_UNSUP_INST", "write_metadata among actions, where an instruction does it");
  },
  experimenter: ({ experimenter }) => checkExperimenter(experimenter),
};

function checkCopy(action: CopyFieldAction | RegMoveAction, context: ActionContext): void {
  checkBits(action.source, action.bits);
  checkDestination(action.destination, action.bits, context);
}

function checkAction(action: Action, context: ActionContext): void {
  if (context.inside === "ct" && conntrackMayNotHold(action)) {
    throw new InvalidError(badArgument, `${action.type} inside ct`);
  }
  // The check of this very type takes this very action.
  (checks[action.type] as Check<ActionType> | undefined)?.(action, context);
}

/** Throws an `InvalidError` if a switch such as OVS would refuse one of the actions. */
export function checkActions(actions: readonly Action[], context: ActionContext): void {
  for (const action of actions) checkAction(action, context);
}
