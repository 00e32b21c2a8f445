import assert from "node:assert/strict";
import { test } from "node:test";
import {
  actionList,
  checkActions,
  checkInstructions,
  checkMatch,
  checkMessage,
  decode,
  instructionList,
  matchFieldList,
  OpenFlowLibraryError,
  type Version,
} from "openflow-ts";
import { ofctl } from "./ovs.js";

/** What is wrong, the version byte, the bytes, the name of the error that a switch answers with. */
type Refusal = readonly [string, Version, string, string];

const actions: readonly Refusal[] = [
  ["a port beyond 16 bits", 4, "00000010 00010000 0064 000000000000", "OFPBAC_BAD_OUT_PORT"],
  ["output to any port", 4, "00000010 ffffffff 0064 000000000000", "OFPBAC_BAD_OUT_PORT"],
  ["an action that is too short", 4, "00000008 00000001", "OFPBAC_BAD_LEN"],
  ["an action that there is not", 4, "00630008 00000000", "OFPBAC_BAD_TYPE"],
  ["a TTL copied, which OVS cannot", 4, "000b0008 00000000", "OFPBAC_BAD_TYPE"],
  ["a backbone tag, which OVS cannot", 4, "001a0008 88e70000", "OFPBAC_BAD_TYPE"],
  ["a tag of no VLAN", 4, "00110008 08000000", "OFPBAC_BAD_ARGUMENT"],
  ["a stranger's action", 4, "ffff0010 12345678 0000000000000000", "OFPBAC_BAD_EXPERIMENTER"],
  ["a stranger's action without contents", 4, "ffff0008 12345678", "OFPBAC_BAD_EXPERIMENTER"],
  ["an extension without its type", 4, "ffff0008 00002320", "OFPBAC_BAD_LEN"],
  ["an extension that there is not", 4, "ffff0010 00002320 ffff 000000000000", "OFPBAC_BAD_EXP_TYPE"],
  ["an extension of ONF that there is not", 4, "ffff0010 4f4e4600 ffff 000000000000", "OFPBAC_BAD_EXP_TYPE"],
  [
    "a load in OpenFlow 1.5",
    6,
    "ffff0018 00002320 0007 001f 00010004 0000000000000005",
    "OFPBAC_BAD_EXP_TYPE",
  ],
  ["padding of set_field", 4, "00190010 80000a02 0800 000000010000", "OFPBAC_BAD_SET_ARGUMENT"],
  ["a field that cannot be set", 4, "00190010 80000a02 0800 000000000000", "OFPBAC_BAD_SET_ARGUMENT"],
  ["a mask before OpenFlow 1.5", 4, "00190010 00010108 00000001 00000001", "OFPBAC_BAD_SET_MASK"],
  ["a value outside its mask", 4, "00190010 00010108 00000002 00000001", "OFPBMC_BAD_WILDCARDS"],
  ["padding of resubmit", 4, "ffff0010 00002320 000e fff8 05 000001", "OFPBAC_BAD_ARGUMENT"],
  [
    "padding behind a pushed field",
    4,
    "ffff0018 00002320 001b 0000 00010004 0020 000000000001",
    "NXBRC_MUST_BE_ZERO",
  ],
  [
    "a pushed field that there is not",
    4,
    "ffff0018 00002320 001b 0000 0001fe04 0020 000000000000",
    "OFPBMC_BAD_FIELD",
  ],
  [
    "output of bits beyond the field",
    4,
    "ffff0018 00002320 000f 07df 00010004 ffff 000000000000",
    "OFPBAC_BAD_SET_LEN",
  ],
  [
    "output of bits, padded wrongly",
    4,
    "ffff0018 00002320 000f 001f 00010004 ffff 000000000001",
    "OFPBAC_BAD_ARGUMENT",
  ],
  ["sampling nothing", 4, "ffff0018 00002320 001d 0000 00000001 00000002 00000003", "OFPBAC_BAD_ARGUMENT"],
  [
    "sampling in no direction",
    4,
    "ffff0020 00002320 0029 0001 00000001 00000002 00000003 0005 03 0000000000",
    "OFPBAC_BAD_ARGUMENT",
  ],
  [
    "more links than the bits can say",
    4,
    "ffff0020 00002320 000a 0001 0032 0000 0002 00ff 00000000 0000 0003 00010004",
    "OFPBAC_BAD_ARGUMENT",
  ],
  [
    "a bundle of what are no ports",
    4,
    "ffff0028 00002320 000c 0001 0000 0000 00000001 0001 000000000000 00000000 0001 000000000000",
    "OFPBAC_BAD_ARGUMENT",
  ],
  ["a header to add that there is not", 4, "ffff0010 00002320 002e 0000 00010800", "NXBAC_BAD_HEADER_TYPE"],
  [
    "a property of decap",
    4,
    "ffff0018 00002320 002f 0000 0000fffe 0000000000000000",
    "NXBAC_UNKNOWN_ED_PROP",
  ],
  ["one clause of one", 4, "ffff0010 00002320 0022 00 01 00000001", "NXBAC_BAD_CONJUNCTION"],
  [
    "ct with force alone",
    4,
    "ffff0018 00002320 0023 0002 00000000 0000 ff 000000 0000",
    "OFPBAC_BAD_ARGUMENT",
  ],
  [
    "output inside ct",
    4,
    "ffff0028 00002320 0023 0001 00000000 0000 ff 000000 0000 00000010 00000001 0064 000000000000",
    "OFPBAC_BAD_ARGUMENT",
  ],
  ["nat outside ct", 4, "ffff0010 00002320 0024 0000 0001 0000", "OFPBAC_BAD_SET_ARGUMENT"],
  [
    "learn to all tables",
    4,
    "ffff0020 00002320 0010 0000 0000 8000 0000000000000000 0000 ff 00 0000 0000",
    "OFPBAC_BAD_ARGUMENT",
  ],
  [
    "learn of an output to a number",
    4,
    "ffff0028 00002320 0010 0000 0000 8000 0000000000000000 0000 01 00 0000 0000 3010 0001 00000000",
    "OFPBAC_BAD_ARGUMENT",
  ],
];

