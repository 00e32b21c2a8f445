export { resetFrame, type Unreachable, unreachableFrame } from "./answer.js";
export { dscpOf } from "./dscp.js";
export { type IcmpError, readIcmpError } from "./icmp-error.js";
export { IPPROTO_TCP, readSyn, type Syn } from "./syn.js";
