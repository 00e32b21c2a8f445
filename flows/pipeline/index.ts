export type { Cookie, CookieRange } from "./cookie.js";
export {
  allOurs,
  decodeCookie,
  FlowKind,
  installedByUs,
  isLearned,
  LAST_PEER,
  LAST_ROUND,
  learnedInRound,
} from "./cookie.js";
export { EntryFlows, EntryTooWideError, TableTooDeepError } from "./entry-flows.js";
export type { Explanation, Fate } from "./explain.js";
export { explain } from "./explain.js";
export type { Flow } from "./flow.js";
export type { AccessPort, Lan, RestrictedPort } from "./lans.js";
export type { SwitchLayout } from "./layout.js";
export { checkLayout, DEFAULT_LAYOUT, TABLE_COUNT, TABLE_ZERO } from "./layout.js";
export type { ConnectionTimeouts, Pipeline, PipelineInput } from "./pipeline.js";
export { compilePipeline, LEASE_SECONDS } from "./pipeline.js";
export { Register } from "./register.js";
export type { Ends, Translation } from "./translation.js";
