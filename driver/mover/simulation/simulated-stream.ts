import type { LinkStream } from "../link.js";
import type { SimulatedClock } from "./clock.js";
import { PERFECT } from "./conditions.js";
import { SimulatedPipe } from "./pipe.js";
import type { SeededRandom } from "./random.js";

export interface SimulatedStreamOptions {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  /** Bits per second of each direction. */
  readonly rate: number;
  /** One way, in milliseconds. */
  readonly delay: number;
  /** Bytes that one end takes before it is full. */
  readonly buffer?: number;
}

const DEFAULT_BUFFER = 131_072;

/** What an end tells its link. */
export interface SimulatedStreamHost {
  arrived(datagram: Uint8Array): void;
  changed(): void;
}

/** One end of a TCP connection in virtual time: nothing is lost or reordered while the connection stands. */
export class SimulatedStreamEnd implements LinkStream {
  connected = false;
  wanted = false;
  host: SimulatedStreamHost | undefined;
  readonly #pipe: SimulatedPipe;
  readonly #buffer: number;
  readonly #onWant: () => void;

  constructor(pipe: SimulatedPipe, buffer: number, onWant: () => void) {
    this.#pipe = pipe;
    this.#buffer = buffer;
    this.#onWant = onWant;
  }

  get full(): boolean {
    return this.#pipe.queued >= this.#buffer;
  }

  /** When it will take something again, in milliseconds from now. */
  get busyFor(): number {
    return Math.max(0, ((this.#pipe.queued - this.#buffer) * 8000) / this.#pipe.conditions.rate);
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.#onWant();
  }

  carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void {
    if (this.connected) this.#pipe.carry(datagram, deliver);
  }
}

/** A TCP connection that either end may want: it is there a round trip and a half later, as long as nothing blocks it. */
export class SimulatedStream {
  readonly a: SimulatedStreamEnd;
  readonly b: SimulatedStreamEnd;
  /** Connections are refused, and the one that stands is reset. */
  blocked = false;
  readonly #clock: SimulatedClock;
  readonly #delay: number;
  #connecting = false;

  constructor({ clock, random, rate, delay, buffer = DEFAULT_BUFFER }: SimulatedStreamOptions) {
    const end = () =>
      new SimulatedStreamEnd(new SimulatedPipe(clock, random, { ...PERFECT, rate, delay }), buffer, () =>
        this.update(),
      );
    this.#clock = clock;
    this.#delay = delay;
    this.a = end();
    this.b = end();
  }

  /** After `blocked` has been changed. */
  update(): void {
    const wanted = (this.a.wanted || this.b.wanted) && !this.blocked;
    if (!wanted) this.#set(false);
    else if (!this.a.connected && !this.#connecting) {
      this.#connecting = true;
      this.#clock.at(this.#clock.now + 3 * this.#delay, () => {
        this.#connecting = false;
        if ((this.a.wanted || this.b.wanted) && !this.blocked) this.#set(true);
      });
    }
  }

  #set(connected: boolean): void {
    for (const end of [this.a, this.b]) {
      if (end.connected === connected) continue;
      end.connected = connected;
      this.#clock.at(this.#clock.now, () => end.host?.changed());
    }
  }
}
