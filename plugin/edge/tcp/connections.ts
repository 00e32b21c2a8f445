import { Socket } from "node:net";
import {
  type MessageAddresses,
  MessageFlag,
  type MessageHeader,
  MessageStatus,
  MessageType,
} from "../../../driver/index.js";
import { IPPROTO_TCP } from "../../packet/index.js";
import type { Onward } from "./application-socket.js";
import { statusOfFailure } from "./dial-failure.js";
import { Dialing } from "./dialing.js";
import { type EarlyMessage, EarlyMessages } from "./early-messages.js";
import { type EdgeSurroundings, TcpEdge } from "./edge.js";
import { type EdgeIdentity, NO_OPEN } from "./edge-messages.js";
import { endpointsKey } from "./endpoints.js";
import { descriptorOf } from "./handle.js";
import { IdleTimeouts } from "./idle-timeouts.js";
import { Inquiry } from "./inquiry.js";
import { NumberWindow, numberAfter } from "./number-window.js";
import { type Opening, openingOf, readOpening } from "./opening.js";
import { Reading } from "./reading.js";
import { Successors } from "./successors.js";
import { DEFAULT_CLASS, type TrafficClass } from "./traffic-class.js";
import { mark, treat } from "./treatment.js";

/** How often connections that are not being read from are probed, in milliseconds. */
const PROBE_INTERVAL = 200;
/** How often connections are looked at that end when they are idle, in milliseconds. */
const IDLE_INTERVAL = 1000;

/** Of a connection that is refused before there is anything to it. */
const NO_OPENING: Opening = { dscp: 0, priority: 1, className: DEFAULT_CLASS };

/** Opens a connection to an application: the socket is connecting, and is read by `onread`. */
export type Dial = (onward: Required<Onward>) => Socket;

/** A client's connection, or what is to be one. */
export interface Interception {
  readonly addresses: MessageAddresses;
  readonly trafficClass: TrafficClass;
  /** Of its SYN. */
  readonly dscp: number;
}

export interface ConnectionsOptions extends Omit<EdgeSurroundings, "ended" | "unread"> {
  readonly dial: Dial;
  /** The class of that name at this site; of a name that it does not know, the default one. */
  readonly trafficClass: (name: string) => TrafficClass;
  /** The DSCP with which the application has answered a socket that has connected just now. Default: none. */
  readonly answerDscp?: (destination: Uint8Array, socket: Socket) => number;
  /**
   * Tells, by calling `lost`, that there is no way to a destination that the kernel itself would not tell of; until the
   * function that it returns is called.
   */
  readonly watchWay?: (destination: Uint8Array, lost: () => void) => () => void;
  /** How long a destination may take to answer, in milliseconds. */
  readonly connectTimeout: number;
  /** So many may be being opened at once, for the peer and by it; the peer's further ones are refused. Default: any. */
  readonly mostOpening?: number;
}

export interface ConnectionCounts {
  open: number;
  total: number;
  /** Of those that are open. */
  opening: number;
  failed: number;
  /** Bytes taken from and given to applications here. */
  taken: number;
  delivered: number;
}

