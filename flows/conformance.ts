// `npm run conformance -- PATH`: both workspaces against vector files of other implementations.
import { exitStatus, openFlowRows, runConformance } from "openflow-ts/conformance";
import { datamodelRows } from "ovsdb-client/conformance";

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: npm run conformance -- FILE-OR-DIRECTORY");
  process.exitCode = 2;
} else {
  const checkers = [openFlowRows, datamodelRows];
  process.exitCode = exitStatus(await runConformance(path, checkers, (line) => console.log(line)));
}
