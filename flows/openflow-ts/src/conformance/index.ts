export { checkOpenFlowRow, isOpenFlowRow, type OpenFlowRow, openFlowRows, type Verdict } from "./row.js";
export { type Checker, runConformance, type Tally } from "./run.js";
