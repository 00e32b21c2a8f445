import type { Socket } from "node:net";
import { MessageStatus } from "../../../driver/index.js";
import { statusOfFailure } from "./dial-failure.js";
import type { EdgeMemory } from "./memory.js";
import { Reading } from "./reading.js";
import type { Former } from "./successors.js";

/** How long a connection that this host has ended may hold its address and port, where its last FIN is lost four times. Milliseconds. */
const PATIENCE = 3000;
/** Milliseconds. */
const INTERVAL = 50;

export interface DialingOptions {
  readonly memory: EdgeMemory;
  /** Makes a socket that connects, or fails, and is read by `reading`. */
  readonly dial: (reading: Reading) => Socket;
  /** Told once that the kernel has sent the SYN … */
  readonly asked: (socket: Socket, reading: Reading) => void;
  /** … or that it will not. */
  readonly failed: (status: MessageStatus) => void;
  /** … or that nobody waits for it any more. */
  readonly stopped: () => void;
}

/**
 * A connection to an application until the kernel has taken it up. It does not as long as it has a connection with the
 * same endpoints: one that has ended here, but waits for the acknowledgement of its FIN (RFC 9293 §3.3.2, LAST-ACK),
 * while its client has heard of the end and uses the port again. Then it is asked again and again for a while.
 */
export class Dialing implements Former {
  readonly #options: DialingOptions;
  readonly #until = performance.now() + PATIENCE;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DialingOptions) {
    this.#options = options;
    this.#dial();
  }

  abandon(): void {
    this.end(MessageStatus.TIMEOUT);
  }

  /** Gives up, for that reason. */
  end(status: MessageStatus): void {
    this.#drop();
    this.#options.failed(status);
  }

  /** Gives up: the peer is not to be told. */
  stop(): void {
    this.#drop();
    this.#options.stopped();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #dial(): void {
    const reading = new Reading(this.#options.memory);
    const socket = this.#options.dial(reading);
    this.#socket = socket;
    const tell = () => this.#told(socket, reading);
    // It is emitted ahead of the call to the kernel, whose refusal is there in the next turn.
    socket.once("connectionAttempt", () => process.nextTick(tell));
    // What it could not even be asked shows in "close", which always follows.
    socket.once("close", tell);
    socket.on("error", () => {});
  }

  #told(socket: Socket, reading: Reading): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    const error = socket.errored as NodeJS.ErrnoException | null;
    if (error === null) this.#options.asked(socket, reading);
    else if (error.code === "EADDRNOTAVAIL" && performance.now() < this.#until)
      this.#timer = setTimeout(() => this.#dial(), INTERVAL);
    else this.#options.failed(statusOfFailure(error));
  }
}
