import type { Server, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import {
  bind,
  bindBesideListener,
  type Endpoint,
  type Family,
  SystemError,
  setOption,
  setTransparent,
} from "../../../driver/ffi/index.js";
import { addressText } from "../../../driver/ip-address.js";
import { abort } from "./abort.js";
import {
  type Arrival,
  applicationSocket,
  dialing,
  failing,
  type Onward,
  onwardSocket,
  serve,
} from "./application-socket.js";

export interface TransparentOptions {
  /** Firewall mark of our own sockets: it chooses the routes by which they reach the LAN. */
  readonly mark: number;
}

export interface ListenOptions extends TransparentOptions {
  readonly family: Family;
  readonly port: number;
  /** A connection that was on its way from `source` to `destination`. */
  readonly onConnection: (socket: Socket, arrival: Arrival) => void;
}

/**
 * Listens for connections to whatever address: those that the host's rules hand over (TPROXY). The socket's local
 * address is then the destination that the application meant. Needs CAP_NET_ADMIN.
 * @throws SystemError EADDRINUSE, EPERM
 */
export async function listenTransparent(options: ListenOptions): Promise<Server> {
  const { family, port, mark, onConnection } = options;
  const fd = applicationSocket(family, (fd) => {
    makeTransparent(fd, family, mark);
    bind(fd, { address: family === "ipv4" ? "0.0.0.0" : "::", port });
  });
  return serve(fd, (accepted, arrival) => {
    const { destination, destinationPort } = arrival.ends;
    // Addressed to the listener itself: nothing was intercepted, and to open it onwards would come back here.
    if (destinationPort === port && isLocal(destination)) abort(accepted);
    else onConnection(accepted, arrival);
  });
}

/**
 * Connects to the destination from the source's own address and port, so that the application sees its client.
 * What cannot be done at once comes as the socket's "error", as any other failure to connect does.
 */
export function dialTransparent(onward: Onward, { mark }: TransparentOptions): Socket {
  const { addresses } = onward;
  const family = addresses.source.length === 4 ? "ipv4" : "ipv6";
  let fd: number;
  try {
    fd = onwardSocket(onward, (fd) => {
      makeTransparent(fd, family, mark);
      bindAnyway(fd, { address: addressText(addresses.source), port: addresses.sourcePort });
    });
  } catch (error) {
    return failing(error as Error);
  }
  return dialing(fd, onward).connect({
    host: addressText(addresses.destination),
    port: addresses.destinationPort,
  });
}

function makeTransparent(fd: number, family: Family, mark: number): void {
  setTransparent(fd, family);
  setOption(fd, "mark", mark);
}

/** Whether it is one of this host's addresses. */
function isLocal(address: Uint8Array): boolean {
  const text = addressText(address);
  return Object.values(networkInterfaces()).some((own) => own?.some((one) => one.address === text));
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
