export { checkOpenFlowRow, isOpenFlowRow, type OpenFlowRow, type Verdict } from "./row.js";
export { type Checker, runConformance, type Tally } from "./run.js";
