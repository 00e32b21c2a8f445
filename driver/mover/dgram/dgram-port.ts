import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { SocketAddress } from "node:net";
import { Region } from "../../ffi/index.js";
import { Demultiplexer, type PeerAddress } from "../demultiplexer.js";
import type { SendBatch } from "../link.js";
import { DATAGRAM_HEADER_BYTES } from "../wire/datagram.js";
import { DgramLink } from "./dgram-link.js";

export interface DgramPortOptions {
  readonly family?: "ipv4" | "ipv6";
  /** A bound socket that somebody else has opened; instead of `address` and `port`. The port closes it. */
  readonly fd?: number;
  readonly address?: string;
  readonly port?: number;
  /** SO_RCVBUF and SO_SNDBUF, bytes, as far as the kernel allows. Default 4 MiB. */
  readonly bufferSize?: number;
}

/** Datagrams that can wait in the socket's own queue, twice what is allowed to wait, and the most bytes of each. */
const SLOTS = 2048;
const SLOT_BYTES = 9216;
const DEFAULT_BUFFER_SIZE = 4 * 1024 * 1024;

/** A UDP socket that the links to several peers share. */
export class DgramPort {
  readonly overhead: number;
  readonly #socket: Socket;
  readonly #family: "ipv4" | "ipv6";
  readonly #slots = new Region(SLOTS * SLOT_BYTES);
  #slot = 0;
  readonly #links = new Demultiplexer<DgramLink>();

  /** @throws the system's error (`code` EADDRINUSE, EACCES, …) when the socket cannot be bound */
  static async open(options: DgramPortOptions): Promise<DgramPort> {
    const { family = "ipv4", bufferSize = DEFAULT_BUFFER_SIZE } = options;
    const socket = createSocket({
      type: family === "ipv4" ? "udp4" : "udp6",
      // Peers are given by address; asking a resolver for each datagram would only cost time.
      lookup: (address, _options, callback) => callback(null, address, family === "ipv4" ? 4 : 6),
    });
    await new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => {
        socket.close();
        reject(error);
      };
      socket.once("error", refused);
      const { fd, address = family === "ipv4" ? "0.0.0.0" : "::", port = 0 } = options;
      socket.bind(fd === undefined ? { address, port } : { fd }, () => {
        socket.off("error", refused);
        resolve();
      });
    });
    socket.setRecvBufferSize(bufferSize);
    socket.setSendBufferSize(bufferSize);
    return new DgramPort(socket, family);
  }

  private constructor(socket: Socket, family: "ipv4" | "ipv6") {
    this.#socket = socket;
    this.#family = family;
    this.overhead = family === "ipv4" ? 28 : 48;
    socket.on("message", (datagram, from) => this.#dispatch(datagram, from));
    // What the network says of single datagrams (unreachable, too long) the mover finds out by itself.
    socket.on("error", () => undefined);
  }

  /** Where the socket is bound. */
  get address(): PeerAddress {
    return this.#socket.address();
  }

  /** The link to a peer. One for each peer. */
  link(peer: PeerAddress): DgramLink {
    const { address } = new SocketAddress({ ...peer, family: this.#family });
    const normal = { address, port: peer.port };
    const link: DgramLink = new DgramLink(peer, this.overhead, {
      send: (batch, to) => this.#send(batch, to),
      newTag: () => this.#links.newTag(link),
      dropTag: (tag) => this.#links.dropTag(tag),
      closed: () => this.#links.remove(normal, link),
    });
    this.#links.add(normal, link);
    return link;
  }

  /** Closes the socket and all links on it. */
  async close(): Promise<void> {
    for (const link of [...this.#links.links]) link.close();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
    this.#slots.free();
  }

  /**
   * Datagrams are copied, because the socket may keep them waiting while the mover has already gone on. What
   * its queue has no room for is dropped, as any router would. There is no callback: one that sent again
   * would starve the event loop.
   */
  #send(batch: SendBatch, peer: PeerAddress): void {
    for (let i = 0; i < batch.count; i += 1) {
      if (this.#socket.getSendQueueCount() >= SLOTS / 2) return;
      const start = this.#slot * SLOT_BYTES;
      this.#slot = (this.#slot + 1) % SLOTS;
      const header = batch.headerOffset[i]!;
      const headerLength = batch.headerLength[i]!;
      const { bytes } = this.#slots;
      bytes.set(batch.arena.subarray(header, header + headerLength), start);
      const from = batch.payloadOffset[i]!;
      const length = batch.payloadLength[i]!;
      bytes.set(batch.payload[i]!.subarray(from, from + length), start + headerLength);
      batch.channel?.seal(this.#slots, start, headerLength + length);
      this.#socket.send(bytes, start, batch.lengthOf(i), peer.port, peer.address);
    }
  }

  #dispatch(datagram: Buffer, from: RemoteInfo): void {
    if (datagram.length < DATAGRAM_HEADER_BYTES) return;
    const link = this.#links.byTag(datagram, 0) ?? this.#links.byAddress(from);
    link?.arrived(datagram, from);
  }
}