const instructions: readonly Refusal[] = [
  ["an instruction that there is not", 4, "00630008 00000000", "OFPBIC_UNKNOWN_INST"],
  ["an instruction that is too short", 4, "00010004", "OFPBIC_BAD_LEN"],
  ["an instruction twice", 4, "00050008 00000000 00050008 00000000", "OFPBIC_DUP_INST"],
  ["the way back to the first table", 4, "00010008 00000000", "OFPBIC_BAD_TABLE_ID"],
  ["a stranger's instruction", 4, "ffff0008 12345678", "OFPBIC_BAD_EXPERIMENTER"],
  ["a meter that cannot be", 4, "00060008 fffffffd", "OFPMMFC_INVALID_METER"],
  ["a meter in OpenFlow 1.5", 6, "00060008 00000001", "OFPBIC_UNKNOWN_INST"],
  ["exit in an action set", 4, "00030018 00000000 ffff0010 00002320 0011 000000000000", "OFPBAC_BAD_TYPE"],
];

const matches: readonly Refusal[] = [
  ["a port of TCP alone", 4, "80001a02 0050", "OFPBMC_BAD_PREREQ"],
  ["a field twice", 4, "80000004 00000001 80000004 00000002", "OFPBMC_DUP_FIELD"],
  ["a mask on a type", 4, "80000b04 0800 ff00", "OFPBMC_BAD_MASK"],
  ["a field that there is not", 4, "80005a04 00000001", "OFPBMC_BAD_FIELD"],
  ["a value outside its mask", 4, "80000510 0000000000000001 0000000000000002", "OFPBMC_BAD_WILDCARDS"],
];

