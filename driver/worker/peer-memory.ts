import { type Counters, newCounters } from "../mover/counters.js";
import type { DownReason, MoverState, MoverStats, Stranger, Way } from "../mover/index.js";
import { ringMemory } from "./ring.js";

/** Eight buffers of the default size, or one of the largest wherever it comes to lie. */
const OUT_BYTES = 1 << 19;
/** What comes in 2 ms at 2 Gbit/s; the worker keeps what does not fit. */
const IN_BYTES = 1 << 19;

/** The memory that the two threads share for one peer. */
export interface PeerMemory {
  /** Filled buffers, from the main thread. */
  readonly out: SharedArrayBuffer;
  /** Messages and events, from the worker. */
  readonly in: SharedArrayBuffer;
  readonly board: SharedArrayBuffer;
}

export function peerMemory(): PeerMemory {
  return { out: ringMemory(OUT_BYTES), in: ringMemory(IN_BYTES), board: new SharedArrayBuffer(BOARD_BYTES) };
}

/** Kinds of records in the ring to the main thread; in the other one all are messages, with the session as their tag. */
export const RecordKind = {
  /** `count` messages, checked. */
  MESSAGES: 1,
  /** A `PeerEvent`, as JSON. */
  EVENT: 2,
} as const;

/** What happens to a session, told in its place between the messages before and after it. */
export type PeerEvent =
  | {
      readonly type: "up";
      readonly site: string;
      readonly bootId: string;
      readonly resumed: boolean;
      /** Counts the sessions; what is filled from now on carries it. */
      readonly session: number;
    }
  | { readonly type: "silent" }
  | { readonly type: "down"; readonly reason: DownReason }
  | { readonly type: "stranger"; readonly stranger: Stranger }
  | { readonly type: "moved"; readonly address: string }
  | { readonly type: "way"; readonly way: Way }
  | { readonly type: "malformed"; readonly message: string }
  | { readonly type: "tooLong"; readonly bytes: number };

type Figure = Exclude<keyof MoverStats, "state" | "peer">;
const GAUGES = {
  smoothedRtt: true,
  minimumRtt: true,
  rate: true,
  deliveryRate: true,
  lossRate: true,
  inFlightBytes: true,
  windowBytes: true,
  reassemblyBytes: true,
  way: true,
  segmentSize: true,
} satisfies Record<Exclude<Figure, keyof Counters>, true>;
const FIGURES = [...Object.keys(GAUGES), ...Object.keys(newCounters())] as readonly Figure[];
const RTT = FIGURES.indexOf("smoothedRtt");
const RATE = FIGURES.indexOf("rate");
const IN_FLIGHT = FIGURES.indexOf("inFlightBytes");
/** Behind the figures of the mover. */
const RATIO = FIGURES.length;
const STATES: readonly MoverState[] = ["idle", "connecting", "up", "silent", "down"];

/** Words, before the figures. */
const HUNGRY = 0;
const LIMIT = 1;
const SPACE_WANTED = 2;
const ROOM_WANTED = 3;
const STATE = 4;
const TAKEN = 5;
const STARVED = 6;
const WORD_BYTES = 64;
const BOARD_BYTES = WORD_BYTES + (FIGURES.length + 1) * 8;
/** No room is wanted. */
const NEVER = -1;

/** What each thread lets the other know of one peer at any time: wishes, and figures that are a few milliseconds old. */
export class Board {
  readonly #words: Int32Array;
  readonly #figures: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORD_BYTES / 4);
    this.#figures = new Float64Array(memory, WORD_BYTES);
  }

  /** Main, before the worker knows of it. */
  clear(): void {
    this.#words[ROOM_WANTED] = NEVER;
    this.#figures.fill(0);
    this.#figures[RTT] = Number.NaN;
    this.#figures[RATIO] = 1;
    this.#figures[FIGURES.indexOf("minimumRtt")] = Number.NaN;
  }

  /** Worker: the mover has asked for a buffer and there was none. */
  get hungry(): boolean {
    return Atomics.load(this.#words, HUNGRY) === 1;
  }

  set hungry(hungry: boolean) {
    Atomics.store(this.#words, HUNGRY, hungry ? 1 : 0);
  }

  /** How often the mover has been hungry for longer than its pace makes up for, modulo 2^32. */
  get starved(): number {
    return Atomics.load(this.#words, STARVED);
  }

  /** Worker. */
  countStarved(): void {
    Atomics.add(this.#words, STARVED, 1);
  }

  /** Bytes of messages that the mover asks for in a buffer at most; 0 before it has asked. */
  get limit(): number {
    return Atomics.load(this.#words, LIMIT);
  }

  set limit(bytes: number) {
    if (this.#words[LIMIT] !== bytes) Atomics.store(this.#words, LIMIT, bytes);
  }

  /** Main: wants to be woken when the ring out holds no more than `used` bytes. */
  wantRoom(used: number): void {
    Atomics.store(this.#words, ROOM_WANTED, used);
  }

  /** Worker: whether the main thread has been waiting for that. It is told once. */
  takeRoomWanted(used: number): boolean {
    if (used > Atomics.load(this.#words, ROOM_WANTED)) return false;
    return Atomics.exchange(this.#words, ROOM_WANTED, NEVER) !== NEVER;
  }

  /** Worker: wants to be woken when there is space in the ring in. */
  wantSpace(): void {
    Atomics.store(this.#words, SPACE_WANTED, 1);
  }

  /** Main: whether the worker has been waiting for that. It is told once. */
  takeSpaceWanted(): boolean {
    return (
      Atomics.load(this.#words, SPACE_WANTED) === 1 && Atomics.exchange(this.#words, SPACE_WANTED, 0) === 1
    );
  }

  get rtt(): number {
    return this.#figures[RTT]!;
  }

  /** Bits per second on the wire. */
  get rate(): number {
    return this.#figures[RATE]!;
  }

  /** Bytes of messages for each byte that is sent of them. */
  get ratio(): number {
    return this.#figures[RATIO]!;
  }

  /** Records that the worker has taken in all, modulo 2^32, when it published its figures. */
  get taken(): number {
    return Atomics.load(this.#words, TAKEN);
  }

  /** Read it after `taken`: what was taken by then is accounted for. */
  get inFlight(): number {
    return this.#figures[IN_FLIGHT]!;
  }

  /** Worker: `taken` is stored last. */
  publish(stats: MoverStats, ratio: number, taken: number): void {
    this.#figures[RATIO] = ratio;
    for (let i = 0; i < FIGURES.length; i += 1) this.#figures[i] = stats[FIGURES[i]!];
    Atomics.store(this.#words, STATE, STATES.indexOf(stats.state));
    Atomics.store(this.#words, TAKEN, taken | 0);
  }

  /** Of the mover; the peer is told by events. */
  get state(): MoverState {
    return STATES[Atomics.load(this.#words, STATE)]!;
  }

  figures(): Omit<MoverStats, "state" | "peer"> {
    const entries = FIGURES.map((figure, i) => [figure, this.#figures[i]!]);
    return Object.fromEntries(entries) as Record<Figure, number>;
  }
}
