export { Canary, canaryName } from "./canary.js";
export { type Program, version } from "./command.js";
export { requireCongestionControl } from "./congestion-control.js";
export { requireDescriptors } from "./descriptors.js";
export { deviceExists } from "./device.js";
export { HostError, type HostErrorCode } from "./error.js";
export { HostRules, type HostRulesOptions } from "./host-rules.js";
export { Neighbours } from "./neighbours.js";
export { type Lack, missingPrivileges, missingWishes, requirePrivileges } from "./privileges.js";
