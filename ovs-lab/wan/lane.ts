import { drain, monotonicNow, Poller, Region, read, write } from "../../driver/ffi/index.js";
import { Lateness, type LatenessReport } from "./lateness.js";
import { Pipe, type PipeCounters, type PipeParameters } from "./pipe.js";
import { seededRandom } from "./random.js";
import { Schedule } from "./schedule.js";

/** An ordered pair of sites, as indices of their routers. */
export interface Direction {
  readonly from: number;
  readonly to: number;
}

export type DirectedParameters = Direction & { readonly parameters: PipeParameters };

/** What one lane does: it reads the frames that some routers send and writes each to its destination when it is due. */
export interface LaneConfiguration {
  /** Every router's tap; `address` is the router's Ethernet address. The addresses' last bytes differ. */
  readonly taps: readonly { readonly fd: number; readonly address: string }[];
  /** The pipes of this lane: it reads the taps that any of them comes from. No other lane may. */
  readonly pipes: readonly DirectedParameters[];
  readonly seed: number;
  /** Readable when there is something on the control port (eventfd). */
  readonly wake: number;
}

export type PipeReport = Direction &
  PipeCounters & {
    /** Frames that left for the far router. */
    readonly delivered: number;
    /** Frames that the far tap would not take. */
    readonly refused: number;
    /** Frames that found no free slot: the emulator itself was full. */
    readonly overrun: number;
    /** Frames on their way now. */
    readonly inFlight: number;
    readonly lateness: LatenessReport;
  };

/** Room for the largest frame: a network MTU of 1500, the Ethernet header and a tag, in whole cache lines. */
const SLOT_BYTES = 1536;
/** Enough for 1.5 Gbit/s of full frames over one second, or of small ones over 50 ms. */
const SLOTS = 1 << 17;
/** One slot more, for frames that found none. */
const SCRATCH = SLOTS * SLOT_BYTES;
const READ_BATCH = 64;
const WRITE_BATCH = 64;

/** A pipe, with what the lane does for it. */
interface Way extends Direction {
  readonly pipe: Pipe;
  /** The destination's tap. */
  readonly fd: number;
  readonly lateness: Lateness;
  delivered: number;
  refused: number;
  overrun: number;
  inFlight: number;
}

/** A tap that the lane reads. */
interface Source {
  readonly fd: number;
  /** Every way from here, as indices into the lane's ways. */
  readonly ways: readonly number[];
  /** The way to the router whose Ethernet address ends in this byte; -1 for none. */
  readonly wayTo: Int16Array;
}

/** A thread's loop around one poll; the thread does nothing else. All times are nanoseconds of CLOCK_MONOTONIC. */
export class Lane {
  readonly #wake: number;
  readonly #region = new Region(SCRATCH + SLOT_BYTES);
  readonly #schedule = new Schedule(SLOTS);
  readonly #ways: readonly Way[];
  readonly #sources: readonly Source[];
  readonly #poller: Poller;

