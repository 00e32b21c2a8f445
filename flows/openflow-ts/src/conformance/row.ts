import { OpenFlowLibraryError } from "../errors/error.js";
import { decodeHeader } from "../messages/message.js";
import { matchFieldList } from "../messages/part.js";
import { parseOxm } from "../text/oxm.js";
import { type ActionVersion, isVersion, versionName } from "../version.js";
import * as procedures from "./procedure.js";
import type { Checker } from "./run.js";
import { excused, failed, passed, type Verdict } from "./verdict.js";

/**
 * A line of a vector file: the bytes of a message, or of a part of one (`kind`: actions, instructions, or a match) in
 * a version of OpenFlow, and what is to come of them.
 */
export interface OpenFlowRow {
  /** Digits, with spaces anywhere. Only a match may do without them, which is then read from `input`. */
  readonly hex?: string;
  /** `message` and others for messages. */
  readonly kind?: string;
  /** "OpenFlow13", "1.3"; for messages the header says it. */
  readonly openflow?: string;
  /** As the header has it: 4 for OpenFlow 1.3. */
  readonly version?: number;
  /** A match as `ovs-ofctl parse-oxm` reads it. */
  readonly input?: string;
  /** What OVS prints, in one string or by its lines. */
  readonly text?: string | readonly string[];
  /** The error that these bytes have to give; anything but its name says that there is to be one. */
  readonly error?: unknown;
  /** The message was cut off. */
  readonly truncated?: unknown;
  /** OVS itself writes these bytes in another way. */
  readonly reencode_notes?: readonly string[];
}

type Part = "actions" | "instructions" | "match" | "message";

function textOf({ text }: OpenFlowRow): string | undefined {
  return typeof text === "string" ? text.trim() : text?.join("\n").trim();
}

/** What a row's bytes are. */
function partOf(row: OpenFlowRow): Part {
  const { kind } = row;
  if (/instruction/i.test(kind ?? "")) return "instructions";
  if (/action/i.test(kind ?? "")) return "actions";
  if (/match|oxm|nxm/i.test(kind ?? "")) return "match";
  return kind === undefined && textOf(row)?.startsWith("actions=") ? "actions" : "message";
}

/** Whether a line is one of these. */
export function isOpenFlowRow(row: unknown): row is OpenFlowRow {
  if (typeof row !== "object" || row === null) return false;
  if ("hex" in row) return typeof row.hex === "string";
  return "input" in row && typeof row.input === "string" && partOf(row as OpenFlowRow) === "match";
}

