import { connect, createServer, type Server, type Socket } from "node:net";
import { PacketDriver } from "../../driver/index.js";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import {
  type Departure,
  EdgeMemory,
  plainClass,
  TcpConnections,
  type TrafficClass,
} from "../../plugin/edge/tcp/index.js";

/** What carries buffers from one driver to the other: late, and in any order, as the mover may. */
class Carrier {
  readonly #from: PacketDriver;
  readonly #to: PacketDriver;
  readonly #random: () => number;
  readonly #under: Buffer[] = [];
  #scheduled = false;

  constructor(from: PacketDriver, to: PacketDriver, random: () => number) {
    this.#from = from;
    this.#to = to;
    this.#random = random;
    from.onReady = () => this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#move();
    });
  }

  #move(): void {
    for (let i = 0; i < 4; i++) {
      const buffer = this.#from.nextBuffer();
      if (buffer === undefined) break;
      this.#under.push(Buffer.from(buffer));
      this.#from.release(buffer);
    }
    while (this.#under.length > 0 && this.#random() < 0.6) {
      const [buffer] = this.#under.splice(Math.floor(this.#random() * this.#under.length), 1);
      const error = this.#to.receive(buffer!);
      if (error !== undefined) throw error;
    }
    if (this.#under.length > 0 || this.#from.pending) this.#schedule();
  }
}

/** A generator of numbers in [0, 1) that says the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const PLAIN_CLASS = plainClass(15_000);

/**
 * Two sites in one process, joined by a {@link Carrier} each way. Applications connect to `port` on loopback, which
 * stands for the intercepting listener; the far edge connects to `destination`.
 */
export class EdgePair {
  readonly near: TcpConnections;
  readonly far: TcpConnections;
  readonly nearMemory = new EdgeMemory(256 * 1024 * 1024);
  readonly farMemory: EdgeMemory;
  readonly #listener: Server;
  port = 0;
  /** Of connections from now on. */
  trafficClass: TrafficClass = PLAIN_CLASS;

  /** `farMemory` in bytes. */
  constructor(destination: number, seed: number, connectTimeout = 5000, farMemory = 256 * 1024 * 1024) {
    this.farMemory = new EdgeMemory(farMemory);
    const random = randomOf(seed);
    const nearDriver = new PacketDriver({ onMessage: (header, data) => this.near.receive(header, data) });
    const farDriver = new PacketDriver({ onMessage: (header, data) => this.far.receive(header, data) });
    new Carrier(nearDriver, farDriver, random);
    new Carrier(farDriver, nearDriver, random);
    const common = {
      now: () => performance.now(),
      rtt: () => 1,
      creditMaximum: 4 * 1024 * 1024,
      connectTimeout,
      trafficClass: () => PLAIN_CLASS,
      dial: ({ addresses, onread }: Required<Departure>) =>
        connect({
          host: addressText(addresses.destination),
          port: addresses.destinationPort,
          // The client's own port, at an address that stands for the client's: the server can tell them apart.
          localAddress: "127.0.0.2",
          localPort: addresses.sourcePort,
          allowHalfOpen: true,
          noDelay: true,
          onread,
        }),
    };
    this.near = new TcpConnections({
      ...common,
      memory: this.nearMemory,
      ready: (source) => nearDriver.ready(source),
    });
    this.far = new TcpConnections({
      ...common,
      memory: this.farMemory,
      ready: (source) => farDriver.ready(source),
    });
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.near.intercept(socket, {
        addresses: {
          source: addressBytes("127.0.0.1"),
          sourcePort: socket.remotePort ?? 0,
          destination: addressBytes("127.0.0.1"),
          destinationPort: destination,
        },
        trafficClass: this.trafficClass,
        dscp: 0,
      });
    });
  }

  async start(): Promise<this> {
    this.port = await listening(this.#listener);
    return this;
  }

  stop(): void {
    this.#listener.close();
    this.near.stop();
    this.far.stop();
  }
}

/** Listens on a free port of loopback, and returns it. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return address.port;
}

/** What an application saw of its connection. */
export interface Observed {
  readonly bytes: Buffer;
  /** How it ended: the other side's orderly end, or the error's code. */
  readonly end: string;
}

/** Reads the socket to its end. */
export function observe(socket: Socket): Promise<Observed> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let end = "closed";
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("end", () => {
      end = "end";
      resolve({ bytes: Buffer.concat(chunks), end });
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      end = error.code ?? error.message;
    });
    socket.once("close", () => resolve({ bytes: Buffer.concat(chunks), end }));
  });
}

/** A promise and what fulfils it. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
