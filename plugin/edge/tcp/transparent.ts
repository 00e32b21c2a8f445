import { createServer, type OnReadOpts, type Server, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import {
  bind,
  bindBesideListener,
  close,
  type Endpoint,
  type Family,
  listen,
  SystemError,
  savedSyn,
  setOption,
  setTransparent,
  socket,
} from "../../../driver/ffi/index.js";
import type { MessageAddresses } from "../../../driver/index.js";
import { addressBytes, addressText } from "../../../driver/ip-address.js";
import { abort } from "./abort.js";
import { descriptorOf } from "./handle.js";
import { endpointsOf } from "./saved-syn.js";

const BACKLOG = 4096;

export interface TransparentOptions {
  /** Firewall mark of our own sockets: it chooses the routes by which they reach the LAN. */
  readonly mark: number;
  /** Idle time after which an application is probed, in milliseconds. Also keeps the steering of its flow from ageing. */
  readonly keepalive: number;
}

export interface DialOptions extends TransparentOptions {
  /** What reads the socket; without it, its "data" tells. */
  readonly onread?: OnReadOpts;
}

export interface ListenOptions extends TransparentOptions {
  readonly family: Family;
  readonly port: number;
  /** A connection that was on its way from `source` to `destination`. */
  readonly onConnection: (socket: Socket, addresses: MessageAddresses) => void;
}

/**
 * Listens for connections to whatever address: those that the host's rules hand over (TPROXY). The socket's local
 * address is then the destination that the application meant. Needs CAP_NET_ADMIN.
 * @throws SystemError EADDRINUSE, EPERM
 */
export async function listenTransparent(options: ListenOptions): Promise<Server> {
  const { family, port, mark, keepalive, onConnection } = options;
  const fd = socket(family, "stream");
  try {
    setOption(fd, "reuseAddress", 1);
    setOption(fd, "urgentInline", 1);
    setOption(fd, "saveSyn", 1);
    if (family === "ipv6") setOption(fd, "ipv6Only", 1);
    setTransparent(fd, family);
    setOption(fd, "mark", mark);
    bind(fd, { address: family === "ipv4" ? "0.0.0.0" : "::", port });
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
    const addresses = endsOf(accepted);
    // Addressed to the listener itself: nothing was intercepted, and to open it onwards would come back here.
    if (addresses === undefined || (addresses.destinationPort === port && isLocal(addresses.destination)))
      abort(accepted);
    else onConnection(accepted, addresses);
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

/** Whether it is one of this host's addresses. */
function isLocal(address: Uint8Array): boolean {
  const text = addressText(address);
  return Object.values(networkInterfaces()).some((own) => own?.some((one) => one.address === text));
}

/**
 * The ends of an accepted connection, as it has them here. The SYN tells them even if it has been reset already, when the socket has none
 * any more: the far application is to see what this client did. Undefined where the kernel has kept no SYN either.
 */
export function endsOf(accepted: Socket): MessageAddresses | undefined {
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

/**
 * Connects to the destination from the source's own address and port, so that the application sees its client.
 * What cannot be done at once comes as the socket's "error", as any other failure to connect does.
 */
export function dialTransparent(addresses: MessageAddresses, options: DialOptions): Socket {
  const family = addresses.source.length === 4 ? "ipv4" : "ipv6";
  let fd: number | undefined;
  try {
    fd = socket(family, "stream");
    setOption(fd, "reuseAddress", 1);
    setOption(fd, "urgentInline", 1);
    setTransparent(fd, family);
    setOption(fd, "mark", options.mark);
    bindAnyway(fd, { address: addressText(addresses.source), port: addresses.sourcePort });
  } catch (error) {
    if (fd !== undefined) close(fd);
    const failed = new Socket();
    process.nextTick(() => failed.destroy(error as Error));
    return failed;
  }
  const dialing = new Socket({
    fd,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    ...{ manualStart: true, onread: options.onread },
  });
  dialing.setNoDelay(true);
  dialing.setKeepAlive(true, options.keepalive);
  dialing.connect({ host: addressText(addresses.destination), port: addresses.destinationPort });
  return dialing;
}

/** The client's port may be one at which somebody listens on this host: we ourselves, for example. */
function bindAnyway(fd: number, endpoint: Endpoint): void {
  try {
    bind(fd, endpoint);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== "EADDRINUSE") throw error;
    bindBesideListener(fd, endpoint);
  }
}
