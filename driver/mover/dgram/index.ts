export { DgramLink } from "./dgram-link.js";
export { DgramPort, type DgramPortOptions } from "./dgram-port.js";
