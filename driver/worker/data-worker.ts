import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { close, eventDescriptor } from "../ffi/index.js";
import type { PeerAddress } from "../mover/index.js";
import type { TransportOptions } from "../transport.js";
import { Doorbell, doorbellMemory } from "./doorbell.js";
import { Board, peerMemory } from "./peer-memory.js";
import type { StreamPortOptions } from "./stream-port.js";
import type { Command, ThreadData } from "./thread.js";
import { WorkerTransport } from "./worker-transport.js";

export interface DataWorkerOptions {
  /** A bound UDP socket that does not block. Like the listener of `streams` it is closed with the worker. */
  readonly fd: number;
  readonly family: "ipv4" | "ipv6";
  /** For TCP beside UDP; without it there is no such way. */
  readonly streams?: Omit<StreamPortOptions, "family"> | undefined;
}

/** The loop is looked at this often, in milliseconds; it turns at every second look at least. */
const WATCH_INTERVAL = 250;
/** So many looks without a turn: nothing new is to be had of it for now … */
const LATE_LOOKS = 6;
/** … and it is stuck. */
const STUCK_LOOKS = 20;
/** What the worker gets to end by itself, in milliseconds. */
const CLOSE_TIME = 2000;

/** The data side has come to an end that nobody asked for; all sessions are lost, and nothing more will be sent. */
export class DataWorkerError extends Error {
  override readonly name = "DataWorkerError";
  readonly code = "data-worker";
}

/**
 * The worker of the data side: opens it, makes transports that run in it, and watches over it. Emits `error`, once, with
 * a DataWorkerError when it has failed; the transports are `failed` by then.
 */
export class DataWorker extends EventEmitter<{ error: [DataWorkerError] }> {
  readonly #fd: number;
  readonly #listener: number | undefined;
  readonly #event: number;
  readonly #bell: Doorbell;
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #transports: WorkerTransport[] = [];
  readonly #ended: Promise<unknown>;
  #watch: NodeJS.Timeout | undefined;
  #over = false;

  /** @throws what kept the worker from starting */
  static async open(options: DataWorkerOptions): Promise<DataWorker> {
    const worker = new DataWorker(options);
    await worker.#begin();
    return worker;
  }

  private constructor({ fd, family, streams }: DataWorkerOptions) {
    super();
    this.#listener = streams?.listener;
    const memory = doorbellMemory();
    const { port1, port2 } = new MessageChannel();
    this.#fd = fd;
    this.#event = eventDescriptor();
    this.#bell = new Doorbell(memory, this.#event);
    this.#commands = port1;
    const workerData: ThreadData = {
      socket: fd,
      family,
      streams,
      event: this.#event,
      bell: memory,
      commands: port2,
    };
    this.#worker = new Worker(new URL("./thread.js", import.meta.url), {
      name: "data",
      workerData,
      transferList: [port2],
    });
    this.#ended = new Promise((resolve) => this.#worker.once("exit", resolve));
  }

  /** A transport to a peer. One for each peer. */
  transport(peer: PeerAddress, options: TransportOptions): WorkerTransport {
    const { onMessage: _onMessage, bufferSize: _bufferSize, ...settings } = options;
    const memory = peerMemory();
    new Board(memory.board).clear();
    const number = this.#transports.length;
    const transport = new WorkerTransport(options, memory, this.#bell, {
      start: () => this.#command({ type: "start", peer: number }),
      stop: () => this.#command({ type: "stop", peer: number }),
    });
    this.#transports.push(transport);
    this.#command({ type: "peer", peer, settings, memory });
    return transport;
  }

  /** Ends the worker, after what it has been told before, and closes the socket. */
  async close(): Promise<void> {
    this.#finish();
    this.#command({ type: "close" });
    const late = new AbortController();
    const patience = sleep(CLOSE_TIME, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#ended, patience]);
    late.abort();
    await this.#worker.terminate();
    this.#commands.close();
    close(this.#fd);
    if (this.#listener !== undefined) close(this.#listener);
    close(this.#event);
  }

  async #begin(): Promise<void> {
    try {
      await Promise.race([
        once(this.#worker, "message"),
        this.#ended.then(() => {
          throw new DataWorkerError("the data worker ended before it began");
        }),
      ]);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#worker.on("error", (cause) => this.#fail(`the data worker has failed: ${cause.message}`, cause));
    this.#worker.on("exit", () => this.#fail("the data worker has ended by itself"));
    this.#watchLoop();
    this.#listen();
  }

  #command(command: Command): void {
    if (this.#over && command.type !== "close") return;
    this.#commands.postMessage(command);
    this.#bell.callWorker();
  }

  #listen(): void {
    if (this.#over) return;
    this.#bell.whenRung(
      () => this.#transports.every((transport) => transport.idle),
      () => {
        for (const transport of this.#transports) transport.work();
        this.#listen();
      },
    );
  }

  #watchLoop(): void {
    let turns = this.#bell.turns;
    let looks = 0;
    this.#watch = setInterval(() => {
      const now = this.#bell.turns;
      if (now !== turns && looks >= LATE_LOOKS) for (const transport of this.#transports) transport.resume();
      looks = now === turns ? looks + 1 : 0;
      turns = now;
      if (looks === LATE_LOOKS) for (const transport of this.#transports) transport.stall();
      if (looks >= STUCK_LOOKS) this.#fail("the data worker's loop is stuck");
    }, WATCH_INTERVAL).unref();
  }

  #fail(message: string, cause?: Error): void {
    if (this.#over) return;
    this.#finish();
    void this.#worker.terminate();
    for (const transport of this.#transports) transport.fail();
    this.emit("error", new DataWorkerError(message, { cause }));
  }

  #finish(): void {
    this.#over = true;
    clearInterval(this.#watch);
  }
}
