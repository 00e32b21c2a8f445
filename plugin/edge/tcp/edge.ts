import type { Socket } from "node:net";
import {
  type MessageHeader,
  type MessageSource,
  MessageStatus,
  MessageType,
  type MessageWriter,
  type Priority,
} from "../../../driver/index.js";
import { abort, abortIfLost, isReset } from "./abort.js";
import { ReceiveWindow, readCredit } from "./credit.js";
import { Delivery } from "./delivery.js";
import { type EdgeIdentity, EdgeMessages } from "./edge-messages.js";
import type { Idling } from "./idle-timeouts.js";
import { Inbound, SequenceError } from "./inbound.js";
import { whenDelivered } from "./last-words.js";
import type { EdgeMemory, Holder } from "./memory.js";
import { readOpened } from "./opening.js";
import { Outbound } from "./outbound.js";
import type { Reading } from "./reading.js";

/** What an edge needs of its surroundings; one for all connections to a peer. */
export interface EdgeSurroundings {
  /** Asks the packet driver for a turn. */
  ready(source: MessageSource): void;
  /** Milliseconds. */
  now(): number;
  /** Round-trip time to the peer, in milliseconds. */
  rtt(): number;
  /** Bytes that one connection may have under way in one direction. */
  readonly creditMaximum: number;
  readonly memory: EdgeMemory;
  /** Edges whose sockets are not being read from, so that the event loop does not hear of a reset; see `probe`. */
  readonly unread: Set<TcpEdge>;
  /** The edge has ended and said all there is to say: its number may be forgotten. */
  ended(edge: TcpEdge): void;
}

/**
 * One intercepted TCP connection, at one of its two sites.
 *
 * Each direction has a life of its own:
 *
 * | state of a direction | left by                                                           |
 * |----------------------|-------------------------------------------------------------------|
 * | open                 | application ends its sending (→ closing), reset                   |
 * | closing              | all that it said has been pulled, then FIN (→ closed), reset      |
 * | closed               | -                                                                 |
 *
 * and the edge ends when both are closed and the socket is, or by a reset: of the application here (RESET goes to the
 * peer, behind what the application had said and there is credit for), of the peer (the application here sees RST, behind
 * what came before), or of the session in between (both applications see RST at once).
 */
export class TcpEdge implements MessageSource, Holder, Idling {
  readonly priority: Priority;
  readonly identity: EdgeIdentity;
  /** This site's application opened the connection. */
  readonly initiator: boolean;
  /** Told of the DSCP of the far application's packets; for the initiator. */
  marked: ((dscp: number) => void) | undefined;
  readonly #socket: Socket;
  readonly #surroundings: EdgeSurroundings;
  readonly #messages: EdgeMessages;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #delivery: Delivery;
  readonly #window: ReceiveWindow;
  /** RESET waits to be pulled, with this status. */
  #farewell: MessageStatus | undefined;
  /** RESET goes behind what the application has said, as its RST came behind it. */
  #lastWords = false;
  /** RESET has come, but messages before it have not: the application gets those first. */
  #resetAt: number | undefined;
  #socketClosed = false;
  /** Nothing that comes is for the application any more. */
  #over = false;
  /** The socket has been let go. */
  #gone = false;
  #complete = false;
  #holding = 0;
  /** Something that the application has said may be pulled. */
  #waiting = false;
  #taken = 0;
  #delivered = 0;

