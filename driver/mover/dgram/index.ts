export { DgramLink, type PeerAddress } from "./dgram-link.js";
export { DgramPort, type DgramPortOptions } from "./dgram-port.js";
