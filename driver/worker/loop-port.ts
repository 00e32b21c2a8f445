import { DatagramSocket, type Poller, Region, SystemError, setOption } from "../ffi/index.js";
import { addressAndPort, addressBytes, addressText } from "../ip-address.js";
import { Demultiplexer, type PeerAddress } from "../mover/demultiplexer.js";
import { Origin } from "../mover/index.js";
import { DATAGRAM_HEADER_BYTES } from "../mover/wire/datagram.js";
import { LoopLink } from "./loop-link.js";
import { StreamPort, type StreamPortOptions } from "./stream-port.js";

/** Calls for received datagrams in one turn; then others get theirs. */
const RECEIVES = 4;
const RUN_BYTES = 65_536;
/** IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: fragments are allowed; or never, whatever the kernel believes of the path. */
const PMTUDISC_DONT = 0;
const PMTUDISC_PROBE = 3;
/** Then the socket is not one: EBADF, EFAULT, EINVAL, ENOTSOCK. Anything else is about single datagrams, and passes. */
const FATAL: ReadonlySet<number> = new Set([9, 14, 22, 88]);

export interface LoopPortOptions {
  /** A bound socket that does not block. It stays the caller's to close. */
  readonly fd: number;
  readonly family: "ipv4" | "ipv6";
  /** For TCP beside UDP. */
  readonly streams?: Omit<StreamPortOptions, "family"> | undefined;
  /** The loop's. */
  readonly poller: Poller;
}

/** The UDP socket in the worker's loop, which the links to several peers share, and their TCP connections. */
export class LoopPort {
  readonly #options: LoopPortOptions;
  readonly #socket: DatagramSocket;
  readonly #received: Uint8Array;
  readonly #run = new Region(RUN_BYTES);
  readonly #demultiplexer = new Demultiplexer<LoopLink>();
  readonly #links: LoopLink[] = [];
  /** Received since the start. */
  datagrams = 0;
  #fragmentsForbidden: boolean | undefined;
  readonly #streams: StreamPort | undefined;

  /** @throws SystemError when the descriptor is no UDP socket */
  constructor(options: LoopPortOptions) {
    this.#options = options;
    setOption(options.fd, "udpReceiveOffload", 1);
    this.#socket = new DatagramSocket(options.fd);
    const { bytes } = this.#socket.received;
    this.#received = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const { streams, family, poller } = options;
    this.#streams =
      streams &&
      new StreamPort(
        { ...streams, family },
        poller,
        (datagram, offset, from) =>
          this.#demultiplexer.byTag(datagram, offset) ?? this.#demultiplexer.byHost(from.address),
      );
  }

  /** The link to a peer. One for each peer. */
  link(peer: PeerAddress): LoopLink {
    const normal = { address: addressText(addressBytes(peer.address)), port: peer.port };
    const destination = this.#socket.destination(peer);
    const stream = this.#streams?.stream(peer);
    /** Where the peer is, if it is not where it should be. */
    let moved: PeerAddress | undefined;
    const link: LoopLink = new LoopLink(
      {
        destination,
        overhead: this.#options.family === "ipv4" ? 28 : 48,
        send: (region, offset, length, size, whole) => {
          this.#forbidFragments(whole);
          return this.#socket.send(destination, region, offset, length, size);
        },
        newTag: () => this.#demultiplexer.newTag(link),
        dropTag: (tag) => this.#demultiplexer.dropTag(tag),
        source: (offset) => {
          const { address, port } = this.#socket.source(this.#socket.messageAt(offset));
          return addressAndPort(address, port);
        },
        closed: () => {
          if (moved !== undefined) this.#demultiplexer.forget(moved, link);
          this.#demultiplexer.remove(normal, link);
        },
        followStream: (stream) => this.#streams?.follow(stream, link),
        followMessage: (message) => {
          if (this.#socket.isFrom(message, destination)) return undefined;
          if (moved !== undefined) this.#demultiplexer.forget(moved, link);
          const found = this.#socket.source(message);
          moved = found.address === normal.address && found.port === normal.port ? undefined : found;
          if (moved !== undefined) this.#demultiplexer.add(moved, link);
          this.#socket.redirect(destination, found);
          return addressAndPort(found.address, found.port);
        },
      },
      this.#run,
      stream,
    );
    if (stream !== undefined) this.#streams?.add(link, stream);
    this.#demultiplexer.add(normal, link);
    this.#links.push(link);
    return link;
  }

  /** Takes what has arrived to the links, up to a bound. Returns false if there may be more. */
  receive(): boolean {
    for (let i = 0; i < RECEIVES; i += 1) {
      const messages = this.#socket.receive();
      if (FATAL.has(-messages)) throw new SystemError(-messages, "recvmmsg");
      for (let message = 0; message < messages; message += 1) this.#takeApart(message);
      for (const link of this.#links) link.handOn();
      if (messages < this.#socket.batch) return true;
    }
    return false;
  }

  /** Wakes the links whose time has come, and does what their connections are ready for. */
  wake(now: number): void {
    this.#streams?.serve(now);
    for (const link of this.#links) if (link.wakeTime <= now) link.wake();
  }

  /** When the next link is to be woken. */
  nextWake(): number {
    let next = this.#streams?.nextAt() ?? Number.POSITIVE_INFINITY;
    for (const link of this.#links) if (link.wakeTime < next) next = link.wakeTime;
    return next;
  }

  /** The links end; the sockets are the caller's. */
  close(): void {
    this.#streams?.close();
    for (const link of this.#links) link.close();
    this.#socket.free();
    this.#run.free();
  }

  /** An option of the socket, for what is sent from now on; it is seldom changed. */
  #forbidFragments(forbidden: boolean): void {
    if (this.#fragmentsForbidden === forbidden) return;
    this.#fragmentsForbidden = forbidden;
    const option = this.#options.family === "ipv4" ? "mtuDiscover4" : "mtuDiscover6";
    setOption(this.#options.fd, option, forbidden ? PMTUDISC_PROBE : PMTUDISC_DONT);
  }

  /** A message is one datagram, or several of equal length that the kernel has put together. */
  #takeApart(message: number): void {
    const socket = this.#socket;
    const start = socket.offset(message);
    const end = start + socket.length(message);
    const size = socket.segmentSize(message);
    for (let at = start; at < end; at += size) {
      const length = Math.min(size, end - at);
      this.datagrams += 1;
      if (length < DATAGRAM_HEADER_BYTES) return;
      const link =
        this.#demultiplexer.byTag(this.#received, at) ??
        this.#demultiplexer.byAddress(socket.source(message));
      if (link === undefined) continue;
      if (socket.isFrom(message, link.destination)) link.arrived(socket.received, this.#received, at, length);
      else link.arrived(socket.received, this.#received, at, length, Origin.UNKNOWN_ADDRESS, message);
    }
  }
}
