import type { Server, Socket } from "node:net";
import { bind, type Family, setOption } from "../../../driver/ffi/index.js";
import type { MessageAddresses } from "../../../driver/index.js";
import { addressText } from "../../../driver/ip-address.js";
import { type ApplicationSocketOptions, applicationSocket, dialing, serve } from "./application-socket.js";

export interface RewrittenOptions extends ApplicationSocketOptions {
  /** The local port's device: what is sent leaves by it, whatever the host's other routes say. */
  readonly ifindex: number;
}

/** A listener at the edge's own address, for connections whose addresses the switch has rewritten. */
export class RewrittenListener {
  readonly #server: Server;
  readonly #fd: number;

  private constructor(server: Server, fd: number) {
    this.#server = server;
    this.#fd = fd;
  }

  /** `onConnection` gets the ends that the connection has here. @throws SystemError EADDRINUSE, EADDRNOTAVAIL */
  static async open(options: {
    readonly family: Family;
    readonly address: string;
    readonly port: number;
    readonly ifindex: number;
    readonly keepalive: number;
    readonly onConnection: (socket: Socket, ends: MessageAddresses) => void;
  }): Promise<RewrittenListener> {
    const { family, address, port, ifindex, keepalive, onConnection } = options;
    const fd = applicationSocket(family, (fd) => {
      setOption(fd, "bindToIfindex", ifindex);
      bind(fd, { address, port });
    });
    return new RewrittenListener(await serve(fd, keepalive, onConnection), fd);
  }

  /** The local port's device has been made anew. @throws SystemError EPERM without CAP_NET_RAW */
  rebind(ifindex: number): void {
    if (this.#server.listening) setOption(this.#fd, "bindToIfindex", ifindex);
  }

  close(): void {
    this.#server.close();
  }
}

/** A socket for a connection from the edge's own address, not bound yet. @throws SystemError */
export function rewrittenSocket(family: Family, { ifindex }: Pick<RewrittenOptions, "ifindex">): number {
  return applicationSocket(family, (fd) => setOption(fd, "bindToIfindex", ifindex));
}

/** Connects a bound socket, once the switch is ready to rewrite what it sends. What goes wrong comes as its "error". */
export function connectRewritten(
  fd: number,
  { destination, destinationPort }: MessageAddresses,
  ready: Promise<void>,
  options: ApplicationSocketOptions,
): Socket {
  return dialing(fd, options).connect({
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
