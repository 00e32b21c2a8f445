export { runDatamodelCommand } from "./commands.js";
export type { DatamodelRow } from "./row.js";
export { checkDatamodelRow } from "./row.js";
