import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import {
  bind,
  type Endpoint,
  inNetworkNamespace,
  listen,
  localEndpoint,
  setOption,
  socket,
} from "../../driver/ffi/index.js";
import {
  DataWorker,
  type OnMessage,
  type Transport,
  type TransportOptions,
  Way,
} from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import { EdgeMemory, plainClass, TcpConnections } from "../../plugin/edge/tcp/index.js";
import { listening } from "../edge/pair.js";
import { SAME_KEY } from "../mover/security.js";

const LOOPBACK = "127.0.0.1";
const BUFFER = 4 * 1024 * 1024;

/** A bound UDP socket for a worker. */
export function udpSocket(port = 0, address = LOOPBACK): number {
  const fd = socket("ipv4", "datagram");
  setOption(fd, "receiveBufferForce", BUFFER);
  bind(fd, { address, port });
  return fd;
}

/** A data worker on a socket of loopback, and edges to each of its peers. */
export class Site {
  readonly fd: number;
  readonly worker: DataWorker;
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly #bootId = randomBytes(8).readBigUInt64BE();
  readonly #peers: Peer[] = [];

  static async open(name: string, fd = udpSocket()): Promise<Site> {
    return new Site(name, fd, await DataWorker.open({ fd, family: "ipv4" }));
  }

  /** With TCP beside UDP, in a network namespace. */
  static async openWithin(namespace: string, name: string): Promise<Site> {
    const [fd, worker] = inNetworkNamespace(namespace, () => {
      const udp = udpSocket();
      const listener = socket("ipv4", "stream");
      bind(listener, localEndpoint(udp));
      listen(listener, 8);
      const streams = { listener, address: LOOPBACK };
      // The worker's thread is begun at once, and so in the namespace that its sockets are to be in.
      return [udp, DataWorker.open({ fd: udp, family: "ipv4", streams })];
    });
    return new Site(name, fd, await worker);
  }

  private constructor(name: string, fd: number, worker: DataWorker) {
    this.name = name;
    this.fd = fd;
    this.worker = worker;
    this.endpoint = localEndpoint(fd);
  }

  /** Edges that open onward connections to `destination` on loopback. */
  async join(peer: Endpoint, destination = 0, options: Partial<TransportOptions> = {}): Promise<Peer> {
    const own = { site: this.name, bootId: this.#bootId, bufferSize: 65_536, security: SAME_KEY };
    const joined = await Peer.open(
      (onMessage) => this.worker.transport(peer, { ...own, ...options, onMessage }),
      destination,
    );
    this.#peers.push(joined);
    return joined;
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    await this.worker.close();
  }
}

const PLAIN_CLASS = plainClass(15_000);

/** One peer as a site sees it. Applications connect to `port`. */
export class Peer {
  readonly transport: Transport;
  readonly connections: TcpConnections;
  readonly events: string[] = [];
  readonly #listener: Server;
  port = 0;

  static async open(make: (onMessage: OnMessage) => Transport, destination: number): Promise<Peer> {
    const peer = new Peer(make, destination);
    peer.port = await listening(peer.#listener);
    return peer;
  }

  private constructor(make: (onMessage: OnMessage) => Transport, destination: number) {
    this.transport = make((header, data) => this.connections.receive(header, data));
    this.connections = new TcpConnections({
      ready: (source) => this.transport.ready(source),
      now: () => performance.now(),
      rtt: () => this.transport.rtt || 1,
      creditMaximum: BUFFER,
      memory: new EdgeMemory(256 * 1024 * 1024),
      connectTimeout: 5000,
      trafficClass: () => PLAIN_CLASS,
      dial: ({ addresses, onread }) =>
        connect({
          host: LOOPBACK,
          port: addresses.destinationPort,
          allowHalfOpen: true,
          noDelay: true,
          onread,
        }),
    });
    this.transport.on("up", (_peer, resumed) => this.events.push(resumed ? "resumed" : "up"));
    this.transport.on("moved", (address) => this.events.push(`moved to ${address}`));
    this.transport.on("way", (way) => this.events.push(way === Way.STREAM ? "by TCP" : "by UDP"));
    this.transport.on("down", (reason) => {
      this.events.push(`down ${reason}`);
      this.connections.sessionLost();
    });
    this.transport.start();
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (accepted) => {
      this.connections.intercept(accepted, {
        addresses: {
          source: addressBytes(LOOPBACK),
          sourcePort: accepted.remotePort ?? 0,
          destination: addressBytes(LOOPBACK),
          destinationPort: destination,
        },
        trafficClass: PLAIN_CLASS,
        dscp: 0,
      });
    });
  }

  /** Resolves once there is a session, the first or the next. */
  async up(sessions = 1): Promise<void> {
    while (this.events.filter((event) => event === "up").length < sessions) await once(this.transport, "up");
  }

  async down(): Promise<void> {
    while (!this.events.at(-1)?.startsWith("down")) await once(this.transport, "down");
  }

  /** An application's connection through here. */
  dial(): Socket {
    return connect({ host: LOOPBACK, port: this.port, allowHalfOpen: true, noDelay: true });
  }

  close(): void {
    this.transport.stop();
    this.connections.stop();
    this.#listener.close();
  }
}
