export type { PortSpecification } from "./port.js";
export {
  addPort,
  deletePort,
  findBridge,
  findInterface,
  findPort,
  switchVersion,
  waitForPort,
} from "./port.js";
export type { BridgeRow, InterfaceRow, OpenVSwitch, OpenVSwitchRow, PortRow } from "./schema.js";
