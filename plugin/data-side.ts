import { bind, close, type Family, listen, setOption, socket } from "../driver/ffi/index.js";
import {
  DataWorker,
  DgramPort,
  LocalTransport,
  type PeerAddress,
  type Transport,
  type TransportOptions,
} from "../driver/index.js";

/** TCP connections of peers that may wait to be accepted. */
const BACKLOG = 64;
/** UDP buffers of the mover's socket, in bytes. */
const SOCKET_BUFFER = 4 * 1024 * 1024;

export interface DataSideOptions {
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  /** Firewall mark of the socket. */
  readonly mark: number | undefined;
  /** Peers may be reached by TCP as well: it is listened on the same port. */
  readonly streams: boolean;
}

/** The sockets of the movers, and all that lies between it and the edges. */
export interface DataSide {
  connect(peer: PeerAddress, options: TransportOptions): Transport;
  /** Closes the socket; the transports have been stopped. */
  close(): Promise<void>;
}

/**
 * In a worker, where it belongs. If that fails, nobody listens to its `error`: the process cannot go on, and ends as
 * after any error that nobody expected, the switch carrying on by itself.
 * @throws SystemError EADDRINUSE, EADDRNOTAVAIL, EPERM; DataWorkerError
 */
export async function openDataSide(options: DataSideOptions): Promise<DataSide> {
  const { family, address, mark } = options;
  const fd = openSocket(options);
  const streams = options.streams ? { listener: openListener(options, fd), address, mark } : undefined;
  const worker = await DataWorker.open({ fd, family, streams });
  return {
    connect: (peer, transport) => worker.transport(peer, transport),
    close: () => worker.close(),
  };
}

/** On the main thread, by `node:dgram` and without TCP: slower, and easier to look into. @throws SystemError */
export async function openDataSideHere(options: DataSideOptions): Promise<DataSide> {
  const port = await DgramPort.open({
    family: options.family,
    fd: openSocket(options),
    bufferSize: SOCKET_BUFFER,
  });
  return {
    connect: (peer, transport) => new LocalTransport({ ...transport, link: port.link(peer) }),
    close: () => port.close(),
  };
}

function openSocket({ family, address, port, mark }: DataSideOptions): number {
  const fd = socket(family, "datagram");
  try {
    if (mark !== undefined) setOption(fd, "mark", mark);
    setOption(fd, "receiveBufferForce", SOCKET_BUFFER);
    setOption(fd, "sendBufferForce", SOCKET_BUFFER);
    bind(fd, { address, port });
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The TCP socket beside the UDP one, which is closed if that fails. */
function openListener({ family, address, port, mark }: DataSideOptions, beside: number): number {
  const fd = socket(family, "stream");
  try {
    if (mark !== undefined) setOption(fd, "mark", mark);
    setOption(fd, "reuseAddress", 1);
    bind(fd, { address, port });
    listen(fd, BACKLOG);
    return fd;
  } catch (error) {
    close(fd);
    close(beside);
    throw error;
  }
}
