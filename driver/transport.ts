import { EventEmitter } from "node:events";
import type { OnMessage } from "./message-reader.js";
import type { MessageSource } from "./message-source.js";
import type {
  DownReason,
  Link,
  MoverOptions,
  MoverState,
  MoverStats,
  PeerInfo,
  Stranger,
  Way,
} from "./mover/index.js";
import { Mover } from "./mover/index.js";
import { PacketDriver } from "./packet-driver.js";

/** Events of a Transport (`node:events`). */
export type TransportEvents = {
  /** A session begins: nothing of an earlier one will be delivered any more. Also after `silent`, with `resumed`. */
  up: [peer: PeerInfo, resumed: boolean];
  silent: [];
  /** What had not been delivered is lost. */
  down: [reason: TransportDownReason];
  /** Somebody who is not the peer speaks in its place, perhaps the peer with other keys. At most once a second. */
  stranger: [stranger: Stranger];
  /** The peer has another address. */
  moved: [address: string];
  /** What is sent goes another way than before. */
  way: [way: Way];
  /** A buffer of the peer made no sense; the session ends for it. */
  malformed: [error: Error];
  /** The way to the peer does not take datagrams of so many bytes, the least there are: they go in fragments. */
  tooLong: [bytes: number];
};

/** `failed`: what carries the messages has come to an end that nobody asked for. */
export type TransportState = MoverState | "failed";
export type TransportDownReason = DownReason | "failed";

export interface TransportOptions extends Omit<MoverOptions, "link" | "source" | "deliver" | "backlog"> {
  readonly onMessage: OnMessage;
  /** Bytes of a buffer at most, frame included, before compression. */
  readonly bufferSize: number;
}

/** What carries messages to one peer and back: packet driver and data mover, wherever they run. */
export interface Transport extends EventEmitter<TransportEvents> {
  readonly state: TransportState;
  /** Smoothed round-trip time in milliseconds; NaN before the first sample. */
  readonly rtt: number;
  /** Whether something has been said that the peer may not have yet. */
  readonly busy: boolean;
  /** Queues a source for its turn; no change if it is queued already. */
  ready(source: MessageSource): void;
  start(): void;
  /** Tells the peer and ends the session. */
  stop(): void;
  stats(): MoverStats;
}

/** A transport within the thread that calls it. */
export class LocalTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly #driver: PacketDriver;
  readonly #mover: Mover;

  constructor(options: TransportOptions & { readonly link: Link }) {
    super();
    const { onMessage, bufferSize, ...moverOptions } = options;
    this.#driver = new PacketDriver({ onMessage, bufferSize });
    this.#mover = new Mover({
      ...moverOptions,
      source: this.#driver,
      deliver: (buffer) => this.#deliver(buffer),
    });
    this.#driver.onReady = () => this.#mover.wake();
    this.#mover.on("up", (peer, resumed) => this.emit("up", peer, resumed));
    this.#mover.on("silent", () => this.emit("silent"));
    this.#mover.on("tooLong", (bytes) => this.emit("tooLong", bytes));
    this.#mover.on("stranger", (stranger) => this.emit("stranger", stranger));
    this.#mover.on("moved", (address) => this.emit("moved", address));
    this.#mover.on("way", (way) => this.emit("way", way));
    this.#mover.on("down", (reason) => this.emit("down", reason));
  }

  get state(): MoverState {
    return this.#mover.state;
  }

  get rtt(): number {
    return this.#mover.stats().smoothedRtt;
  }

  get busy(): boolean {
    return this.#driver.pending || this.#mover.stats().inFlightBytes > 0;
  }

  ready(source: MessageSource): void {
    this.#driver.ready(source);
  }

  start(): void {
    this.#mover.start();
  }

  stop(): void {
    this.#mover.stop();
  }

  stats(): MoverStats {
    return this.#mover.stats();
  }

  /** Of a buffer that makes no sense messages are missing for good: the session cannot go on. */
  #deliver(buffer: Uint8Array): void {
    const error = this.#driver.receive(buffer);
    if (error === undefined) return;
    this.emit("malformed", error);
    this.#mover.reset();
  }
}