const messages: readonly Refusal[] = [
  ["a message of a stranger", 4, "04040010 00000001 12345678 00000001", "OFPBRC_BAD_EXPERIMENTER"],
  ["an extension that there is not", 4, "04040010 00000001 00002320 0000ffff", "OFPBRC_BAD_EXP_TYPE"],
  ["an error that nobody knows", 4, "0401000c 00000001 00020fff", "OFPBRC_BAD_LEN"],
  ["flags of the configuration", 4, "0409000c 00000001 0008 0080", "OFPSCFC_BAD_FLAGS"],
  ["a packet-in format", 4, "04040014 00000001 00002320 00000010 00000003", "OFPBRC_EPERM"],
  [
    "a command for tunnel options",
    4,
    "04040018 00000001 00002320 00000018 0003 000000000000",
    "NXTTMFC_BAD_COMMAND",
  ],
  [
    "the length of a tunnel option",
    4,
    "04040020 00000001 00002320 00000018 0000 000000000000 0102 03 05 0000 0000",
    "NXTTMFC_BAD_OPT_LEN",
  ],
  [
    "a tunnel option's field",
    4,
    "04040020 00000001 00002320 00000018 0000 000000000000 0102 03 04 0040 0000",
    "NXTTMFC_BAD_FIELD_IDX",
  ],
  [
    "a port that cannot be",
    4,
    "04100028 00000001 00010000 00000000 020000000003 0000 00000000 00000000 00000000 00000000",
    "OFPBAC_BAD_OUT_PORT",
  ],
  [
    "a reason for a port's status",
    4,
    `040c0050 00000001 03 00000000000000 00000001 ${"00".repeat(60)}`,
    "NXBRC_BAD_REASON",
  ],
  ["queues of all ports", 4, "04160010 00000001 fffffffc 00000000", "OFPQOFC_BAD_PORT"],
  [
    "statistics of all ports",
    4,
    "04120018 00000001 0004 0000 00000000 00020000 00000000",
    "OFPBAC_BAD_OUT_PORT",
  ],
  [
    "statistics of a stranger",
    4,
    "04120018 00000001 ffff 0000 00000000 12345678 00000001",
    "OFPBRC_BAD_EXPERIMENTER",
  ],
  ["statistics that there are not", 4, "04120010 00000001 0063 0000 00000000", "OFPBRC_BAD_MULTIPART"],
  ["a packet from all ports", 4, "040d0018 00000001 ffffffff fffffffc 0000 000000000000", "OFPBRC_BAD_PORT"],
  ["packets and bits at once", 4, "041d0010 00000001 0000 0003 00000001", "OFPMMFC_BAD_FLAGS"],
  [
    "a stranger's meter band",
    4,
    "041d0020 00000001 0000 0001 00000001 ffff0010 00000001 00000002 12345678",
    "OFPMMFC_BAD_BAND",
  ],
  ["a group command", 4, "040f0010 00000001 0009 00 00 00000001", "OFPGMFC_BAD_COMMAND"],
  [
    "a weight where all buckets are meant",
    4,
    "040f0020 00000001 0000 00 00 00000001 0010 0005 ffffffff ffffffff 00000000",
    "OFPGMFC_INVALID_GROUP",
  ],
  [
    "watching where all buckets are meant",
    4,
    "040f0020 00000001 0000 00 00 00000001 0010 0000 00000001 ffffffff 00000000",
    "OFPGMFC_WATCH_UNSUPPORTED",
  ],
  [
    "meter bands that are not whole",
    4,
    "041d0021 00000001 0002 0001 00000001 ffff0011 00000001 00000002 12345678 00",
    "OFPBRC_BAD_LEN",
  ],
  [
    "a bucket that watches nothing",
    4,
    "040f0020 00000001 0000 03 00 00000001 0010 0000 ffffffff ffffffff 00000000",
    "OFPGMFC_INVALID_GROUP",
  ],
  [
    "a bucket that watches what cannot be",
    4,
    "040f0020 00000001 0000 03 00 00000001 0010 0000 00010000 ffffffff 00000000",
    "OFPGMFC_BAD_WATCH",
  ],
  [
    "one bucket where all are meant",
    6,
    "060f0018 00000001 0000 00 00 00000001 0000 0000 00000001",
    "OFPGMFC_BAD_BUCKET",
  ],
  [
    "all buckets where one is meant",
    6,
    "060f0018 00000001 0003 00 00 00000001 0000 0000 ffffffff",
    "OFPGMFC_BAD_BUCKET",
  ],
  [
    "two buckets of one id",
    6,
    "060f0028 00000001 0000 00 00 00000001 0010 0000 ffffffff 0008 0000 00000007 0008 0000 00000007",
    "OFPGMFC_BAD_BUCKET",
  ],
  [
    "flags of a flow",
    5,
    `050e0038 00000001 ${"00".repeat(16)} 00 00 0000 0000 8000 ffffffff ffffffff ffffffff 0020 0000 00010004 00000000`,
    "OFPFMFC_BAD_FLAGS",
  ],
  [
    "vacancies out of order",
    5,
    "05110018 00000001 05 000000 00000000 0003 0008 50 14 00 00",
    "OFPBPC_BAD_VALUE",
  ],
  [
    "a role that there is not",
    5,
    "051e0018 00000001 00000009 00 000000 0000000000000002",
    "OFPRRFC_BAD_ROLE",
  ],
  [
    "a reason of a table's status",
    5,
    "051f0018 00000001 01 00000000000000 0008 05 00 00000000",
    "OFPBPC_BAD_VALUE",
  ],
];

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
}

