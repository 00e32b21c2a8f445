export { Canary, canaryName } from "./canary.js";
export { type Program, version } from "./command.js";
export { requireDescriptors } from "./descriptors.js";
export { deviceExists } from "./device.js";
export { HostError, type HostErrorCode } from "./error.js";
export { HostRules, type HostRulesOptions } from "./host-rules.js";
export { Neighbours } from "./neighbours.js";
export { missingPrivileges, requirePrivileges } from "./privileges.js";
