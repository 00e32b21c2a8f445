export {
  decodeCookie,
  encodeCookie,
  FlowKind,
  KIND_MASK,
  LAST_PEER,
  LAST_ROUND,
  OWNER_MASK,
} from "./cookie.js";
export { EntryTooWideError, TableTooDeepError } from "./entry-flows.js";
export type { Flow } from "./flow.js";
export type { SwitchLayout } from "./layout.js";
export { checkLayout, DEFAULT_LAYOUT, TABLE_ZERO, tableName } from "./layout.js";
export type { ConnectionTimeouts, Pipeline, PipelineInput } from "./pipeline.js";
export { compilePipeline, LEASE_SECONDS } from "./pipeline.js";
