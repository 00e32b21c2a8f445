import { createServer, type OnReadOpts, type Server, Socket } from "node:net";
import { close, type Family, listen, savedSyn, setOption, socket } from "../../../driver/ffi/index.js";
import type { MessageAddresses } from "../../../driver/index.js";
import { addressBytes } from "../../../driver/ip-address.js";
import { abort } from "./abort.js";
import { descriptorOf } from "./handle.js";
import { endpointsOf } from "./saved-syn.js";

const BACKLOG = 4096;

export interface ApplicationSocketOptions {
  /** Idle time after which an application is probed, in milliseconds. Also keeps the steering of its flow from ageing. */
  readonly keepalive: number;
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

/** Listens with a bound socket, which is the server's from now on. `onConnection` gets the ends that a connection has here. @throws SystemError EADDRINUSE */
export async function serve(
  fd: number,
  keepalive: number,
  onConnection: (socket: Socket, ends: MessageAddresses) => void,
): Promise<Server> {
  try {
    setOption(fd, "saveSyn", 1);
    listen(fd, BACKLOG);
  } catch (error) {
    close(fd);
    throw error;
  }
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepalive,
  });
  server.on("connection", (accepted) => {
    const ends = endsOf(accepted);
    if (ends === undefined) abort(accepted);
    else onConnection(accepted, ends);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ fd, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

/** A bound socket, for `connect` to be called. */
export function dialing(fd: number, { keepalive, onread }: ApplicationSocketOptions): Socket {
  const made = new Socket({
    fd,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    ...{ manualStart: true, onread },
  });
  made.setNoDelay(true);
  made.setKeepAlive(true, keepalive);
  return made;
}

/**
 * The ends of an accepted connection, as it has them here. The SYN tells them even if it has been reset already, when the
 * socket has none any more: the far application is to see what this client did. Undefined where the kernel has kept no SYN
 * either.
 */
function endsOf(accepted: Socket): MessageAddresses | undefined {
  const fd = descriptorOf(accepted);
  const syn = fd === undefined ? undefined : savedSyn(fd);
  if (syn !== undefined) return endpointsOf(syn);
  const { remoteAddress, remotePort, localAddress, localPort } = accepted;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return {
    source: addressBytes(remoteAddress),
    sourcePort: remotePort,
    destination: addressBytes(localAddress),
    destinationPort: localPort,
  };
}
