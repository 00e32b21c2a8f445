import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkOpenFlowRow, type OpenFlowRow, openFlowRows, runConformance } from "openflow-ts/conformance";

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

test("a folder of files", async () => {
  const directory = await mkdtemp(join(tmpdir(), "openflow-ts-"));
  const lines = [
    { name: "one", hex: good },
    { name: "two", hex: "0463000800000001" },
    { title: "of another kind" },
  ];
  await writeFile(join(directory, "some.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const printed: string[] = [];
  const tally = await runConformance(directory, [openFlowRows], (line) => printed.push(line));
  await rm(directory, { recursive: true });
  assert.deepEqual(tally, { passed: 1, failed: 1, excused: 0, unknown: 1 });
  assert.match(printed[0]!, /^ok .*some\.jsonl#1 one/);
  assert.match(printed[1]!, /^not ok .*some\.jsonl#2 two .*OFPBRC_BAD_TYPE/);
  assert.equal(printed[2], "1 passed, 1 failed, 0 skipped, 1 of other kinds");
});
