import type { PeerAddress } from "../demultiplexer.js";
import type { Link, LinkEndpoint, SendBatch } from "../link.js";

/** Node's timers count whole milliseconds, and are often one late. */
const GRANULARITY = 2;
/** Datagrams handed on in one go. */
const BATCH = 64;
/** What a link needs of the port that it is on. */
export interface DgramLinkHost {
  send(batch: SendBatch, peer: PeerAddress): void;
  newTag(): number;
  dropTag(tag: number): void;
  closed(): void;
}

/** The link to one peer over a `node:dgram` socket. */
export class DgramLink implements Link {
  readonly granularity = GRANULARITY;
  readonly overhead: number;
  readonly #peer: PeerAddress;
  readonly #host: DgramLinkHost;
  #endpoint: LinkEndpoint | undefined;
  readonly #received = {
    count: 0,
    bytes: new Array<Uint8Array>(BATCH),
    offset: new Uint32Array(BATCH),
    length: new Uint32Array(BATCH),
    origin: new Uint8Array(BATCH),
    senders: new Array<string>(BATCH),
    from(i: number): string {
      return this.senders[i]!;
    },
  };
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(peer: PeerAddress, overhead: number, host: DgramLinkHost) {
    this.#peer = peer;
    this.overhead = overhead;
    this.#host = host;
  }

  now(): number {
    return performance.now();
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  newTag(): number {
    return this.#host.newTag();
  }

  dropTag(tag: number): void {
    this.#host.dropTag(tag);
  }

  send(batch: SendBatch): void {
    if (this.#endpoint !== undefined) this.#host.send(batch, this.#peer);
  }

  /** From the port nothing comes of which the origin is unknown: it does not follow a peer that moves. */
  follow(): string {
    return `${this.#peer.address}:${this.#peer.port}`;
  }

  wakeAt(time: number): void {
    this.#wakeAt = time;
    if (this.#endpoint === undefined || time === Number.POSITIVE_INFINITY) return;
    const wait = time - performance.now();
    if (wait <= 0) this.#immediate ??= setImmediate(this.#onImmediate);
    else if (time < this.#timerAt) this.#setTimer(time, wait);
  }

  close(): void {
    this.#endpoint = undefined;
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#host.closed();
  }

  /** From the port: datagrams that come together are handed on together. */
  arrived(datagram: Uint8Array, from: PeerAddress): void {
    if (this.#endpoint === undefined) return;
    const received = this.#received;
    received.bytes[received.count] = datagram;
    received.length[received.count] = datagram.length;
    received.senders[received.count] = `${from.address} ${from.port}`;
    received.count += 1;
    if (received.count === BATCH) this.#handOn();
    else this.#immediate ??= setImmediate(this.#onImmediate);
  }

  readonly #onImmediate = (): void => {
    this.#immediate = undefined;
    if (this.#received.count > 0) this.#handOn();
    else this.#wakeIfDue();
  };

  readonly #onTimer = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#wakeIfDue();
  };

  #handOn(): void {
    this.#endpoint?.receive(this.#received);
    this.#received.count = 0;
  }

  #wakeIfDue(): void {
    if (this.#wakeAt === Number.POSITIVE_INFINITY) return;
    const wait = this.#wakeAt - performance.now();
    if (wait > 0) {
      if (this.#wakeAt < this.#timerAt) this.#setTimer(this.#wakeAt, wait);
      return;
    }
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#endpoint?.wake();
  }

  #setTimer(time: number, wait: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#timer = setTimeout(this.#onTimer, wait);
  }
}
