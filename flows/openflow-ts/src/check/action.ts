import { InvalidError } from "../errors/error.js";
import { type Field, fieldByHeader, fieldByName } from "../fields/registry.js";
import type { Action, ActionOf, ActionType, CopyFieldAction } from "../model/action.js";
import { Experimenter } from "../model/constants.js";
import type { AnyFieldReference, FieldPosition, MatchField, Subfield } from "../model/match.js";
import {
  type BundleAction,
  type LearnAction,
  LearnFlag,
  type RegMoveAction,
} from "../model/nicira-action.js";
import { type ActionVersion, OpenFlow15 } from "../version.js";
import { checkBundle, checkHeaderType, checkMultipath, checkSample } from "./choice.js";
import { checkConntrack, checkForce, checkNat, onlyInConntrack } from "./conntrack.js";
import { checkEnqueue, checkOutput } from "./port.js";

const badArgument = "OFPBAC_BAD_ARGUMENT";

/** What the check of an action depends on. */
export interface ActionContext {
  readonly version: ActionVersion;
  /** `ct`: the actions inside that. */
  readonly inside?: "ct";
}

const setType = "OFPBAC_BAD_SET_TYPE";
/** What OVS answers where an action has a field's whole header, with an experimenter's identifier. */
const badField = "OFPBMC_BAD_FIELD";

/** The field; also where its header says, without need, that a mask follows. `unknown`: the error if there is none. */
function referenced(reference: AnyFieldReference | MatchField, unknown = setType): Field {
  const field =
    reference.field === "unknown" ? fieldByHeader(reference)?.field : fieldByName(reference.field);
  if (!field) throw new InvalidError(unknown, "a field that is not known here");
  return field;
}

