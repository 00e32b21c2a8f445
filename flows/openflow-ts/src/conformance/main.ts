import { openFlowRows } from "./row.js";
import { runConformance } from "./run.js";

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("usage: node conformance/main.js DIRECTORY");
  process.exitCode = 2;
} else {
  const { failed } = await runConformance(directory, [openFlowRows], (line) => console.log(line));
  process.exitCode = failed === 0 ? 0 : 1;
}
