import { checkOpenFlowRow, isOpenFlowRow } from "./row.js";
import { runConformance } from "./run.js";

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("usage: node conformance/main.js DIRECTORY");
  process.exitCode = 2;
} else {
  const openflow = {
    accepts: isOpenFlowRow,
    check: (row: unknown) =>
      isOpenFlowRow(row) ? checkOpenFlowRow(row) : ({ result: "failed", reason: "no OpenFlow row" } as const),
  };
  const { failed } = await runConformance(directory, [openflow], (line) => console.log(line));
  process.exitCode = failed === 0 ? 0 : 1;
}
