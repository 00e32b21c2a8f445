import type { Socket } from "node:net";
import { type Family, setCongestionControl, setDscp, setOption } from "../../../driver/ffi/index.js";
import { descriptorOf } from "./handle.js";
import type { TrafficClass } from "./traffic-class.js";

/** Seconds between probes, and how many of them without an answer end the connection. */
const PROBE_INTERVAL = 1;
const PROBES = 10;

/** Treats a socket towards an application as its class says, but for the DSCP. @throws SystemError ENOENT without that congestion control */
export function treat(fd: number, options: TrafficClass): void {
  setOption(fd, "noDelay", options.noDelay ? 1 : 0);
  setOption(fd, "keepIdle", Math.max(1, Math.round(options.keepalive / 1000)));
  setOption(fd, "keepInterval", PROBE_INTERVAL);
  setOption(fd, "keepCount", PROBES);
  setOption(fd, "keepAlive", 1);
  if (options.userTimeout !== undefined) setOption(fd, "userTimeout", options.userTimeout);
  if (options.congestionControl !== undefined) setCongestionControl(fd, options.congestionControl);
  // The kernel doubles what it is given, for its own book-keeping (socket(7)).
  if (options.sendBuffer !== undefined) setOption(fd, "sendBufferForce", options.sendBuffer);
  if (options.receiveBuffer !== undefined) setOption(fd, "receiveBufferForce", options.receiveBuffer);
}

/** The DSCP of what an open socket sends, if it is still open. */
export function mark(socket: Socket, family: Family, dscp: number): void {
  const fd = descriptorOf(socket);
  if (fd !== undefined) setDscp(fd, family, dscp);
}