/** The code of the error that something throws; undefined if it does not. */
function codeOf(body: () => void): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof OpenFlowLibraryError, `${error}`);
    return error.code;
  }
}

/** OVS has kept some names from before OpenFlow 1.3. */
const formerly: readonly (readonly [string, string])[] = [
  ["BRC_BAD_STAT", "BRC_BAD_MULTIPART"],
  ["BRC_BAD_VENDOR", "BRC_BAD_EXPERIMENTER"],
  ["BRC_BAD_SUBTYPE", "BRC_BAD_EXP_TYPE"],
  ["BAC_BAD_VENDOR_TYPE", "BAC_BAD_EXP_TYPE"],
  ["BAC_BAD_VENDOR", "BAC_BAD_EXPERIMENTER"],
];

/** The error in what OVS prints. */
function saidBy(printed: string): string | undefined {
  const [, name] = /(?:decode error: |returned error |: )((?:OFP|NX)[A-Z]+_[A-Z_]+)/.exec(printed) ?? [];
  return name && formerly.reduce((text, [old, now]) => text.replace(old, now), name);
}

function refused(
  rows: readonly Refusal[],
  ours: (bytes: Uint8Array, version: Version) => void,
  theirs: (digits: string, version: Version) => Promise<string>,
): void {
  for (const [what, version, digits, code] of rows) {
    test(`${what}: ${code}`, async () => {
      assert.equal(
        codeOf(() => ours(bytesOf(digits), version)),
        code,
      );
      const printed = await theirs(digits.replaceAll(" ", ""), version);
      assert.equal(saidBy(printed), code, printed);
    });
  }
}

const name = (version: Version) => `OpenFlow1${version - 1}`;

refused(
  actions,
  (bytes, version) => checkActions(actionList.decode(bytes, version), { version }),
  (digits, version) => ofctl(["-voff", "parse-actions", name(version)], `${digits}\n`),
);
refused(
  instructions,
  (bytes, version) => checkInstructions(instructionList.decode(bytes, version), { version }),
  (digits, version) => ofctl(["-voff", "parse-instructions", name(version)], `${digits}\n`),
);
refused(
  messages,
  (bytes) => {
    const { message, version } = decode(bytes);
    checkMessage(message, version as Version);
  },
  (digits) => ofctl(["-voff", "ofp-print", digits]),
);

/** A request for the flows that a match covers: OVS prints no match by itself from bytes. */
function requestFor(digits: string): string {
  const hex = digits.replaceAll(" ", "");
  const length = 4 + hex.length / 2;
  const match = `0001${length.toString(16).padStart(4, "0")}${hex}`.padEnd(Math.ceil(length / 8) * 16, "0");
  const body = `0001000000000000ff000000ffffffffffffffff00000000${"00".repeat(16)}${match}`;
  return `0412${(8 + body.length / 2).toString(16).padStart(4, "0")}00000001${body}`;
}

refused(
  matches,
  (bytes, version) => checkMatch(matchFieldList.decode(bytes, version)),
  (digits) => ofctl(["-voff", "ofp-print", requestFor(digits)]),
);
