import { actions } from "../actions/action.js";
import { match, matchFields } from "../fields/oxm.js";
import { instructions } from "../instructions/instruction.js";
import type { Action } from "../model/action.js";
import type { Instruction } from "../model/instruction.js";
import type { Match } from "../model/match.js";
import type { ActionVersion } from "../version.js";
import type { Codec } from "../wire/codec.js";
import { Reader } from "../wire/reader.js";
import { Writer } from "../wire/writer.js";

/** Parts of messages by themselves: what captures, other tools and tests hold. */
export interface PartCodec<T> {
  /** Throws a `DecodeError` unless exactly these bytes are one. */
  decode(bytes: Uint8Array, version: ActionVersion): T;
  /** Throws an `EncodeError` for what the version does not have. */
  encode(value: T, version: ActionVersion): Uint8Array;
}

function part<T>(codec: Codec<T>, lengthError: string): PartCodec<T> {
  return {
    decode(bytes, version) {
      const reader = new Reader(bytes, version, lengthError);
      const value = codec.read(reader);
      reader.end();
      return value;
    },
    encode(value, version) {
      const writer = new Writer(version);
      codec.write(writer, value);
      return writer.finish();
    },
  };
}

/** A list of actions, also as OpenFlow 1.0 to 1.2 have them. */
export const actionList: PartCodec<readonly Action[]> = part(actions, "OFPBAC_BAD_LEN");

/** A list of instructions, also as OpenFlow 1.1 and 1.2 have them. */
export const instructionList: PartCodec<readonly Instruction[]> = part(instructions, "OFPBIC_BAD_LEN");

/** `struct ofp_match` with its padding. */
export const matchStructure: PartCodec<Match> = part(match, "OFPBMC_BAD_LEN");

/** OXM or NXM fields one after the other. */
export const matchFieldList: PartCodec<Match> = part(matchFields, "OFPBMC_BAD_LEN");
