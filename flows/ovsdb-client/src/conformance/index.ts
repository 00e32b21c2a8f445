export { type DatamodelVerdict, datamodelRows } from "./checker.js";
export { runDatamodelCommand } from "./commands.js";
export type { DatamodelRow } from "./row.js";
export { checkDatamodelRow, isDatamodelRow } from "./row.js";