  /** `socket` is read by `reading`. */
  constructor(
    identity: EdgeIdentity,
    initiator: boolean,
    socket: Socket,
    reading: Reading,
    surroundings: EdgeSurroundings,
  ) {
    this.identity = identity;
    this.priority = identity.opening.priority;
    this.initiator = initiator;
    this.#socket = socket;
    this.#surroundings = surroundings;
    this.#messages = new EdgeMessages(identity, initiator);
    const { creditMaximum: maximum, memory, now, rtt } = surroundings;
    this.#outbound = new Outbound(memory.blocks);
    const pressed = () => memory.pressed;
    this.#window = new ReceiveWindow({ first: memory.firstWindow, maximum, now, rtt, pressed });
    this.#delivery = new Delivery(socket, memory.blocks, (bytes) => this.#given(bytes));
    this.#inbound = new Inbound({
      data: (bytes) => this.#deliver(bytes),
      end: () => this.#delivery.end(),
    });
    abortIfLost(socket);
    reading.onBytes = (bytes) => this.#take(bytes);
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#closed());
    // What went wrong shows in "close", which always follows.
    socket.on("error", () => {});
    socket.resume();
    memory.join(this);
  }

  /** Bytes of both directions that are here: taken and not pulled, received and not yet the kernel's. */
  get holding(): number {
    return this.#holding;
  }

  /** Bytes that the application here has sent. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes that the application here has been given. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Whether it has come to its end without a reset. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Tells the peer to open the connection; for the initiator. */
  open(): void {
    this.#say(() => {
      this.#messages.greeting = MessageType.OPEN;
    });
  }

  /** The same, where the peer has opened it already. */
  joined(): void {
    if (this.#window.due) this.#surroundings.ready(this);
  }

  /** The connection to the application stands, and this is its DSCP; for the responder. */
  opened(dscp: number): void {
    this.#say(() => {
      this.#messages.greeting = MessageType.OPENED;
      this.#messages.dscp = dscp;
    });
  }

  /** Ends the connection here and at the peer; the application sees a reset. */
  reset(status: MessageStatus): void {
    if (this.#over) {
      // The peer has reset it itself, and last words are on their way to the application here; or it is to be told already.
      if (!this.#gone) this.abandon();
      return;
    }
    this.#drop();
    this.#farewell = status;
    this.#surroundings.ready(this);
  }

  /** It has been idle for longer than its class allows. */
  expire(): void {
    this.reset(MessageStatus.TIMEOUT);
  }

  /** Memory is at its ceiling, and nobody holds more of it. */
  shed(): void {
    if (this.#gone) this.#letGo();
    else this.reset(MessageStatus.LIMIT);
  }

  /** Ends the connection here alone: the peer has ended it already, or cannot be told, also not of an end before this. */
  abandon(): void {
    if (this.#gone && this.#farewell === undefined) return;
    this.#farewell = undefined;
    if (this.#gone) this.#letGo();
    else this.#drop();
    this.#surroundings.ended(this);
  }

  /** A message of the peer's edge. `data` is valid during the call only. */
  receive(header: MessageHeader, data: Uint8Array): void {
    if (this.#over) return;
    switch (header.type) {
      case MessageType.OPENED: {
        const dscp = readOpened(data);
        if (dscp === undefined || !this.initiator) this.reset(MessageStatus.PROTOCOL_ERROR);
        else this.marked?.(dscp);
        break;
      }
      case MessageType.DATA:
        this.#hold(data.length);
        this.#window.arrive(data.length, this.#delivered);
        this.#accept(header.sequence, data);
        if (!this.#over && this.#window.due) this.#surroundings.ready(this);
        break;
      case MessageType.FIN:
        this.#accept(header.sequence, null);
        this.#endIfDone();
        break;
      case MessageType.CREDIT: {
        const limit = readCredit(data);
        if (limit === undefined) this.reset(MessageStatus.PROTOCOL_ERROR);
        else this.#say(() => this.#outbound.grant(limit));
        break;
      }
      case MessageType.RESET:
        // Words before a reset are for an application that has been reached, or will be: its client reset it, and nobody else.
        if (this.#socket.connecting && header.status !== MessageStatus.RESET_BY_APPLICATION) {
          this.abandon();
          break;
        }
        this.#resetAt = header.sequence;
        this.#resetIfDue();
        break;
    }
  }

  /** Looks whether the application has reset a connection that is not being read from, for want of credit or after its end. */
  probe(): void {
    if (!this.#over && isReset(this.#socket)) this.#breakOff();
  }

  pull(writer: MessageWriter, quantum: number): boolean {
    if (this.#farewell !== undefined) return this.#pullFarewell(writer, quantum, this.#farewell);
    if (this.#over) return false;
    if (!this.#messages.writeGreeting(writer)) return true;
    if (this.#window.due && !this.#inbound.ended && !this.#pullCredit(writer)) return true;
    const bytes = this.#pullWords(writer, quantum);
    const { readAhead } = this.#surroundings.memory;
    if (bytes > 0 && this.#socket.isPaused() && this.#outbound.queued < readAhead / 2) this.#resume();
    const more = this.#outbound.ready;
    if (!more) this.#endIfDone();
    return more;
  }

  #pullCredit(writer: MessageWriter): boolean {
    if (!this.#messages.writeCredit(writer, this.#outbound.sequence, this.#window.offer)) return false;
    this.#window.grant();
    return true;
  }

  /** What the application has said; the bytes of it. */
  #pullWords(writer: MessageWriter, quantum: number): number {
    const bytes = this.#outbound.pull(writer, quantum, this.#messages.header);
    if (bytes > 0) this.#hold(-bytes);
    this.#wait();
    return bytes;
  }

  #pullFarewell(writer: MessageWriter, quantum: number, status: MessageStatus): boolean {
    if (this.#lastWords) {
      if (!this.#messages.writeGreeting(writer)) return true;
      this.#pullWords(writer, quantum);
      if (this.#outbound.ready) return true;
    }
    if (!this.#messages.writeReset(writer, this.#outbound.sequence, status)) return true;
    this.#farewell = undefined;
    this.#letGo();
    this.#surroundings.ended(this);
    return false;
  }

  /** The application has sent something. */
  #take(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#taken += bytes.length;
    this.#hold(bytes.length);
    this.#say(() => this.#outbound.push(bytes));
    if (this.#outbound.queued >= this.#surroundings.memory.readAhead) this.#pause();
  }

  #pause(): void {
    this.#socket.pause();
    this.#surroundings.unread.add(this);
  }

  #resume(): void {
    this.#socket.resume();
    if (!this.#socket.readableEnded) this.#surroundings.unread.delete(this);
  }

  /** The application will say no more. */
  #ended(): void {
    if (this.#over) return;
    this.#surroundings.unread.add(this);
    if (isReset(this.#socket)) this.#breakOff();
    else this.#say(() => this.#outbound.end());
  }

  #accept(sequence: number, data: Uint8Array | null): void {
    try {
      this.#inbound.accept(sequence, data, this.#window.granted);
      this.#resetIfDue();
    } catch (error) {
      if (!(error instanceof SequenceError)) throw error;
      this.reset(MessageStatus.PROTOCOL_ERROR);
    }
  }

  #deliver(bytes: Uint8Array): void {
    this.#delivered += bytes.length;
    this.#delivery.give(bytes);
  }

  /** The kernel has taken so many of the bytes for the application, and so it counts as if that had. */
  #given(bytes: number): void {
    if (this.#gone) return;
    this.#hold(-bytes);
    this.#window.consume(bytes);
    if (this.#window.due && !this.#over) this.#surroundings.ready(this);
  }

  #closed(): void {
    this.#socketClosed = true;
    if (this.#over) return;
    const complete = this.#socket.readableEnded && this.#socket.writableFinished;
    if (complete) this.#endIfDone();
    else this.#breakOff();
  }

  /** The application has reset the connection. What it had said before, the other one may still hear. */
  #breakOff(): void {
    this.#over = true;
    this.#gone = true;
    this.#inbound.clear();
    this.#delivery.clear();
    this.#hold(this.#outbound.queued - this.#holding);
    abort(this.#socket);
    this.#lastWords = true;
    this.#farewell = MessageStatus.RESET_BY_APPLICATION;
    this.#surroundings.ready(this);
  }

  #endIfDone(): void {
    if (this.#over || !this.#socketClosed || !this.#outbound.finished || !this.#inbound.ended) return;
    this.#over = true;
    this.#gone = true;
    this.#complete = true;
    this.#letGo();
    this.#surroundings.ended(this);
  }

  /** Lets go of the socket, with a reset, and of all data. */
  #drop(): void {
    this.#over = true;
    this.#gone = true;
    this.#inbound.clear();
    this.#delivery.clear();
    abort(this.#socket);
    this.#letGo();
  }

  /** Of all data, and of what others know of the edge. */
  #letGo(): void {
    this.#lastWords = false;
    this.#outbound.clear();
    this.#wait();
    this.#hold(-this.#holding);
    this.#surroundings.memory.leave(this);
    this.#surroundings.unread.delete(this);
  }

  /** Data sent before a reset is the application's to read, as it would be without us. */
  #resetIfDue(): void {
    if (this.#resetAt === undefined || ((this.#resetAt - this.#inbound.next) | 0) > 0) return;
    this.#over = true;
    whenDelivered(this.#socket, this.#delivery, () => this.abandon());
  }

  /** Among those that wait for their turn, or no longer. */
  #wait(): void {
    const { waiting } = this.#outbound;
    if (waiting !== this.#waiting) this.#surroundings.memory.waiting += waiting ? 1 : -1;
    this.#waiting = waiting;
  }

  #hold(bytes: number): void {
    this.#holding += bytes;
    this.#surroundings.memory.take(bytes);
  }

  /** Changes what there is to say, and asks for a turn if that makes something. */
  #say(change: () => void): void {
    change();
    this.#wait();
    if (this.#messages.greeting !== undefined || this.#outbound.ready) this.#surroundings.ready(this);
  }
}
