import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  checkOpenFlowRow,
  exitStatus,
  type OpenFlowRow,
  openFlowRows,
  runConformance,
  type Tally,
} from "openflow-ts/conformance";

const good = "0414000800000001";

/** A row, and what comes of it. */
const rows: readonly (readonly [string, OpenFlowRow, "passed" | "failed" | "excused"])[] = [
  ["a message", { hex: good }, "passed"],
  ["a message with spaces between", { hex: "04 14 00 08 00 00 00 01" }, "passed"],
  ["a message that is cut off", { hex: "041400", truncated: 3 }, "passed"],
  ["a message whose cut is missed", { hex: good, truncated: 8 }, "failed"],
  ["a message that wants an error and gives none", { hex: good, error: "OFPBRC_BAD_LEN" }, "failed"],
  [
    "a message that OVS does not understand",
    { hex: "041d001028a626520008000000000001", text: "***decode error: OFPMMFC_BAD_COMMAND***" },
    "passed",
  ],
  ["a message that is none", { hex: "0463000800000001" }, "failed"],
  ["a message of OpenFlow 1.0", { hex: "0112000800000001" }, "excused"],
  ["a hello of OpenFlow 1.0", { hex: "0100000800000001" }, "passed"],
  [
    "actions",
    { kind: "actions", openflow: "OpenFlow10", hex: "00000008fffe04d2", text: "actions=LOCAL" },
    "passed",
  ],
  [
    "actions read as others",
    { kind: "actions", openflow: "OpenFlow10", hex: "00000008fffe04d2", text: "actions=NORMAL" },
    "failed",
  ],
  [
    "instructions from a table",
    { kind: "instructions", openflow: "OpenFlow11", hex: "20001000801000000", error: "OFPBRC_BAD_TABLE_ID" },
    "passed",
  ],
  [
    "padding that is not zero",
    {
      kind: "instructions",
      openflow: "OpenFlow11",
      hex: "0005000801000000",
      text: "actions=clear_actions",
      reencode_notes: [" 4: 01 -> 00"],
    },
    "passed",
  ],
  ["a match", { kind: "match", openflow: "OpenFlow12", hex: "0001000a80000a0208000000 00000000" }, "passed"],
  [
    "an error message that shows a message cut off",
    {
      hex: "0401001400000001000100060414000800000002",
      text: "OFPT_ERROR (xid=0x1): OFPBRC_BAD_LEN\nOFPT_BARRIER_REQUEST (xid=0x2): ***truncated to 8 bytes from 9***",
    },
    "passed",
  ],
  [
    "an error message that shows nothing",
    {
      hex: "0401000c0000000100010006",
      text: "OFPT_ERROR (OF1.3) (xid=0x1): OFPBRC_BAD_LEN OpenFlow message is empty",
    },
    "passed",
  ],
  ["what is not there", { hex: good, error: null, truncated: false }, "passed"],
  [
    "a request with more behind it, which OVS takes",
    {
      hex: `0412004000000001 0001000000000000 ff000000ffffffff ffffffff00000000 ${"00".repeat(16)} 0001000400000000 0102030405060708`,
    },
    "passed",
  ],
  [
    "actions that say so by their text alone",
    { version: 1, hex: "00000008fffe04d2", text: "actions=LOCAL" },
    "passed",
  ],
  ["a version by its number", { kind: "match", version: 6, hex: "80000a020800" }, "passed"],
  [
    "a match with its text",
    { kind: "oxm", openflow: "1.3", hex: "80000a020800", text: "OXM_OF_ETH_TYPE(0800)" },
    "passed",
  ],
  [
    "a match by its text alone",
    {
      kind: "nx-match",
      input: "NXM_OF_ETH_TYPE(0800) NXM_OF_IP_PROTO(06)",
      text: "NXM_OF_ETH_TYPE(0800), NXM_OF_IP_PROTO(06)",
    },
    "passed",
  ],
  ["a match by a text that is none", { kind: "nx-match", input: "NXM_OF_NONE(08)" }, "failed"],
  [
    "a match that OVS refuses",
    {
      kind: "nx-match",
      input: "NXM_OF_TCP_DST(0050)",
      text: "nx_pull_match() returned error OFPBMC_BAD_PREREQ",
    },
    "passed",
  ],
  ["a match of OpenFlow 1.0", { kind: "match", openflow: "OpenFlow10", hex: "00".repeat(40) }, "excused"],
  ["fields alone", { kind: "oxm", openflow: "OpenFlow15", hex: "80000a020800" }, "passed"],
  [
    "fields that lack others",
    { kind: "oxm", openflow: "OpenFlow15", hex: "80001c020050", error: "OFPBMC_BAD_PREREQ" },
    "passed",
  ],
];

