import { createServer, type OnReadOpts, type Server, Socket } from "node:net";
import {
  close,
  type Family,
  listen,
  savedSyn,
  setDscp,
  setOption,
  socket,
} from "../../../driver/ffi/index.js";
import type { MessageAddresses } from "../../../driver/index.js";
import { addressBytes } from "../../../driver/ip-address.js";
import { dscpOf } from "../../packet/index.js";
import { abort } from "./abort.js";
import { descriptorOf } from "./handle.js";
import { endpointsOf } from "./saved-syn.js";
import type { TrafficClass } from "./traffic-class.js";
import { treat } from "./treatment.js";

const BACKLOG = 4096;

/** An accepted connection. */
export interface Arrival {
  /** The ends that it has here. */
  readonly ends: MessageAddresses;
  /** Of its SYN; 0 also where the kernel has kept none. */
  readonly dscp: number;
}

/** A connection to be opened to an application. */
export interface Onward {
  readonly addresses: MessageAddresses;
  readonly trafficClass: TrafficClass;
  /** Of all its packets, the SYN among them. */
  readonly dscp: number;
  /** What reads the socket; without it, its "data" tells. */
  readonly onread?: OnReadOpts;
}

/** A TCP socket towards applications, as `prepare` leaves it; closed if that throws. @throws SystemError, what `prepare` throws */
export function applicationSocket(family: Family, prepare: (fd: number) => void): number {
  const fd = socket(family, "stream");
  try {
    setOption(fd, "reuseAddress", 1);
    // Urgent data comes in line: there is no other way to carry it.
    setOption(fd, "urgentInline", 1);
    if (family === "ipv6") setOption(fd, "ipv6Only", 1);
    prepare(fd);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Listens with a bound socket, which is the server's from now on. @throws SystemError EADDRINUSE */
export async function serve(
  fd: number,
  onConnection: (socket: Socket, arrival: Arrival) => void,
): Promise<Server> {
  try {
    setOption(fd, "saveSyn", 1);
    listen(fd, BACKLOG);
  } catch (error) {
    close(fd);
    throw error;
  }
  const server = createServer({ allowHalfOpen: true });
  server.on("connection", (accepted) => {
    const arrival = arrivalOf(accepted);
    if (arrival === undefined) abort(accepted);
    else onConnection(accepted, arrival);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // With a descriptor the backlog is heeded in this place alone; else it would be 511.
    server.listen({ fd }, BACKLOG, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

/** As {@link applicationSocket}, for a connection in that class, with its DSCP. */
export function onwardSocket(
  { addresses, trafficClass, dscp }: Onward,
  prepare: (fd: number) => void,
): number {
  const family = addresses.source.length === 4 ? "ipv4" : "ipv6";
  return applicationSocket(family, (fd) => {
    treat(fd, trafficClass);
    setDscp(fd, family, dscp);
    prepare(fd);
  });
}

/** A bound socket, for `connect` to be called. */
export function dialing(fd: number, { onread }: Pick<Onward, "onread">): Socket {
  return new Socket({
    fd,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    ...{ manualStart: true, onread },
  });
}

/** Nothing can be sent: what is wrong comes as the socket's "error", as any other failure to connect does. */
export function failing(error: Error): Socket {
  const failed = new Socket();
  process.nextTick(() => failed.destroy(error));
  return failed;
}

/**
 * The ends of an accepted connection, as it has them here, and its DSCP. The SYN tells them even if it has been reset already, when the
 * socket has none any more: the far application is to see what this client did. Undefined where the kernel has kept no SYN
 * either.
 */
function arrivalOf(accepted: Socket): Arrival | undefined {
  const fd = descriptorOf(accepted);
  const syn = fd === undefined ? undefined : savedSyn(fd);
  if (syn !== undefined) return { ends: endpointsOf(syn), dscp: dscpOf(syn) };
  const { remoteAddress, remotePort, localAddress, localPort } = accepted;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  const ends = {
    source: addressBytes(remoteAddress),
    sourcePort: remotePort,
    destination: addressBytes(localAddress),
    destinationPort: localPort,
  };
  return { ends, dscp: 0 };
}
