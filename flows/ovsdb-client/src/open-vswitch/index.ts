export type { AttachedPort, PortSpecification } from "./port.js";
export {
  addPort,
  deletePort,
  findBridge,
  findInterface,
  findPort,
  PortError,
  switchVersion,
  waitForPort,
} from "./port.js";
export type * from "./schema.js";
export type { SwitchTables } from "./switch.js";
export { DEFAULT_REMOTE, SWITCH_SELECTION, switchDatabase } from "./switch.js";