for (const [what, row, result] of rows) {
  test(`${what}: ${result}`, () => {
    const verdict = checkOpenFlowRow(row);
    assert.equal(verdict.result, result, "reason" in verdict ? verdict.reason : undefined);
  });
}

/** Rows that pass with a remark, and the remark. */
const remarks: readonly (readonly [string, OpenFlowRow, RegExp])[] = [
  [
    "an error that OVS names otherwise",
    { kind: "actions", openflow: "OpenFlow13", hex: "0063000800000000", error: "OFPBAC_BAD_LEN" },
    /refused as OFPBAC_BAD_TYPE, where OVS says OFPBAC_BAD_LEN/,
  ],
  [
    "a match in OVS's own words",
    {
      kind: "nx-match",
      openflow: "OpenFlow13",
      hex: "000006020800 00000a01f0",
      text: "NXM_OF_ETH_TYPE(0800), OXM_OF_IP_DSCP(3c)",
    },
    /read as "NXM_OF_ETH_TYPE\(0800\), NXM_OF_IP_TOS\(f0\)", where OVS says/,
  ],
];

for (const [what, row, remark] of remarks) {
  test(`passed, but: ${what}`, () => {
    const { result, reason } = checkOpenFlowRow(row);
    assert.equal(result, "passed");
    assert.match(reason ?? "", remark);
  });
}

async function run(files: Readonly<Record<string, string>>): Promise<{ tally: Tally; printed: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), "openflow-ts-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const printed: string[] = [];
  const tally = await runConformance(directory, [openFlowRows], (line) => printed.push(line));
  await rm(directory, { recursive: true });
  return { tally, printed };
}

const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

test("a folder of files", async () => {
  const { tally, printed } = await run({
    "some.jsonl": lines(
      { name: "one", hex: good },
      { name: "two", hex: "0463000800000001" },
      { title: "of another kind" },
    ),
  });
  assert.deepEqual(tally, { passed: 1, failed: 1, excused: 0, unknown: 1 });
  assert.match(printed[0]!, /^ok .*some\.jsonl#1 one/);
  assert.match(printed[1]!, /^not ok .*some\.jsonl#2 two .*OFPBRC_BAD_TYPE/);
  assert.match(printed[2]!, /^unknown .*some\.jsonl#3 of another kind: a row of a kind/);
  assert.equal(printed[3], "1 passed, 1 failed, 0 skipped, 1 of other kinds");
  assert.equal(exitStatus(tally), 1);
});

test("files in other shapes: an array, other endings, remarks, blank lines, what is no JSON", async () => {
  const { tally, printed } = await run({
    "array.json": JSON.stringify([
      { hex: good, version: 4, json: { cookie: { $bigint: "18446744073709551615" } } },
    ]),
    "lines.ndjson": `\uFEFF# a remark\r\n\r\n${lines({ hex: good })}// another\n{ broken\n[1]\n7\nnull\n`,
    "notes.txt": "not looked at",
  });
  assert.deepEqual(tally, { passed: 2, failed: 1, excused: 0, unknown: 3 });
  assert.match(printed.find((line) => line.startsWith("not ok"))!, /lines\.ndjson#5: no JSON/);
});

test("rows whose members are of other types", async () => {
  const { tally } = await run({
    "odd.jsonl": lines(
      { hex: good, text: 5 },
      { hex: "041400", error: true, text: ["OFPT_BARRIER_REQUEST", "***truncated***"] },
      { hex: good, openflow: 13, kind: 5 },
    ),
  });
  assert.deepEqual(tally, { passed: 2, failed: 1, excused: 0, unknown: 0 });
});

test("a run in which nothing passed is none", () => {
  assert.equal(exitStatus({ passed: 0, failed: 0, excused: 0, unknown: 4 }), 1);
  assert.equal(exitStatus({ passed: 3, failed: 0, excused: 2, unknown: 4 }), 0);
});
