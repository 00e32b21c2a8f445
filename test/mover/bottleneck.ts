import { Mover } from "../../driver/mover/index.js";
import {
  PERFECT,
  SeededRandom,
  SimulatedClock,
  SimulatedLink,
  SimulatedPipe,
} from "../../driver/mover/simulation/index.js";
import { type Control, FRAME, Rival } from "./rivals/rival.js";

/** Milliseconds. Flows in lockstep, of which one always meets the full queue, would be an artefact. */
const JITTER = 0.3;
const LATENESS = 0.3;

export interface BottleneckOptions {
  /** Bits per second at the frame. */
  readonly rate: number;
  /** Milliseconds. */
  readonly roundTrip: number;
  /** Bandwidth-delay products. */
  readonly queue: number;
  /** Random loss, 0 … 1. */
  readonly loss?: number;
  readonly seed?: number;
}

/** One who sends without end through the bottleneck; counts bytes of frames that arrived. */
export interface Contender {
  readonly received: number;
}

/** A path that several share: movers of ours, and rivals. */
export class Bottleneck {
  readonly clock = new SimulatedClock();
  readonly forward: SimulatedPipe;
  readonly movers: Mover[] = [];
  readonly #backward: SimulatedPipe;
  readonly #random: SeededRandom;

  constructor({ rate, roundTrip, queue, loss = 0, seed = 1 }: BottleneckOptions) {
    this.#random = new SeededRandom(seed);
    const path = { ...PERFECT, rate, delay: roundTrip / 2 };
    const product = (rate * roundTrip) / 8000;
    this.forward = new SimulatedPipe(this.clock, this.#random, { ...path, loss, queue: queue * product });
    this.#backward = new SimulatedPipe(this.clock, this.#random, { ...path, jitter: JITTER });
  }

  /** A mover of ours that sends bulk from `at` on. */
  addMover(at: number): Contender {
    const end = (out: SimulatedPipe) =>
      new SimulatedLink({ clock: this.clock, random: this.#random, out, lateness: LATENESS });
    const [a, b] = [end(this.forward), end(this.#backward)];
    a.peer = b;
    b.peer = a;
    const spare: Uint8Array[] = [];
    const nextBuffer = (limit = 65_536) => {
      const buffer = spare.pop();
      return buffer?.length === limit ? buffer : new Uint8Array(limit);
    };
    const source = { nextBuffer, release: (buffer: Uint8Array) => void spare.push(buffer) };
    const silent = { nextBuffer: () => undefined, release: () => undefined };
    const deliver = () => undefined;
    const sender = new Mover({ security: "off", site: "a", bootId: 2n, link: a, source, deliver });
    const receiver = new Mover({ security: "off", site: "b", bootId: 1n, link: b, source: silent, deliver });
    this.movers.push(sender);
    this.clock.at(at, () => {
      sender.start();
      receiver.start();
    });
    const { frame } = this.forward.conditions;
    return {
      get received() {
        const { bytesReceived, segmentsReceived } = receiver.stats();
        return bytesReceived + segmentsReceived * frame;
      },
    };
  }

  addRival(control: Control, at: number): Contender {
    const rival = new Rival(this.clock, this.#random, this.forward, this.#backward, control);
    rival.start(at);
    return {
      get received() {
        return rival.delivered * FRAME;
      },
    };
  }

  /** What each of them gets between two times (seconds), bits per second. */
  measure(contenders: readonly Contender[], from: number, to: number): number[] {
    this.clock.runUntil(from * 1000);
    const before = contenders.map(({ received }) => received);
    this.clock.runUntil(to * 1000);
    return contenders.map(({ received }, i) => ((received - before[i]!) * 8) / (to - from));
  }
}
