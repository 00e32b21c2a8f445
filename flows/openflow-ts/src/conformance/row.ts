import { checkActions } from "../check/action.js";
import { checkInstructions } from "../check/instruction.js";
import { checkMatch } from "../check/match.js";
import { checkMessage } from "../check/message.js";
import { OpenFlowLibraryError } from "../errors/error.js";
import { decode, decodeHeader, encode } from "../messages/message.js";
import {
  actionList,
  instructionList,
  matchFieldList,
  matchStructure,
  type PartCodec,
} from "../messages/part.js";
import type { Match } from "../model/match.js";
import { formatActions } from "../text/action.js";
import { formatInstructions } from "../text/flow.js";
import { type ActionVersion, isVersion, versionName } from "../version.js";
import type { Checker } from "./run.js";

/**
 * A line of a vector file: the bytes of a message, or of a part of one (`kind`: actions, instructions, or a match) in
 * a version of OpenFlow, and what is to come of them.
 */
export interface OpenFlowRow {
  readonly hex: string;
  readonly kind?: string;
  /** "OpenFlow13"; for messages the header says it. */
  readonly openflow?: string;
  /** What OVS prints. */
  readonly text?: string;
  /** The error that these bytes have to give. */
  readonly error?: string;
  /** The message was cut off. */
  readonly truncated?: unknown;
  /** OVS itself writes these bytes in another way. */
  readonly reencode_notes?: readonly string[];
}

export type Verdict =
  | { readonly result: "passed" }
  | { readonly result: "failed"; readonly reason: string }
  /** Outside of what is built here, and why. */
  | { readonly result: "excused"; readonly reason: string };

const passed: Verdict = { result: "passed" };
const failed = (reason: string): Verdict => ({ result: "failed", reason });

/** Messages that OVS takes and that are none, by the start of their bytes. */
const knownWrong: readonly { readonly start: string; readonly reason: string }[] = [
  {
    start: "06120060000000040002000000000000ff000000ffffffffffffffff",
    reason:
      "OVS ignores what stands behind the match of an aggregate request; OpenFlow 1.5 has nothing there",
  },
];

/** Whether a line is one of these. */
export function isOpenFlowRow(row: unknown): row is OpenFlowRow {
  return typeof row === "object" && row !== null && "hex" in row && typeof row.hex === "string";
}

/** What is done with the bytes of one kind of row. */
interface Procedure {
  /** Decodes; with `strict` also refuses what no switch would take. Gives the bytes again and the text. */
  run(strict: boolean): { readonly again: Uint8Array; readonly text?: string };
}

function versionOf({ openflow }: OpenFlowRow): ActionVersion {
  const digit = /1\.?([0-5])$/.exec(openflow ?? "OpenFlow13")?.[1];
  return (Number(digit ?? 3) + 1) as ActionVersion;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ""), "hex"));
}

/** OVS's tests write the table that instructions are in as a digit in front of them. */
function tableOf(hex: string): { table?: number; rest: string } {
  return hex.length % 2 === 1 ? { table: Number(hex[0]), rest: hex.slice(1) } : { rest: hex };
}

function actionProcedure(row: OpenFlowRow, version: ActionVersion, asInstructions: boolean): Procedure {
  const bytes = bytesOf(row.hex);
  return {
    run(strict) {
      const value = actionList.decode(bytes, version);
      // OpenFlow 1.0 has no instructions; what others express by them is among the actions there.
      if (strict && !asInstructions) checkActions(value, { version });
      return { again: actionList.encode(value, version), text: `actions=${formatActions(value)}` };
    },
  };
}

function instructionProcedure(row: OpenFlowRow, version: ActionVersion): Procedure {
  const { table, rest } = tableOf(row.hex);
  const bytes = bytesOf(rest);
  return {
    run(strict) {
      const value = instructionList.decode(bytes, version);
      if (strict) checkInstructions(value, { version, ...(table !== undefined && { table }) });
      return { again: instructionList.encode(value, version), text: `actions=${formatInstructions(value)}` };
    },
  };
}

/** `struct ofp_match` begins with its type, 1, and its length; otherwise the fields stand alone. */
function isStructure(bytes: Uint8Array): boolean {
  const length = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  return bytes[0] === 0 && bytes[1] === 1 && Math.ceil(length / 8) * 8 === bytes.length;
}