  constructor({ taps, pipes, seed, wake }: LaneConfiguration) {
    this.#wake = wake;
    this.#ways = pipes.map(({ from, to, parameters }) => ({
      from,
      to,
      pipe: new Pipe(parameters, seededRandom(seed, from * taps.length + to)),
      fd: taps[to]!.fd,
      lateness: new Lateness(),
      delivered: 0,
      refused: 0,
      overrun: 0,
      inFlight: 0,
    }));
    this.#sources = taps.flatMap(({ fd }, tap) => {
      const ways = this.#ways.flatMap((way, index) => (way.from === tap ? [index] : []));
      if (ways.length === 0) return [];
      const wayTo = new Int16Array(256).fill(-1);
      for (const index of ways) wayTo[lastByte(taps[this.#ways[index]!.to]!.address)] = index;
      return [{ fd, ways, wayTo }];
    });
    this.#poller = new Poller([wake, ...this.#sources.map((source) => source.fd)]);
  }

  /** Runs until `onWake`, called whenever the wake descriptor was signalled, returns false. */
  run(onWake: () => boolean): void {
    for (;;) {
      this.#poller.wait(this.#timeUntilDue());
      if (this.#poller.readable(0)) {
        drain(this.#wake);
        if (!onWake()) return;
      }
      for (let index = 0; index < this.#sources.length; index++) {
        if (this.#poller.readable(index + 1)) this.#take(this.#sources[index]!);
      }
      this.#deliver();
    }
  }

  setParameters({ from, to, parameters }: DirectedParameters): void {
    const way = this.#ways.find((way) => way.from === from && way.to === to);
    if (way !== undefined) way.pipe.parameters = parameters;
  }

  /** A link that goes down loses what is on it. */
  setUp(up: boolean): void {
    for (const way of this.#ways) way.pipe.up = up;
    while (!up && this.#schedule.size > 0) {
      const slot = this.#schedule.pop();
      const way = this.#ways[this.#schedule.pipeOf(slot)]!;
      way.inFlight--;
      way.pipe.counters.linkDown++;
      this.#schedule.release(slot);
    }
  }

  /** With `reset`, lateness starts anew; counters never do. */
  report(reset: boolean): PipeReport[] {
    return this.#ways.map(({ from, to, pipe, lateness, delivered, refused, overrun, inFlight }) => {
      const report = { from, to, ...pipe.counters, delivered, refused, overrun, inFlight };
      const late = lateness.report();
      if (reset) lateness.reset();
      return { ...report, lateness: late };
    });
  }

  #timeUntilDue(): number {
    const due = this.#schedule.nextDue;
    return due === Number.POSITIVE_INFINITY ? -1 : Math.max(0, due - monotonicNow());
  }

  #take(source: Source): void {
    const now = monotonicNow();
    for (let count = 0; count < READ_BATCH; count++) {
      const slot = this.#schedule.take();
      if (slot < 0) {
        this.#discard(source);
        return;
      }
      const length = read(source.fd, this.#region, slot * SLOT_BYTES, SLOT_BYTES);
      if (length <= 0) {
        this.#schedule.release(slot);
        return;
      }
      this.#forward(source, slot, length, now);
    }
  }

  /** Frames without a slot are read and forgotten, lest they wait in the tap and arrive late instead. */
  #discard(source: Source): void {
    for (let count = 0; count < READ_BATCH; count++) {
      if (read(source.fd, this.#region, SCRATCH, SLOT_BYTES) <= 0) return;
      const way = this.#ways[source.wayTo[this.#region.bytes[SCRATCH + 5]!]!];
      if (way !== undefined) way.overrun++;
    }
  }

  /** To the router whose address the frame bears; to every one if it is a broadcast or a multicast. */
  #forward(source: Source, slot: number, length: number, now: number): void {
    const { bytes } = this.#region;
    const offset = slot * SLOT_BYTES;
    const isGroup = (bytes[offset]! & 1) === 1;
    const way = source.wayTo[bytes[offset + 5]!]!;
    if (!isGroup && way >= 0) {
      this.#admit(way, slot, length, now);
      return;
    }
    for (let index = 0; isGroup && index < source.ways.length; index++) {
      const way = source.ways[index]!;
      const copy = this.#copy(way, slot, length);
      if (copy >= 0) this.#admit(way, copy, length, now);
    }
    this.#schedule.release(slot);
  }

  #admit(index: number, slot: number, length: number, now: number): void {
    const way = this.#ways[index]!;
    const due = way.pipe.admit(now, length);
    if (due < 0) {
      this.#schedule.release(slot);
      return;
    }
    this.#schedule.push(due, slot, length, index);
    way.inFlight++;
    const copyDue = way.pipe.copy(due);
    if (copyDue < 0) return;
    const copy = this.#copy(index, slot, length);
    if (copy < 0) return;
    this.#schedule.push(copyDue, copy, length, index);
    way.inFlight++;
  }

  /** A slot with the same bytes, or -1. */
  #copy(index: number, slot: number, length: number): number {
    const copy = this.#schedule.take();
    if (copy < 0) this.#ways[index]!.overrun++;
    else this.#region.bytes.copyWithin(copy * SLOT_BYTES, slot * SLOT_BYTES, slot * SLOT_BYTES + length);
    return copy;
  }

  #deliver(): void {
    let now = monotonicNow();
    for (let count = 0; count < WRITE_BATCH; count++) {
      const due = this.#schedule.nextDue;
      if (due > now) return;
      const slot = this.#schedule.pop();
      const way = this.#ways[this.#schedule.pipeOf(slot)]!;
      way.inFlight--;
      way.lateness.add(now - due);
      const written = write(way.fd, this.#region, slot * SLOT_BYTES, this.#schedule.lengthOf(slot));
      if (written < 0) way.refused++;
      else way.delivered++;
      this.#schedule.release(slot);
      // A write runs the far router's network stack; that takes long enough for the next frame to become due.
      now = monotonicNow();
    }
  }
}

function lastByte(address: string): number {
  return Number.parseInt(address.slice(-2), 16);
}