/** The TCP edges of all connections with one peer, each found by its number and by who opened it. */
export class TcpConnections {
  readonly #options: ConnectionsOptions;
  readonly #surroundings: EdgeSurroundings;
  /** Opened by applications here, by the number that we gave. */
  readonly #initiated = new Map<number, TcpEdge>();
  /** Opened at the peer, by the number that it gave. */
  readonly #accepted = new Map<number, TcpEdge>();
  /** About connections to be, by the number that we gave … */
  readonly #inquiries = new Map<number, Inquiry>();
  /** … and by their endpoints. */
  readonly #awaited = new Map<string, Inquiry>();
  /** The edges that have come of inquiries, by their endpoints. */
  readonly #confirmed = new Map<string, TcpEdge>();
  readonly #early: EarlyMessages;
  /** Opened at the peer, until the kernel here has been asked to connect. */
  readonly #dialing = new Map<number, Dialing>();
  /** Of those that the peer opens. */
  readonly #successors = new Successors();
  /** Edges whose connection does not stand at the far end: of this site's applications, or here. */
  readonly #opening = new Set<TcpEdge>();
  readonly #idle = new IdleTimeouts();
  readonly #probing: NodeJS.Timeout;
  readonly #expiring: NodeJS.Timeout;
  #seen = this.#noneSeen();
  #nextNumber = 1;
  readonly #ended: ConnectionCounts = { open: 0, total: 0, opening: 0, failed: 0, taken: 0, delivered: 0 };

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#early = new EarlyMessages(options.memory);
    const unread = new Set<TcpEdge>();
    this.#surroundings = { ...options, unread, ended: (edge) => this.#forget(edge) };
    this.#probing = setInterval(() => {
      for (const edge of unread) edge.probe();
    }, PROBE_INTERVAL).unref();
    this.#expiring = setInterval(() => this.#idle.look(options.now()), IDLE_INTERVAL).unref();
  }

  /** How many there are. */
  get open(): number {
    return this.#initiated.size + this.#accepted.size + this.#dialing.size;
  }

  get counts(): ConnectionCounts {
    const counts = { ...this.#ended, open: this.open };
    for (const edge of this.#edges()) {
      counts.taken += edge.taken;
      counts.delivered += edge.delivered;
    }
    counts.opening = this.opening;
    counts.total += this.#dialing.size;
    return counts;
  }

  /** How many are open of each class, by the names that it has where they were opened. */
  get openByClass(): ReadonlyMap<string, number> {
    const open = new Map<string, number>();
    for (const { identity } of this.#edges()) {
      const { className } = identity.opening;
      open.set(className, (open.get(className) ?? 0) + 1);
    }
    return open;
  }

  /** Connections that are being opened: here for the peer, and there for us. */
  get opening(): number {
    return this.#opening.size + this.#inquiries.size + this.#dialing.size;
  }

  /** A connection of an application here, intercepted: it stands, and belongs to the edge from now on. */
  intercept(accepted: Socket, { addresses, trafficClass, dscp }: Interception): void {
    if (accepted.destroyed) return;
    const reading = new Reading(this.#options.memory);
    const socket = reading.adopt(accepted);
    const key = endpointsKey(addresses);
    const inquiry = this.#awaited.get(key);
    const { connection, opening } = inquiry?.identity ?? {
      connection: this.#allocate(),
      opening: openingOf(trafficClass, dscp),
    };
    const edge = new TcpEdge({ connection, addresses, opening }, true, socket, reading, this.#surroundings);
    this.#initiated.set(connection, edge);
    this.#ended.total++;
    this.#treatAccepted(edge, socket, trafficClass);
    if (inquiry === undefined) {
      this.#opening.add(edge);
      edge.open();
    } else {
      this.#confirmed.set(key, edge);
      inquiry.join(edge);
      edge.joined();
    }
  }

  /**
   * Asks the far edge to connect, for a client whose own connection is yet to come to `intercept`. `answered` is told once
   * how that went: `OK`, or what went wrong.
   */
  inquire({ addresses, trafficClass, dscp }: Interception, answered: (status: number) => void): Inquiry {
    const key = endpointsKey(addresses);
    const connection = this.#allocate();
    const { ready, memory } = this.#options;
    const inquiry = new Inquiry({
      identity: { connection, addresses, opening: openingOf(trafficClass, dscp) },
      surroundings: { ready, memory },
      answered,
      over: () => {
        if (this.#awaited.get(key) === inquiry) this.#awaited.delete(key);
      },
      ended: () => {
        // What a lost session has left in the driver's queue ends once more, when its number is another one's.
        if (this.#inquiries.get(connection) === inquiry) this.#inquiries.delete(connection);
      },
    });
    this.#inquiries.set(connection, inquiry);
    this.#awaited.set(key, inquiry);
    return inquiry;
  }

  /** Whether there is an open connection with these endpoints that has come of an inquiry. */
  isConfirmed(addresses: MessageAddresses): boolean {
    return this.#confirmed.has(endpointsKey(addresses));
  }

  /**
   * Somebody on the way to the destination says that the far edge's packets do not get there. That ends what is being
   * opened; where a connection stands, the applications go on trying, as TCP does (RFC 1122 §4.2.3.9).
   */
  unreachable(addresses: MessageAddresses, status: MessageStatus): void {
    const key = endpointsKey(addresses);
    this.#awaited.get(key)?.fail(status);
    for (const edge of this.#opening) {
      const its = edge.identity.addresses;
      // Whoever sends many such errors is not to make us compare much.
      if (!edge.initiator || its.sourcePort !== addresses.sourcePort) continue;
      if (endpointsKey(its) === key) edge.reset(status);
    }
  }

  /** The client's side: its class is known here, and what the far application marks its packets with will be. */
  #treatAccepted(edge: TcpEdge, socket: Socket, trafficClass: TrafficClass): void {
    const family = edge.identity.addresses.source.length === 4 ? "ipv4" : "ipv6";
    const fd = descriptorOf(socket);
    if (fd !== undefined) treat(fd, trafficClass);
    if (trafficClass.dscp === undefined) edge.marked = (dscp) => mark(socket, family, dscp);
    else mark(socket, family, trafficClass.dscp);
    if (trafficClass.idleTimeout !== undefined)
      this.#idle.add(edge, trafficClass.idleTimeout, this.#options.now());
  }

  #allocate(): number {
    let connection = this.#nextNumber;
    while (this.#initiated.has(connection) || this.#inquiries.has(connection)) {
      connection = numberAfter(connection);
    }
    this.#nextNumber = numberAfter(connection);
    return connection;
  }

  #noneSeen(): NumberWindow {
    return new NumberWindow((number) => this.#accepted.has(number));
  }

  /** A message from the peer. `data` is valid during the call only. */
  receive(header: MessageHeader, data: Uint8Array): void {
    const fromInitiator = (header.flags & MessageFlag.INITIATOR) !== 0;
    const { connection } = header;
    const edge = fromInitiator
      ? this.#accepted.get(connection)
      : (this.#initiated.get(connection) ?? this.#inquiries.get(connection));
    if (edge !== undefined) {
      // Whatever a far edge says, it says once it has connected, or will not.
      if (!fromInitiator && edge instanceof TcpEdge) this.#opening.delete(edge);
      edge.receive(header, data);
    } else if (fromInitiator && this.#dialing.has(connection)) this.#early.keep(header, data);
    else if (fromInitiator && !this.#seen.has(connection)) this.#receiveFirst(header, data);
    // Anything else is for a connection that has ended here: its peer has been told, or will be.
  }

  #receiveFirst(header: MessageHeader, data: Uint8Array): void {
    const { connection, addresses } = header;
    if (header.type === MessageType.RESET && header.sequence === NO_OPEN) {
      this.#seen.add(connection);
    } else if (header.type === MessageType.OPEN && addresses !== undefined) {
      if (this.#successors.await(endpointsKey(addresses), () => this.#openLate(connection))) {
        this.#early.keep(header, data);
        return;
      }
      this.#seen.add(connection);
      const opening = readOpening(data);
      if (opening === undefined)
        this.#refuse({ connection, addresses, opening: NO_OPENING }, MessageStatus.PROTOCOL_ERROR);
      else if (this.opening < (this.#options.mostOpening ?? Number.POSITIVE_INFINITY))
        this.#openFor({ connection, addresses, opening });
      else this.#refuse({ connection, addresses, opening }, MessageStatus.LIMIT);
    } else this.#early.keep(header, data);
  }

  /** A connection whose OPEN has had to wait; what came behind it does so still. */
  #openLate(connection: number): void {
    const messages = this.#early.take(connection);
    const isOpen = ({ header }: EarlyMessage) => header.type === MessageType.OPEN;
    for (const { header, data } of messages.filter((each) => !isOpen(each))) this.#early.keep(header, data);
    for (const { header, data } of messages.filter(isOpen)) this.#receiveFirst(header, data);
  }

  /** Says that there will be no such connection. */
  #refuse(identity: EdgeIdentity, status: MessageStatus): void {
    this.#early.take(identity.connection);
    const reading = new Reading(this.#options.memory);
    const edge = new TcpEdge(identity, false, new Socket(), reading, this.#surroundings);
    this.#accepted.set(identity.connection, edge);
    this.#ended.total++;
    edge.reset(status);
  }

  /** Opens the onward connection to the application here. */
  #openFor(identity: EdgeIdentity): void {
    const { connection, addresses, opening } = identity;
    const { memory, dial, connectTimeout, watchWay } = this.#options;
    const key = endpointsKey(addresses);
    const trafficClass = this.#options.trafficClass(opening.className);
    let end = (status: MessageStatus) => dialing.end(status);
    const timer = setTimeout(() => end(MessageStatus.TIMEOUT), connectTimeout);
    const unwatch = watchWay?.(addresses.destination, () => end(MessageStatus.UNREACHABLE));
    const settled = () => {
      clearTimeout(timer);
      unwatch?.();
    };
    const dialing = new Dialing({
      memory,
      dial: (onread) => dial({ addresses, trafficClass, dscp: opening.dscp, onread }),
      asked: (socket, reading) => {
        const edge = new TcpEdge(identity, false, socket, reading, this.#surroundings);
        end = (status) => edge.reset(status);
        this.#successors.enter(key, edge);
        this.#dialing.delete(connection);
        this.#attend(edge, socket, settled);
      },
      failed: (status) => {
        settled();
        this.#dialing.delete(connection);
        this.#refuse(identity, status);
        this.#successors.leave(key, dialing);
      },
      stopped: settled,
    });
    this.#dialing.set(connection, dialing);
    this.#successors.enter(key, dialing);
  }

  /** Waits for the answer to the SYN of the edge's socket. */
  #attend(edge: TcpEdge, socket: Socket, settled: () => void): void {
    const { connection, addresses } = edge.identity;
    this.#accepted.set(connection, edge);
    this.#ended.total++;
    this.#opening.add(edge);
    // Why a connection could not be made has a status of its own; so this listens ahead of the edge.
    const refused = (error: NodeJS.ErrnoException) => edge.reset(statusOfFailure(error));
    socket.prependOnceListener("error", refused);
    const over = () => {
      settled();
      this.#opening.delete(edge);
    };
    socket.once("connect", () => {
      socket.off("error", refused);
      over();
      edge.opened(this.#options.answerDscp?.(addresses.destination, socket) ?? 0);
    });
    socket.once("close", over);
    for (const { header, data } of this.#early.take(connection)) edge.receive(header, data);
  }

  /** The session has ended: every connection with it, at once; the applications see resets. */
  sessionLost(): void {
    this.#successors.clear();
    for (const dialing of this.#dialing.values()) dialing.stop();
    this.#dialing.clear();
    for (const edge of [...this.#edges()]) edge.abandon();
    for (const inquiry of [...this.#inquiries.values()]) inquiry.abandon(MessageStatus.SESSION_LOST);
    this.#early.clear();
    this.#seen = this.#noneSeen();
    this.#nextNumber = 1;
  }

  /** Resets all connections and tells the peer so. */
  resetAll(status: MessageStatus): void {
    for (const dialing of [...this.#dialing.values()]) dialing.end(status);
    for (const edge of [...this.#edges()]) edge.reset(status);
    for (const inquiry of [...this.#inquiries.values()]) inquiry.drop(status);
  }

  /** Nothing more will come or go; all that is left is dropped. */
  stop(): void {
    clearInterval(this.#probing);
    clearInterval(this.#expiring);
    this.sessionLost();
  }

  *#edges(): Iterable<TcpEdge> {
    yield* this.#initiated.values();
    yield* this.#accepted.values();
  }

  #forget(edge: TcpEdge): void {
    const { connection, addresses } = edge.identity;
    const edges = edge.initiator ? this.#initiated : this.#accepted;
    if (edges.get(connection) !== edge) return;
    edges.delete(connection);
    this.#opening.delete(edge);
    this.#idle.forget(edge);
    if (edge.initiator && this.#confirmed.size > 0) {
      const key = endpointsKey(addresses);
      if (this.#confirmed.get(key) === edge) this.#confirmed.delete(key);
    }
    this.#ended.taken += edge.taken;
    this.#ended.delivered += edge.delivered;
    if (!edge.complete) this.#ended.failed++;
    if (!edge.initiator) this.#successors.leave(endpointsKey(addresses), edge);
  }
}

/** Whether the message is one for these connections. */
export function isTcp(header: MessageHeader): boolean {
  return header.protocol === IPPROTO_TCP;
}
