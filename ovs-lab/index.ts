export type { CommandOptions, CommandResult } from "./command.js";
export { LabError, type LabErrorCode } from "./errors.js";
export { type DirectionName, Lab, type PluginControl } from "./lab.js";
export { DEFAULT_NAME, type LabOptions, type PluginOverlays, readOptions } from "./options.js";
export { labNames } from "./state.js";
export type { DirectionStatus, LabStatus, NodeStatus, SiteStatus, WanStatus } from "./status.js";
export type { Host, Node, Router, Site } from "./topology.js";
export { defaultWan, type WanSettings } from "./wan/settings.js";
