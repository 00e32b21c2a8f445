/** The worker thread: one loop around `ppoll`, with no event loop beside it (docs/threads.md). */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Poller, setTimerSlack } from "../ffi/index.js";
import type { PeerAddress } from "../mover/index.js";
import type { DataWorkerOptions } from "./data-worker.js";
import { Doorbell } from "./doorbell.js";
import { GATHERING_TIME, Gathering } from "./gathering.js";
import { LoopPort } from "./loop-port.js";
import { PeerLoop, type PeerSettings } from "./peer-loop.js";
import type { PeerMemory } from "./peer-memory.js";

export interface ThreadData {
  readonly socket: number;
  readonly family: "ipv4" | "ipv6";
  readonly streams?: DataWorkerOptions["streams"];
  /** The event descriptor that the main thread signals. */
  readonly event: number;
  readonly bell: SharedArrayBuffer;
  readonly commands: MessagePort;
}

export type Command =
  | {
      readonly type: "peer";
      readonly peer: PeerAddress;
      readonly settings: PeerSettings;
      readonly memory: PeerMemory;
    }
  /** `peer`: its number, in the order in which they were made. */
  | { readonly type: "start" | "stop"; readonly peer: number }
  | { readonly type: "close" };

/** Nanoseconds. */
const TIMER_SLACK = 1000;
/** The poller's first descriptors. */
const SOCKET = 0;
const EVENT = 1;
/** A turn is taken this often at least, in milliseconds: a sign of life, and a chance to be terminated. */
const LONGEST_SLEEP = 500;

class Loop {
  readonly #bell: Doorbell;
  readonly #commands: MessagePort;
  readonly #port: LoopPort;
  readonly #poller: Poller;
  readonly #peers: PeerLoop[] = [];
  readonly #gathering = new Gathering();
  #closed = false;

  constructor({ socket, family, streams, event, bell, commands }: ThreadData) {
    this.#bell = new Doorbell(bell, event);
    this.#commands = commands;
    this.#poller = new Poller([socket, event]);
    this.#port = new LoopPort({
      fd: socket,
      family,
      streams,
      poller: this.#poller,
    });
  }

  run(): void {
    let drained = true;
    while (!this.#closed) {
      this.#bell.turn();
      const now = performance.now();
      this.#wait(drained ? this.#deadline(now) - now : 0);
      if (this.#poller.readable(EVENT)) {
        this.#bell.answered();
        this.#takeCommands();
      }
      for (const peer of this.#peers) peer.poll();
      const due = performance.now();
      drained = !(this.#gathering.on || this.#poller.readable(SOCKET)) || this.#receive(due);
      this.#port.wake(due);
    }
    for (const peer of this.#peers) peer.close();
    this.#port.close();
    this.#poller.free();
  }

  #deadline(now: number): number {
    let deadline = Math.min(this.#port.nextWake(), now + LONGEST_SLEEP);
    for (const peer of this.#peers) deadline = Math.min(deadline, peer.publish(now));
    return deadline;
  }

  /** Returns false if there may be more. */
  #receive(now: number): boolean {
    const before = this.#port.datagrams;
    const drained = this.#port.receive();
    this.#gathering.looked(now, this.#port.datagrams - before);
    return drained;
  }

  #wait(milliseconds: number): void {
    if (milliseconds <= 0) {
      this.#poller.wait(0);
      return;
    }
    if (this.#gathering.on) {
      this.#poller.watch(SOCKET, false);
      this.#sleep(Math.min(milliseconds, GATHERING_TIME));
      this.#poller.watch(SOCKET, true);
    } else this.#sleep(milliseconds);
  }

  #sleep(milliseconds: number): void {
    this.#bell.workerSleeps();
    // What came before this announcement was not rung for.
    const idle = !this.#peers.some((peer) => peer.ready);
    this.#poller.wait(idle ? milliseconds * 1e6 : 0);
    this.#bell.workerAwake();
  }

  #takeCommands(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#commands) as { readonly message: Command } | undefined;
      if (received === undefined) return;
      this.#obey(received.message);
    }
  }

  #obey(command: Command): void {
    switch (command.type) {
      case "peer": {
        const link = this.#port.link(command.peer);
        this.#peers.push(new PeerLoop(command.settings, link, command.memory, this.#bell));
        break;
      }
      case "start":
        this.#peers[command.peer]!.mover.start();
        break;
      case "stop":
        this.#peers[command.peer]!.mover.stop();
        break;
      case "close":
        this.#closed = true;
    }
  }
}

setTimerSlack(TIMER_SLACK);
const loop = new Loop(workerData as ThreadData);
parentPort!.postMessage("ready");
loop.run();
