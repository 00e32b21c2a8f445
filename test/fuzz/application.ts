import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { abort, isReset } from "../../plugin/edge/tcp/abort.js";
import type { Content } from "./content.js";

/** What an application did on its connection, and saw of it. */
export interface Outcome {
  /** Bytes that it tried to send. */
  readonly tried: number;
  /** Ended its sending in order, behind all of these. */
  readonly ended: boolean;
  /** Left before the connection was over: closed it, all said, or reset it. */
  readonly left: "close" | "reset" | undefined;
  /** Bytes that it read, all of them right unless `wrong` says where they were not. */
  readonly heard: number;
  readonly wrong: number | undefined;
  /** Read up to the other's end. */
  readonly heardEnd: boolean;
  /** Code of the error that it saw. */
  readonly error: string | undefined;
}

/** Milliseconds that an application waits or does not read at most. */
const LONGEST_PAUSE = 15;
const MOST_STEPS = 8;

/** An application that reads, writes, pauses, ends, closes and resets as chance has it; always the same for the same chance. */
export class Application {
  readonly #socket: Socket;
  readonly #random: () => number;
  readonly #own: Content;
  readonly #others: Content;
  readonly #over: Promise<void>;
  #tried = 0;
  #ended = false;
  #left: "close" | "reset" | undefined;
  #heard = 0;
  #wrong: number | undefined;
  #heardEnd = false;
  #error: string | undefined;
  #slow = false;

  /** The socket is open, with `allowHalfOpen`. */
  constructor(socket: Socket, random: () => number, own: Content, others: Content) {
    this.#socket = socket;
    this.#random = random;
    this.#own = own;
    this.#others = others;
    this.#over = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (bytes) => this.#hear(bytes));
    socket.on("end", () => {
      // libuv takes what comes right behind data for an orderly end; the kernel knows better.
      if (isReset(socket)) this.#fail("ECONNRESET");
      else this.#heardEnd = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
  }

  /** Does all that it does, and tells once the connection is over. */
  async run(): Promise<Outcome> {
    const steps = Math.floor(this.#random() * (MOST_STEPS + 1));
    for (let i = 0; i < steps && !this.#gone; i++) await this.#step();
    if (!this.#gone) this.#finish();
    await this.#over;
    return {
      tried: this.#tried,
      ended: this.#ended,
      left: this.#left,
      heard: this.#heard,
      wrong: this.#wrong,
      heardEnd: this.#heardEnd,
      error: this.#error,
    };
  }

  get #gone(): boolean {
    return this.#left !== undefined || this.#socket.destroyed;
  }

  async #step(): Promise<void> {
    const chance = this.#random();
    if (chance < 0.4) await this.#say(1 + Math.floor(this.#random() ** 5 * 400_000));
    else if (chance < 0.45) for (let i = 0; i < 20 && !this.#gone; i++) await this.#say(1);
    else if (chance < 0.47) await this.#say(1 + Math.floor(this.#random() * 3_000_000));
    else if (chance < 0.62) await sleep(this.#random() * LONGEST_PAUSE);
    else if (chance < 0.77) this.#rest(this.#random() * LONGEST_PAUSE);
    else if (chance < 0.83) this.#slow = !this.#slow;
    else if (chance < 0.93) this.#end();
    else if (chance < 0.97) this.#close();
    else this.#reset();
  }

  #finish(): void {
    const chance = this.#random();
    if (chance < 0.85) this.#end();
    else if (chance < 0.93) this.#close();
    else this.#reset();
  }

  /** Resolves once the kernel has taken the bytes, or will not. */
  #say(count: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const bytes = this.#own.at(this.#tried, count);
    this.#tried += count;
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end();
  }

  #close(): void {
    this.#left = "close";
    this.#socket.destroy();
  }

  #reset(): void {
    this.#left = "reset";
    abort(this.#socket);
  }

  #hear(bytes: Buffer): void {
    if (!this.#others.is(bytes, this.#heard)) this.#wrong ??= this.#heard;
    this.#heard += bytes.length;
    if (this.#slow) this.#rest(1);
  }

  /** Does not read for so many milliseconds. */
  #rest(time: number): void {
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), time);
  }

  #fail(code: string): void {
    this.#error ??= code;
    this.#socket.destroy();
  }
}