/** `bits` bits of the field from its offset on have to be in it. */
export function checkBits(position: FieldPosition, bits: number, unknown = setType): Field {
  const field = referenced(position, unknown);
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

function checkDestination(
  position: FieldPosition,
  bits: number,
  context: ActionContext,
  unknown?: string,
): void {
  checkWritable(checkBits(position, bits, unknown), context);
}

function checkLoad(destination: Subfield, value: bigint, context: ActionContext): void {
  checkDestination(destination, destination.bits, context);
  if (value >> BigInt(destination.bits) !== 0n) {
    throw new InvalidError(badArgument, `${value} does not fit ${destination.bits} bits`);
  }
}

/** What the actions that set a field have in common; Nicira's does not ask whether the value fits. */
function checkField(given: MatchField, context: ActionContext, masksAllowed: boolean): Field {
  const field = referenced(given);
  if (given.field === "unknown") return field;
  if (given.mask !== undefined && (given.value & ~given.mask) !== 0n) {
    throw new InvalidError("OFPBMC_BAD_WILDCARDS", `${field.name} has a value outside its mask`);
  }
  if (given.mask !== undefined && !masksAllowed) {
    throw new InvalidError(
      "OFPBAC_BAD_SET_MASK",
      `set_field of ${field.name} with a mask before OpenFlow 1.5`,
    );
  }
  checkWritable(field, context);
  return field;
}

/** OVS has no more of the 16. */
const arpOperationBits = 8;

function checkSetField(given: MatchField, context: ActionContext): void {
  const field = checkField(given, context, context.version >= OpenFlow15);
  if (given.field === "unknown") return;
  const bits = field.name === "arp_op" ? arpOperationBits : field.bits;
  if (!field.variable && given.mask === undefined && given.value >> BigInt(bits) !== 0n) {
    throw new InvalidError("OFPBAC_BAD_SET_ARGUMENT", `${given.value} does not fit ${field.name}`);
  }
}

function checkRange(what: string, value: number, allowed: (value: number) => boolean): void {
  if (!allowed(value)) throw new InvalidError(badArgument, `${what} 0x${value.toString(16)}`);
}

const narrowest = 16;

function checkBundleLoad({ destination, ports }: BundleAction, context: ActionContext): void {
  if (!destination || destination.bits < narrowest) {
    throw new InvalidError(badArgument, `bundle_load needs a destination of at least ${narrowest} bits`);
  }
  checkDestination(destination, destination.bits, context);
  for (const port of ports) checkOutput(port);
}

const allTables = 0xff;
const learnFlags = LearnFlag.SEND_FLOW_REM | LearnFlag.DELETE_LEARNED;

function checkLearn({ table, flags, limit, result, specs }: LearnAction, context: ActionContext): void {
  const known = limit === undefined ? learnFlags : learnFlags | LearnFlag.WRITE_RESULT;
  if (table === allTables || (flags & ~known) !== 0) {
    throw new InvalidError(badArgument, `learn to table ${table} with the flags 0x${flags.toString(16)}`);
  }
  // Whether the bits are in the fields OVS looks at when it has the flow.
  if (result) checkWritable(referenced(result, badField), { ...context, inside: "ct" });
  for (const spec of specs) {
    if ("from" in spec) referenced(spec.from);
    else if (spec.kind === "output") throw new InvalidError(badArgument, "learn of an output to a number");
    if (spec.kind !== "output") referenced(spec.to);
  }
}

const ethernetHeader = 14;
const vlanTags = new Set([0x8100, 0x88a8]);
const mplsTags = new Set([0x8847, 0x8848]);
const maxClauses = 64;

function checkConjunction(clause: number, clauses: number): void {
  if (clauses < 2 || clauses > maxClauses || clause >= clauses) {
    throw new InvalidError("NXBAC_BAD_CONJUNCTION", `clause ${clause} (from 0) of ${clauses}`);
  }
}

function checkExperimenter({ experimenter, data }: ActionOf<"experimenter">): void {
  const known = experimenter === Experimenter.NICIRA || experimenter === Experimenter.ONF;
  if (known && data.length === 0) throw new InvalidError("OFPBAC_BAD_LEN", "an extension without a type");
  throw new InvalidError(
    known ? "OFPBAC_BAD_EXP_TYPE" : "OFPBAC_BAD_EXPERIMENTER",
    `an action of experimenter 0x${experimenter.toString(16)} that is not known here`,
  );
}

type Check<T extends ActionType> = (action: ActionOf<T>, context: ActionContext) => void;

const checks: { readonly [T in ActionType]?: Check<T> } = {
  output: ({ port }) => checkOutput(port),
  output_trunc: ({ maxLength }) =>
    checkRange("a packet cut to the length", maxLength, (given) => given >= ethernetHeader),
  enqueue: ({ port }) => checkEnqueue(port),
  set_field: ({ field }, context) => checkSetField(field, context),
  reg_load2: ({ field }, context) => void checkField(field, context, true),
  reg_load: ({ destination, value }, context) => checkLoad(destination, value, context),
  reg_move: checkCopy,
  copy_field: checkCopy,
  output_reg: ({ source, extended }) => void checkBits(source, source.bits, extended ? badField : setType),
  stack_push: ({ subfield }) => void checkBits(subfield, subfield.bits, badField),
  stack_pop: ({ subfield }, context) => checkDestination(subfield, subfield.bits, context, badField),
  multipath(action, context) {
    checkMultipath(action);
    checkDestination(action.destination, action.destination.bits, context);
  },
  bundle: checkBundle,
  bundle_load: checkBundleLoad,
  check_pkt_larger: ({ destination }, context) =>
    checkDestination(destination, 1, { ...context, inside: "ct" }, badField),
  delete_field: ({ field }) => void referenced(field, badField),
  learn: checkLearn,
  sample: checkSample,
  sample2: checkSample,
  sample3: checkSample,
  encap: ({ packetType }) => checkHeaderType(packetType),
  ct(action, context) {
    checkForce(action);
    if (typeof action.zone !== "number") checkBits(action.zone, action.zone.bits);
    checkActions(action.actions, { ...context, inside: "ct" });
    checkConntrack(action);
  },
  clone: ({ actions }, context) => checkActions(actions, context),
  nat(action, { inside }) {
    checkNat(action);
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
  write_metadata(_action, { inside }) {
    if (inside === "ct") throw new InvalidError(badArgument, "write_metadata inside ct");
    throw new InvalidError("OFPBIC_UNSUP_INST", "write_metadata among actions, where an instruction does it");
  },
  experimenter: checkExperimenter,
  copy_ttl_in: unsupported,
  copy_ttl_out: unsupported,
  push_pbb: unsupported,
  pop_pbb: unsupported,
};

function checkCopy(action: CopyFieldAction | RegMoveAction, context: ActionContext): void {
  checkBits(action.source, action.bits, badField);
  checkDestination(action.destination, action.bits, context, badField);
}

/** OpenFlow has them, OVS does not. */
function unsupported({ type }: Action): void {
  throw new InvalidError("OFPBAC_BAD_TYPE", `${type}, which OVS does not have`);
}

function checkAction(action: Action, context: ActionContext): void {
  // The check of this very type takes this very action.
  (checks[action.type] as Check<ActionType> | undefined)?.(action, context);
}

/** Throws an `InvalidError` if a switch such as OVS would refuse one of the actions. */
export function checkActions(actions: readonly Action[], context: ActionContext): void {
  for (const action of actions) checkAction(action, context);
}
