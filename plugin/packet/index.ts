export { resetFrame, type Unreachable, unreachableFrame } from "./answer.js";
export { type IcmpError, readIcmpError } from "./icmp-error.js";
export { IPPROTO_TCP, readSyn, type Syn } from "./syn.js";
