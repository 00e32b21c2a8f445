export { resetFrame, type Unreachable, unreachableFrame } from "./answer.js";
export { readSyn, type Syn } from "./syn.js";
