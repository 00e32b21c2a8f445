import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type MessageAddresses, MessageStatus, PacketDriver } from "../../driver/index.js";
import { addressBytes, addressText } from "../../driver/ip-address.js";
import { DEFAULT_BUFFER_SIZE } from "../../driver/packet-driver.js";
import { isReset } from "../../plugin/edge/tcp/abort.js";
import {
  abort,
  EdgeMemory,
  type Onward,
  plainClass,
  TcpConnections,
  type TrafficClass,
} from "../../plugin/edge/tcp/index.js";

/** Buffers that are under way at most. */
const MOST_UNDER_WAY = 64;

interface UnderWay {
  readonly buffer: Buffer;
  /** When it may arrive. */
  readonly due: number;
}

/** What carries buffers from one driver to the other: of any size, late, and in any order, as the mover may. */
class Carrier {
  readonly #from: PacketDriver;
  readonly #to: PacketDriver;
  readonly #random: () => number;
  readonly #delay: number;
  readonly #under: UnderWay[] = [];
  #scheduled = false;

  /** `delay`: how late a buffer may be, in milliseconds. */
  constructor(from: PacketDriver, to: PacketDriver, random: () => number, delay: number) {
    this.#from = from;
    this.#to = to;
    this.#random = random;
    this.#delay = delay;
    from.onReady = () => this.#schedule();
  }

  /** Whether nothing is under way, or about to be. */
  get idle(): boolean {
    return this.#under.length === 0 && !this.#from.pending;
  }

  /** Loses what is under way. */
  clear(): void {
    this.#under.length = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const move = () => {
      this.#scheduled = false;
      this.#move();
    };
    if (this.#delay > 0 && this.#under.length > 0) setTimeout(move, 1);
    else setImmediate(move);
  }

  #move(): void {
    const now = performance.now();
    for (let i = 0; i < 4 && this.#under.length < MOST_UNDER_WAY; i++) {
      const buffer = this.#from.nextBuffer(Math.floor(this.#random() * DEFAULT_BUFFER_SIZE));
      if (buffer === undefined) break;
      this.#under.push({ buffer: Buffer.from(buffer), due: now + this.#random() * this.#delay });
      this.#from.release(buffer);
    }
    for (let left = this.#under.length; left > 0 && this.#random() < 0.7; left--) {
      const at = Math.floor(this.#random() * this.#under.length);
      if (this.#under[at]!.due > now) continue;
      const [arrived] = this.#under.splice(at, 1);
      const error = this.#to.receive(arrived!.buffer);
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

export interface PairOptions {
  /** Milliseconds; default 5000. */
  readonly connectTimeout?: number;
  /** Bytes that the connections may hold, at each site; default 256 MB. */
  readonly nearMemory?: number;
  readonly farMemory?: number;
  /** Bytes that a connection may have under way in one direction; default 4 MB. */
  readonly creditMaximum?: number;
  /** How late a buffer may be, in milliseconds; default 0: out of order all the same. */
  readonly delay?: number;
  /** Clients are served once the far edge has connected; default: at once. */
  readonly confirmed?: boolean;
}

const MEMORY = 256 * 1024 * 1024;

/**
 * Two sites in one process, joined by a {@link Carrier} each way. Applications connect to `port` on loopback, which
 * stands for the intercepting listener; the far edge connects to `destination`.
 */
export class EdgePair {
  readonly near: TcpConnections;
  readonly far: TcpConnections;
  readonly nearMemory: EdgeMemory;
  readonly farMemory: EdgeMemory;
  readonly #carriers: readonly Carrier[];
  readonly #listeners: Server[] = [];
  readonly #destination: number;
  readonly #confirmed: boolean;
  port = 0;
  /** Of connections from now on. */
  trafficClass: TrafficClass = PLAIN_CLASS;
  /** Connections that the listeners have accepted. */
  accepted = 0;

  constructor(destination: number, seed: number, options: PairOptions = {}) {
    const { connectTimeout = 5000, nearMemory = MEMORY, farMemory = MEMORY, delay = 0 } = options;
    const { creditMaximum = 4 * 1024 * 1024, confirmed = false } = options;
    this.nearMemory = new EdgeMemory(nearMemory);
    this.farMemory = new EdgeMemory(farMemory);
    this.#destination = destination;
    this.#confirmed = confirmed;
    const random = randomOf(seed);
    const nearDriver = new PacketDriver({ onMessage: (header, data) => this.near.receive(header, data) });
    const farDriver = new PacketDriver({ onMessage: (header, data) => this.far.receive(header, data) });
    this.#carriers = [
      new Carrier(nearDriver, farDriver, random, delay),
      new Carrier(farDriver, nearDriver, random, delay),
    ];
    const common = {
      now: () => performance.now(),
      rtt: () => 1 + delay,
      creditMaximum,
      connectTimeout,
      trafficClass: () => PLAIN_CLASS,
      dial: ({ addresses, onread }: Required<Onward>) =>
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
  }

  async start(): Promise<this> {
    this.port = await this.intercept(this.#destination);
    return this;
  }

  /** A port that stands for one more intercepting listener, for connections to `destination`. */
  async intercept(destination: number): Promise<number> {
    const pauseOnConnect = this.#confirmed;
    const listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, (socket) =>
      this.#accept(socket, {
        source: addressBytes("127.0.0.1"),
        sourcePort: socket.remotePort ?? 0,
        destination: addressBytes("127.0.0.1"),
        destinationPort: destination,
      }),
    );
    this.#listeners.push(listener);
    return listening(listener);
  }

  #accept(socket: Socket, addresses: MessageAddresses): void {
    this.accepted++;
    const interception = { addresses, trafficClass: this.trafficClass, dscp: 0 };
    if (!this.#confirmed) {
      this.near.intercept(socket, interception);
      return;
    }
    this.near.inquire(interception, (status) => {
      if (status !== MessageStatus.OK) abort(socket);
      else setImmediate(() => this.near.intercept(socket, interception));
    });
  }

  /** Whether all connections are forgotten, and nothing of them is held or under way. */
  get settled(): boolean {
    const { near, far, nearMemory, farMemory } = this;
    const open = near.open + near.opening + far.open + far.opening;
    const left = open + nearMemory.used + nearMemory.waiting + farMemory.used + farMemory.waiting;
    return left === 0 && this.#carriers.every((carrier) => carrier.idle);
  }

  /** The session has ended, with all that was under way. */
  loseSession(): void {
    this.near.sessionLost();
    this.far.sessionLost();
    for (const carrier of this.#carriers) carrier.clear();
  }

  stop(): void {
    for (const listener of this.#listeners) listener.close();
    this.near.stop();
    this.far.stop();
    for (const carrier of this.#carriers) carrier.clear();
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
      // libuv takes a reset right behind data for an end; the kernel knows better.
      end = isReset(socket) ? "ECONNRESET" : "end";
      resolve({ bytes: Buffer.concat(chunks), end });
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      end = error.code ?? error.message;
    });
    socket.once("close", () => resolve({ bytes: Buffer.concat(chunks), end }));
  });
}

/** Waits for a condition that is on its way, for at most five seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await sleep(10);
  assert.ok(holds(), "waited for 5 s in vain");
}

/** A promise and what fulfils it. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