function matchProcedure(row: OpenFlowRow, version: ActionVersion): Procedure {
  const bytes = bytesOf(row.hex);
  const codec: PartCodec<Match> = isStructure(bytes) ? matchStructure : matchFieldList;
  return {
    run(strict) {
      const value = codec.decode(bytes, version);
      if (strict) checkMatch(value);
      return { again: codec.encode(value, version) };
    },
  };
}

function messageProcedure(row: OpenFlowRow): Procedure {
  const bytes = bytesOf(row.hex);
  return {
    run(strict) {
      const envelope = decode(bytes);
      if (strict && isVersion(envelope.version)) checkMessage(envelope.message, envelope.version);
      return { again: encode(envelope) };
    },
  };
}

function procedureOf(row: OpenFlowRow): Procedure {
  const kind = row.kind ?? "message";
  const version = versionOf(row);
  if (kind.startsWith("instruction") && version > 1) return instructionProcedure(row, version);
  if (/^(action|instruction)/.test(kind))
    return actionProcedure(row, version, kind.startsWith("instruction"));
  return /match|oxm|nxm/i.test(kind) ? matchProcedure(row, version) : messageProcedure(row);
}

/** OVS writes these two in the manner of the version that they came in. */
const sameText = (text: string) => text.trim().replaceAll("mod_vlan_", "set_vlan_");

/** Texts in the form that is written here; OVS prints whole messages and matches in ways of its own. */
const comparable = /^actions=/;

function checkGood(row: OpenFlowRow, procedure: Procedure): Verdict {
  const { again, text } = procedure.run(isPart(row) && row.text !== undefined);
  const given = row.text?.trim();
  if (
    text !== undefined &&
    given !== undefined &&
    comparable.test(given) &&
    sameText(text) !== sameText(given)
  ) {
    return failed(`read as "${text}", not as "${given}"`);
  }
  const hex = Buffer.from(again).toString("hex");
  const wanted = tableOf(row.hex.replace(/\s+/g, "").toLowerCase()).rest;
  if (hex === wanted) return passed;
  // Padding that is not zero is not kept; OVS does not keep it either.
  if (row.reencode_notes && hex.length === wanted.length) return passed;
  return failed(`encoded again as ${hex}`);
}

function excuse(row: OpenFlowRow): Verdict | undefined {
  const wrong = knownWrong.find(({ start }) => row.hex.startsWith(start));
  if (wrong) return { result: "excused", reason: wrong.reason };
  if (isPart(row) || row.hex.length < 16) return undefined;
  const { version, type } = decodeHeader(bytesOf(row.hex));
  const common = type <= 3;
  if (common || isVersion(version)) return undefined;
  const reason = `a message of OpenFlow ${versionName(version)}; 1.3, 1.4 and 1.5 are spoken`;
  return { result: "excused", reason };
}

/** Part of a message, by the row's kind. */
function isPart(row: OpenFlowRow): boolean {
  return /action|instruction|match|oxm|nxm/i.test(row.kind ?? "");
}

/** How OVS says that bytes are no message, or not one whole. */
const refusal = /\*\*\*(decode error|truncated|only uses)|OpenFlow (packet too short|message is empty)/;

/** The error that a row wants: said so, by truncation, or in what OVS prints. */
function wantsError(row: OpenFlowRow): boolean {
  return row.error !== undefined || row.truncated !== undefined || refusal.test(row.text ?? "");
}

/** Does with a row what it is for. Never throws. */
export function checkOpenFlowRow(row: OpenFlowRow): Verdict {
  const hostile = wantsError(row);
  try {
    const excused = hostile ? undefined : excuse(row);
    if (excused) return excused;
    const procedure = procedureOf(row);
    if (!hostile) return checkGood(row, procedure);
    procedure.run(true);
    return failed(`taken, where ${row.error ?? "an error"} is wanted`);
  } catch (error) {
    const typed = error instanceof OpenFlowLibraryError;
    if (!typed)
      return failed(`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return hostile ? passed : failed(error.message);
  }
}

/** The rows of OpenFlow for `runConformance`. */
export const openFlowRows: Checker = {
  accepts: isOpenFlowRow,
  check: (row) => (isOpenFlowRow(row) ? checkOpenFlowRow(row) : failed("no row of OpenFlow")),
};
