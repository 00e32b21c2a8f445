import type { Server, Socket } from "node:net";
import { bind, type Family, setOption } from "../../../driver/ffi/index.js";
import { addressText } from "../../../driver/ip-address.js";
import {
  type Arrival,
  applicationSocket,
  dialing,
  type Onward,
  onwardSocket,
  serve,
} from "./application-socket.js";

/** A listener at the edge's own address, for connections whose addresses the switch has rewritten. */
export class RewrittenListener {
  readonly #server: Server;
  readonly #fd: number;

  private constructor(server: Server, fd: number) {
    this.#server = server;
    this.#fd = fd;
  }

  /** @throws SystemError EADDRINUSE, EADDRNOTAVAIL */
  static async open(options: {
    readonly family: Family;
    readonly address: string;
    readonly port: number;
    /** The local port's device: what is sent leaves by it, whatever the host's other routes say. */
    readonly ifindex: number;
    readonly onConnection: (socket: Socket, arrival: Arrival) => void;
  }): Promise<RewrittenListener> {
    const { family, address, port, ifindex, onConnection } = options;
    const fd = applicationSocket(family, (fd) => {
      setOption(fd, "bindToIfindex", ifindex);
      bind(fd, { address, port });
    });
    return new RewrittenListener(await serve(fd, onConnection), fd);
  }

  /** The local port's device has been made anew. @throws SystemError EPERM without CAP_NET_RAW */
  rebind(ifindex: number): void {
    if (this.#server.listening) setOption(this.#fd, "bindToIfindex", ifindex);
  }

  close(): void {
    this.#server.close();
  }
}

/** A socket for a connection from the edge's own address, by that device, not bound yet. @throws SystemError */
export function rewrittenSocket(onward: Onward, ifindex: number): number {
  return onwardSocket(onward, (fd) => setOption(fd, "bindToIfindex", ifindex));
}

/** Connects a bound socket, once the switch is ready to rewrite what it sends. What goes wrong comes as its "error". */
export function connectRewritten(fd: number, onward: Onward, ready: Promise<void>): Socket {
  const { destination, destinationPort } = onward.addresses;
  return dialing(fd, onward).connect({
    // To the socket, waiting for the switch is a look-up of names: what is written meanwhile waits with it.
    host: "the switch",
    port: destinationPort,
    autoSelectFamily: false,
    lookup: (_host, _options, found) =>
      void ready.then(
        () => found(null, addressText(destination), destination.length === 4 ? 4 : 6),
        (error: NodeJS.ErrnoException) => found(error, "", 4),
      ),
  });
}
