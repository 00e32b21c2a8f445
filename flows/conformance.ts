// `npm run conformance -- DIRECTORY`: both workspaces against vector files of other implementations.
import { checkOpenFlowRow, isOpenFlowRow, runConformance } from "openflow-ts/conformance";
import { checkDatamodelRow, type DatamodelRow } from "ovsdb-client/conformance";

function isDatamodelRow(row: unknown): row is DatamodelRow {
  return typeof row === "object" && row !== null && "argv" in row && "expect" in row && "positive" in row;
}

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("usage: npm run conformance -- DIRECTORY");
  process.exit(2);
}
const wrongKind = { result: "failed", reason: "not a row of this kind" } as const;
const { failed } = await runConformance(
  directory,
  [
    {
      accepts: isOpenFlowRow,
      check: (row) => (isOpenFlowRow(row) ? checkOpenFlowRow(row) : wrongKind),
    },
    {
      accepts: isDatamodelRow,
      check: (row) => {
        if (!isDatamodelRow(row)) return wrongKind;
        const reason = checkDatamodelRow(row);
        return reason === undefined ? { result: "passed" } : { result: "failed", reason };
      },
    },
  ],
  (line) => console.log(line),
);
process.exitCode = failed === 0 ? 0 : 1;
