export * from "./address.js";
export { classOf } from "./classes.js";
export type * from "./config.js";
export { lansOf } from "./defaults.js";
export { ConfigError, ConfigFileError, type Problem } from "./errors.js";
export { loadConfig, parseConfig } from "./load.js";
export { lanOf, nearness, nextHop } from "./next-hop.js";
export { jsonSchema } from "./schema.js";
export { formatDuration, formatRate, formatSize } from "./units.js";