/** OpenFlow 1.3, where a row does not say. */
function versionOf({ openflow, version }: OpenFlowRow): ActionVersion {
  const digit = /1\.?([0-5])$/.exec(openflow ?? "")?.[1];
  if (digit !== undefined) return (Number(digit) + 1) as ActionVersion;
  return version !== undefined && version >= 1 && version <= 6 ? (version as ActionVersion) : 4;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** OVS's tests write the table that instructions are in as a digit in front of them. */
function tableOf(hex: string): { table?: number; rest: string } {
  return hex.length % 2 === 1 ? { table: Number(hex[0]), rest: hex.slice(1) } : { rest: hex };
}

/** The digits that a row is about. Throws a `ParseError` for an input that is no match. */
function digitsOf(row: OpenFlowRow): { table?: number; rest: string } {
  if (row.hex !== undefined) {
    const digits = row.hex.replace(/\s+/g, "").toLowerCase();
    return partOf(row) === "instructions" ? tableOf(digits) : { rest: digits };
  }
  const version = versionOf(row);
  const bytes = matchFieldList.encode(parseOxm(row.input ?? "", version), version);
  return { rest: Buffer.from(bytes).toString("hex") };
}

function procedureOf(row: OpenFlowRow, table: number | undefined): procedures.Procedure {
  const version = versionOf(row);
  switch (partOf(row)) {
    case "instructions":
      return version > 1 ? procedures.instructions(version, table) : procedures.actions(version, true);
    case "actions":
      return procedures.actions(version, false);
    case "match":
      return procedures.match(version);
    case "message":
      return procedures.message;
  }
}

function checkGood(row: OpenFlowRow): Verdict {
  const { table, rest } = digitsOf(row);
  const text = textOf(row);
  const part = partOf(row);
  const {
    again,
    text: ours,
    says,
  } = procedureOf(row, table)(bytesOf(rest), part !== "message" && part !== "match" && text !== undefined);
  const said = text === undefined ? undefined : says?.(text);
  if (said === false && part !== "match") return failed(`read as "${ours}", not as "${text}"`);
  const hex = Buffer.from(again).toString("hex");
  // Padding that is not zero is not kept; OVS does not keep it either.
  if (hex !== rest && !(row.reencode_notes && hex.length === rest.length)) {
    return failed(`encoded again as ${hex}`);
  }
  // OVS puts a match into its own words: another header for the same field, or several fields for one.
  return said === false ? { ...passed, reason: `read as "${ours}", where OVS says "${text}"` } : passed;
}

const fixedSizes: readonly number[] = [40, 88];
const fixedMatch = "OpenFlow 1.0 and 1.1 have a match of fixed form; OXM and NXM are read here";

/** Why a row is none of ours. */
function excuse(row: OpenFlowRow): Verdict | undefined {
  const { rest } = row.hex === undefined ? { rest: "" } : digitsOf(row);
  if (partOf(row) === "match") {
    const sized = versionOf(row) <= 2 && fixedSizes.includes(rest.length / 2);
    const fixed = sized || /ofp1[01]/i.test(row.kind ?? "");
    return fixed ? excused(fixedMatch) : undefined;
  }
  if (partOf(row) !== "message" || rest.length < 16) return undefined;
  const { version, type } = decodeHeader(bytesOf(rest));
  const common = type <= 3;
  if (common || isVersion(version)) return undefined;
  return excused(`a message of OpenFlow ${versionName(version)}; 1.3, 1.4 and 1.5 are spoken`);
}

/** How OVS says that bytes are no message or part of one, or not one whole. */
const refusal =
  /\*\*\*(decode error|truncated|only uses)|^OpenFlow (packet too short|message is empty)|^bad OpenFlow|returned error/;

function refuses(text: string): boolean {
  // An error message shows the message that failed, which may well be cut off, or wrong.
  const [first = ""] = text.split("\n");
  const about = text.startsWith("OFPT_ERROR") ? first : text;
  return refusal.test(about);
}

/** The error that a row wants: said so, by truncation, or in what OVS prints. */
function wantsError(row: OpenFlowRow): boolean {
  return Boolean(row.error) || Boolean(row.truncated) || refuses(textOf(row) ?? "");
}

/** The names that OVS has from before OpenFlow 1.3, and those of later versions. */
const sameErrors: Readonly<Record<string, string>> = {
  OFPBRC_BAD_STAT: "OFPBRC_BAD_MULTIPART",
  OFPBRC_BAD_VENDOR: "OFPBRC_BAD_EXPERIMENTER",
  OFPBRC_BAD_SUBTYPE: "OFPBRC_BAD_EXP_TYPE",
  OFPBRC_IS_SECONDARY: "OFPBRC_IS_SLAVE",
  OFPBAC_BAD_VENDOR: "OFPBAC_BAD_EXPERIMENTER",
  OFPBAC_BAD_VENDOR_TYPE: "OFPBAC_BAD_EXP_TYPE",
};

const errorName = /\b(?:OFP|NX)[A-Z]+_[A-Z_]+/;

/** Any error will do where one is wanted; that it is another than OVS's is worth knowing. */
function refusedAs(code: string, row: OpenFlowRow): Verdict {
  const printed = /(?:decode error: |returned error |^bad OpenFlow.*: )(\w+)/.exec(textOf(row) ?? "");
  const said = typeof row.error === "string" ? row.error : printed?.[1];
  const [wanted] = errorName.exec(said ?? "") ?? [];
  if (wanted === undefined || code === (sameErrors[wanted] ?? wanted)) return passed;
  return { ...passed, reason: `refused as ${code}, where OVS says ${wanted}` };
}

/** Does with a row what it is for. Never throws. */
export function checkOpenFlowRow(row: OpenFlowRow): Verdict {
  const hostile = wantsError(row);
  try {
    const excused_ = hostile ? undefined : excuse(row);
    if (excused_) return excused_;
    if (!hostile) return checkGood(row);
    const { table, rest } = digitsOf(row);
    procedureOf(row, table)(bytesOf(rest), true);
    return failed(`taken, where ${typeof row.error === "string" ? row.error : "an error"} is wanted`);
  } catch (error) {
    if (!(error instanceof OpenFlowLibraryError)) {
      return failed(`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    return hostile ? refusedAs(error.code, row) : failed(error.message);
  }
}

/** The rows of OpenFlow for `runConformance`. */
export const openFlowRows: Checker = {
  accepts: isOpenFlowRow,
  check: (row) => (isOpenFlowRow(row) ? checkOpenFlowRow(row) : failed("no row of OpenFlow")),
};
