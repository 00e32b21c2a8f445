import type { Socket } from "node:net";
import {
  type MessageAddresses,
  MessageFlag,
  type MessageHeader,
  MessageStatus,
  MessageType,
} from "../../../driver/index.js";
import { type EdgeSurroundings, IPPROTO_TCP, TcpEdge } from "./edge.js";
import { NumberWindow } from "./number-window.js";

/** How often connections that are not being read from are probed, in milliseconds. */
const PROBE_INTERVAL = 1000;

/** Opens a connection to an application: the socket is connecting. */
export type Dial = (addresses: MessageAddresses) => Socket;

export interface ConnectionsOptions extends Omit<EdgeSurroundings, "ended"> {
  readonly dial: Dial;
  /** How long a destination may take to answer, in milliseconds. */
  readonly connectTimeout: number;
}

export interface ConnectionCounts {
  open: number;
  total: number;
  failed: number;
  /** Bytes taken from and given to applications here. */
  taken: number;
  delivered: number;
}

/** What came for a connection whose OPEN has not come yet: buffers are handed up in any order. */
interface Early {
  readonly header: MessageHeader;
  readonly data: Buffer;
}

/** The TCP edges of all connections with one peer, each found by its number and by who opened it. */
export class TcpConnections {
  readonly #options: ConnectionsOptions;
  readonly #surroundings: EdgeSurroundings;
  /** Opened by applications here, by the number that we gave. */
  readonly #initiated = new Map<number, TcpEdge>();
  /** Opened at the peer, by the number that it gave. */
  readonly #accepted = new Map<number, TcpEdge>();
  readonly #early = new Map<number, Early[]>();
  readonly #probing: NodeJS.Timeout;
  #seen = new NumberWindow();
  #nextNumber = 1;
  readonly #ended: ConnectionCounts = { open: 0, total: 0, failed: 0, taken: 0, delivered: 0 };

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#surroundings = { ...options, ended: (edge) => this.#forget(edge) };
    this.#probing = setInterval(() => {
      for (const edge of this.#edges()) edge.probe();
    }, PROBE_INTERVAL).unref();
  }

  get counts(): ConnectionCounts {
    const counts = { ...this.#ended };
    for (const edge of this.#edges()) {
      counts.open++;
      counts.taken += edge.taken;
      counts.delivered += edge.delivered;
    }
    return counts;
  }

  /** A connection of an application here, intercepted: its socket stands, and belongs to the edge from now on. */
  intercept(socket: Socket, addresses: MessageAddresses): void {
    const connection = this.#nextNumber;
    this.#nextNumber = (this.#nextNumber + 1) >>> 0 || 1;
    const edge = new TcpEdge({ connection, addresses }, true, socket, this.#surroundings);
    this.#initiated.set(connection, edge);
    this.#ended.total++;
    edge.open();
  }

  /** A message from the peer. `data` is valid during the call only. */
  receive(header: MessageHeader, data: Uint8Array): void {
    const fromInitiator = (header.flags & MessageFlag.INITIATOR) !== 0;
    const edge = (fromInitiator ? this.#accepted : this.#initiated).get(header.connection);
    if (edge !== undefined) edge.receive(header, data);
    else if (fromInitiator && !this.#seen.has(header.connection)) this.#receiveFirst(header, data);
    // Anything else is for a connection that has ended here: its peer has been told, or will be.
  }

  #receiveFirst(header: MessageHeader, data: Uint8Array): void {
    const { connection, addresses } = header;
    if (header.type === MessageType.RESET) {
      this.#seen.add(connection);
      this.#early.delete(connection);
    } else if (header.type === MessageType.OPEN && addresses !== undefined) {
      this.#seen.add(connection);
      this.#openFor(connection, addresses);
    } else {
      const early = this.#early.get(connection) ?? [];
      early.push({ header: { ...header }, data: Buffer.from(data) });
      this.#early.set(connection, early);
    }
  }

  /** Opens the onward connection to the application here. */
  #openFor(connection: number, addresses: MessageAddresses): void {
    const socket = this.#options.dial(addresses);
    const edge = new TcpEdge({ connection, addresses }, false, socket, this.#surroundings);
    this.#accepted.set(connection, edge);
    this.#ended.total++;
    const timer = setTimeout(() => edge.reset(MessageStatus.TIMEOUT), this.#options.connectTimeout);
    // Why a connection could not be made has a status of its own; so this listens ahead of the edge.
    const refused = (error: NodeJS.ErrnoException) => edge.reset(statusOf(error));
    socket.prependOnceListener("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      clearTimeout(timer);
      edge.opened();
    });
    socket.once("close", () => clearTimeout(timer));
    const early = this.#early.get(connection) ?? [];
    this.#early.delete(connection);
    for (const { header, data } of early) edge.receive(header, data);
  }

  /** The session has ended: every connection with it, at once; the applications see resets. */
  sessionLost(): void {
    for (const edge of [...this.#edges()]) edge.abandon();
    this.#early.clear();
    this.#seen = new NumberWindow();
    this.#nextNumber = 1;
  }

  /** Resets all connections and tells the peer so. */
  resetAll(status: MessageStatus): void {
    for (const edge of [...this.#edges()]) edge.reset(status);
  }

  /** Nothing more will come or go; all that is left is dropped. */
  stop(): void {
    clearInterval(this.#probing);
    this.sessionLost();
  }

  *#edges(): Iterable<TcpEdge> {
    yield* this.#initiated.values();
    yield* this.#accepted.values();
  }

  #forget(edge: TcpEdge): void {
    const edges = edge.initiator ? this.#initiated : this.#accepted;
    if (!edges.delete(edge.identity.connection)) return;
    this.#ended.taken += edge.taken;
    this.#ended.delivered += edge.delivered;
    if (!edge.complete) this.#ended.failed++;
  }
}

/** Whether the message is one for these connections. */
export function isTcp(header: MessageHeader): boolean {
  return header.protocol === IPPROTO_TCP;
}

/** What the peer is told of a connection that could not be made. */
function statusOf(error: NodeJS.ErrnoException): MessageStatus {
  switch (error.code) {
    case "ECONNREFUSED":
      return MessageStatus.REFUSED;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return MessageStatus.UNREACHABLE;
    case "ETIMEDOUT":
      return MessageStatus.TIMEOUT;
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
      return MessageStatus.LIMIT;
    default:
      return MessageStatus.RESET_BY_APPLICATION;
  }
}
