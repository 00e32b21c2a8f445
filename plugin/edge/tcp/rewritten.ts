import { createServer, type OnReadOpts, type Server, Socket } from "node:net";
import { bind, close, type Family, listen, setOption, socket } from "../../../driver/ffi/index.js";
import type { MessageAddresses } from "../../../driver/index.js";
import { addressText } from "../../../driver/ip-address.js";
import { abort } from "./abort.js";
import { endsOf } from "./transparent.js";

const BACKLOG = 4096;

export interface RewrittenOptions {
  /** The local port's device: what is sent leaves by it, whatever the host's other routes say. */
  readonly ifindex: number;
  /** See `TransparentOptions`. */
  readonly keepalive: number;
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
    const fd = socket(family, "stream");
    try {
      setOption(fd, "reuseAddress", 1);
      if (family === "ipv6") setOption(fd, "ipv6Only", 1);
      setOption(fd, "bindToIfindex", ifindex);
      bind(fd, { address, port });
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
    return new RewrittenListener(server, fd);
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
export function rewrittenSocket(family: Family, { ifindex }: RewrittenOptions): number {
  const fd = socket(family, "stream");
  try {
    setOption(fd, "reuseAddress", 1);
    setOption(fd, "bindToIfindex", ifindex);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Connects a bound socket, once the switch is ready to rewrite what it sends. What goes wrong comes as its "error". */
export function connectRewritten(
  fd: number,
  { destination, destinationPort }: MessageAddresses,
  ready: Promise<void>,
  { keepalive, onread }: RewrittenOptions & { readonly onread?: OnReadOpts },
): Socket {
  const dialing = new Socket({
    fd,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    ...{ manualStart: true, onread },
  });
  dialing.setNoDelay(true);
  dialing.setKeepAlive(true, keepalive);
  dialing.connect({
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
  return dialing;
}
