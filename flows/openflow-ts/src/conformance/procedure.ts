import { checkActions } from "../check/action.js";
import { checkInstructions } from "../check/instruction.js";
import { checkMatch } from "../check/match.js";
import { checkMessage } from "../check/message.js";
import { ParseError } from "../errors/error.js";
import { matchKey } from "../fields/canonical.js";
import { decode, encode } from "../messages/message.js";
import { actionList, instructionList, matchFieldList, matchStructure } from "../messages/part.js";
import type { Match } from "../model/match.js";
import { formatActions } from "../text/action.js";
import { formatInstructions } from "../text/flow.js";
import { formatOxm, parseOxm } from "../text/oxm.js";
import { type ActionVersion, isVersion } from "../version.js";

/** What has been made of the bytes of a row. */
export interface Outcome {
  /** The bytes again. */
  readonly again: Uint8Array;
  /** In the form in which OVS prints it. */
  readonly text?: string;
  /** Whether a text of OVS's says the same; undefined where it is not of a form that is read here. */
  readonly says?: (text: string) => boolean | undefined;
}

/** Decodes; with `strict` also refuses what no switch would take. */
export type Procedure = (bytes: Uint8Array, strict: boolean) => Outcome;

export function actions(version: ActionVersion, asInstructions: boolean): Procedure {
  return (bytes, strict) => {
    const value = actionList.decode(bytes, version);
    // OpenFlow 1.0 has no instructions; what others express by them is among the actions there.
    if (strict && !asInstructions) checkActions(value, { version });
    const text = `actions=${formatActions(value)}`;
    return { again: actionList.encode(value, version), text, says: (given) => sameActions(text, given) };
  };
}

/** `table`: which the instructions are in. */
export function instructions(version: ActionVersion, table: number | undefined): Procedure {
  return (bytes, strict) => {
    const value = instructionList.decode(bytes, version);
    if (strict) checkInstructions(value, { version, ...(table !== undefined && { table }) });
    const text = `actions=${formatInstructions(value)}`;
    return { again: instructionList.encode(value, version), text, says: (given) => sameActions(text, given) };
  };
}

function sameActions(text: string, given: string): boolean | undefined {
  // OVS writes these two in the manner of the version that they came in.
  const plain = (actions: string) => actions.trim().replaceAll("mod_vlan_", "set_vlan_");
  return /^actions=/.test(given) ? plain(text) === plain(given) : undefined;
}

/** `struct ofp_match` begins with its type, 1, and its length; otherwise the fields stand alone. */
function isStructure(bytes: Uint8Array): boolean {
  const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  return bytes[0] === 0 && bytes[1] === 1 && Math.ceil(length / 8) * 8 === bytes.length;
}

export function match(version: ActionVersion): Procedure {
  return (bytes, strict) => {
    const codec = isStructure(bytes) ? matchStructure : matchFieldList;
    const value = codec.decode(bytes, version);
    if (strict) checkMatch(value);
    return {
      again: codec.encode(value, version),
      text: formatOxm(value, version),
      says: (given) => sameMatch(value, given, version),
    };
  };
}

function sameMatch(value: Match, given: string, version: ActionVersion): boolean | undefined {
  try {
    return matchKey(parseOxm(given, version)) === matchKey(value);
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

export const message: Procedure = (bytes, strict) => {
  const envelope = decode(bytes);
  if (strict && isVersion(envelope.version)) checkMessage(envelope.message, envelope.version);
  return { again: encode(envelope) };
};
