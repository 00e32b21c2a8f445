import { openFlowRows } from "./row.js";
import { exitStatus, runConformance } from "./run.js";

/** The command `openflow-conformance`: the rows of OpenFlow in a file, or in all below a directory. */
export async function main(args: readonly string[]): Promise<number> {
  const [path] = args;
  if (path === undefined || args.length !== 1) {
    console.error("usage: openflow-conformance FILE-OR-DIRECTORY");
    return 2;
  }
  return exitStatus(await runConformance(path, [openFlowRows], (line) => console.log(line)));
}
