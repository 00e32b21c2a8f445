import {
  accept,
  bind,
  close,
  connect,
  type Endpoint,
  type Family,
  type Poller,
  SystemError,
  setOption,
  socket,
} from "../ffi/index.js";
import { addressAndPort } from "../ip-address.js";
import { Origin } from "../mover/index.js";
import type { LoopLink } from "./loop-link.js";
import { LoopStream } from "./loop-stream.js";
import { Stream } from "./stream.js";

/** Connections that have not said whose they are: so many at a time, and so many milliseconds each. */
const UNKNOWN_STREAMS = 32;
const UNKNOWN_TIME = 10_000;
/** Without descriptors no connection is accepted for so many milliseconds. */
const ACCEPT_PAUSE = 1000;

export interface StreamPortOptions {
  /** A listening TCP socket that does not block; it stays the caller's to close. */
  readonly listener: number;
  /** What connections to peers are bound to. */
  readonly address: string;
  readonly family: Family;
  /** Their firewall mark. */
  readonly mark?: number | undefined;
}

interface Unknown {
  readonly stream: Stream;
  readonly from: Endpoint;
  readonly since: number;
}

/** The TCP connections of all links in the worker's loop (claim 20). */
export class StreamPort {
  readonly #options: StreamPortOptions;
  readonly #poller: Poller;
  readonly #find: (bytes: Uint8Array, offset: number, from: Endpoint) => LoopLink | undefined;
  #listener: number;
  #acceptAt = Number.POSITIVE_INFINITY;
  readonly #links = new Map<LoopLink, LoopStream>();
  readonly #streams = new Map<Stream, LoopLink>();
  readonly #unknown: Unknown[] = [];

  /** `find`: whose a datagram is that came by a connection from there. */
  constructor(
    options: StreamPortOptions,
    poller: Poller,
    find: (bytes: Uint8Array, offset: number, from: Endpoint) => LoopLink | undefined,
  ) {
    this.#options = options;
    this.#poller = poller;
    this.#find = find;
    this.#listener = poller.add(options.listener);
  }

  /** The stream of a link to the peer at that address. */
  stream(peer: Endpoint): LoopStream {
    return new LoopStream(() => this.#open(peer));
  }

  /** From now on the stream's connections are looked after. */
  add(link: LoopLink, stream: LoopStream): void {
    this.#links.set(link, stream);
  }

  /** It has turned out whose a connection is. Returns where it comes from. */
  follow(stream: Stream, link: LoopLink): string | undefined {
    const i = this.#unknown.findIndex((unknown) => unknown.stream === stream);
    if (i < 0) return undefined;
    const { address, port } = this.#unknown[i]!.from;
    this.#unknown.splice(i, 1);
    this.#streams.set(stream, link);
    this.#links.get(link)?.accept(stream);
    return addressAndPort(address, port);
  }

  /** Once a turn of the loop: does what the connections are ready for. */
  serve(now: number): void {
    if (this.#acceptAt < now) {
      this.#acceptAt = Number.POSITIVE_INFINITY;
      this.#listener = this.#poller.add(this.#options.listener);
    } else if (this.#acceptAt === Number.POSITIVE_INFINITY && this.#poller.readable(this.#listener)) {
      this.#accept(now);
    }
    for (const [stream, link] of this.#streams) {
      if (stream.writable && stream.onWritable()) link.wake();
      if (stream.readable) {
        stream.read((region, offset, length) =>
          link.arrived(region, region.bytes, offset, length, Origin.STREAM),
        );
        link.handOn();
        stream.release();
      }
      if (stream.closed) {
        this.#streams.delete(stream);
        link.wake();
      }
    }
    for (const unknown of [...this.#unknown]) this.#hear(unknown, now);
    this.#tend(now);
  }

  /** When `serve` has something to do that no connection says. */
  nextAt(): number {
    let next = this.#acceptAt;
    for (const stream of this.#links.values()) next = Math.min(next, stream.nextAt());
    for (const { since } of this.#unknown) next = Math.min(next, since + UNKNOWN_TIME);
    return next;
  }

  close(): void {
    for (const stream of this.#links.values()) stream.close();
    for (const { stream } of this.#unknown) stream.close();
  }

  #tend(now: number): void {
    for (const [link, loopStream] of this.#links) {
      const opened = loopStream.tend(now);
      if (opened === undefined) continue;
      this.#streams.set(opened, link);
      if (opened.connected) link.wake();
    }
  }

  #open(peer: Endpoint): Stream | undefined {
    const { family, address, mark } = this.#options;
    const fd = socket(family, "stream");
    try {
      if (mark !== undefined) setOption(fd, "mark", mark);
      bind(fd, { address, port: 0 });
      const connected = connect(fd, peer);
      return new Stream(fd, this.#poller, !connected);
    } catch (error) {
      close(fd);
      if (error instanceof SystemError) return undefined;
      throw error;
    }
  }

  #accept(now: number): void {
    try {
      while (this.#unknown.length < UNKNOWN_STREAMS) {
        const accepted = accept(this.#options.listener);
        if (accepted === undefined) return;
        const stream = new Stream(accepted.fd, this.#poller, false);
        this.#unknown.push({ stream, from: accepted.endpoint, since: now });
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    // No descriptors, or too many strangers: later.
    this.#poller.remove(this.#listener);
    this.#acceptAt = now + ACCEPT_PAUSE;
  }

  #hear({ stream, from, since }: Unknown, now: number): void {
    if (stream.readable) {
      const links = new Set<LoopLink>();
      stream.read((region, offset, length) => {
        const link = this.#find(region.bytes, offset, from);
        if (link === undefined) return;
        link.arrived(region, region.bytes, offset, length, Origin.UNKNOWN_STREAM, stream);
        links.add(link);
      });
      for (const link of links) link.handOn();
      stream.release();
    }
    const i = this.#unknown.findIndex((unknown) => unknown.stream === stream);
    if (i < 0 || (!stream.closed && now < since + UNKNOWN_TIME)) return;
    stream.close();
    this.#unknown.splice(i, 1);
  }
}
