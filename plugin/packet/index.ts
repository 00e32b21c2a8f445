export { resetFrame, type Unreachable, unreachableFrame } from "./answer.js";
export { type IcmpError, readIcmpError } from "./icmp-error.js";
export { readSyn, type Syn } from "./syn.js";
