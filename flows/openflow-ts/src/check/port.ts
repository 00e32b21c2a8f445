import { InvalidError } from "../errors/error.js";
import { Port } from "../model/constants.js";

/** OVS has 16 bits for a port: beyond are only the reserved ones. */
const firstReserved16 = 0xff00;

/** Whether a number is none that a port can have. */
export function isOutside(port: number): boolean {
  return port >= firstReserved16 && port < Port.MAX;
}

/** Throws an `InvalidError` for such a number. */
export function checkPort(port: number): void {
  if (isOutside(port)) {
    throw new InvalidError("OFPBAC_BAD_OUT_PORT", `port ${port}, where there are ${firstReserved16}`);
  }
}

const destinations: ReadonlySet<number> = new Set([
  Port.IN_PORT,
  Port.TABLE,
  Port.NORMAL,
  Port.FLOOD,
  Port.ALL,
  Port.CONTROLLER,
  Port.LOCAL,
]);

/** Throws an `InvalidError` for a port that packets cannot be put out at. */
export function checkOutput(port: number): void {
  if (port >= firstReserved16 && !destinations.has(port)) {
    throw new InvalidError("OFPBAC_BAD_OUT_PORT", `output to port ${port}`);
  }
}

/** The same for a port that has queues. */
export function checkEnqueue(port: number): void {
  if (port >= firstReserved16 && port !== Port.IN_PORT && port !== Port.LOCAL) {
    throw new InvalidError("OFPBAC_BAD_OUT_PORT", `a queue of port ${port}`);
  }
}

/** The same for a request about queues: of OpenFlow's reserved ports only ANY and LOCAL stand for some. */
export function checkQueuePort(port: number): void {
  checkPort(port);
  if (port >= Port.MAX && port !== Port.ANY && port !== Port.LOCAL) {
    throw new InvalidError("OFPQOFC_BAD_PORT", `queues of port ${port}`);
  }
}

const sources: ReadonlySet<number> = new Set([Port.LOCAL, Port.CONTROLLER, Port.ANY, Port.IN_PORT]);

/** The same for the port that a packet is said to have come from. */
export function checkInPort(port: number): void {
  checkPort(port);
  if (port >= Port.MAX && !sources.has(port)) {
    throw new InvalidError("OFPBRC_BAD_PORT", `a packet from port ${port}`);
  }
}
