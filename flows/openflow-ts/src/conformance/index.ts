export { checkOpenFlowRow, isOpenFlowRow, type OpenFlowRow, openFlowRows } from "./row.js";
export { type Checker, exitStatus, runConformance, type Tally } from "./run.js";
export type { Verdict } from "./verdict.js";
