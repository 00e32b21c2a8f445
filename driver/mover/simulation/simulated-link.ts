import { Region } from "../../ffi/index.js";
import { type Link, type LinkEndpoint, Origin, type ReceivedBatch, type SendBatch, Way } from "../link.js";
import type { SimulatedClock } from "./clock.js";
import { type Conditions, PERFECT } from "./conditions.js";
import { SimulatedPipe } from "./pipe.js";
import { SeededRandom } from "./random.js";
import type { SimulatedStream, SimulatedStreamEnd } from "./simulated-stream.js";

/** Where datagrams are sealed. */
const sealing = new Region(65_536);

/** Datagrams lie many to a piece of memory: to allocate each by itself would cost more than all that it goes through. */
const PIECE_BYTES = 262_144;
let piece = new Uint8Array(0);
let taken = 0;

function allocate(length: number): Uint8Array {
  if (taken + length > piece.length) {
    piece = new Uint8Array(Math.max(length, PIECE_BYTES));
    taken = 0;
  }
  taken += length;
  return piece.subarray(taken - length, taken);
}

export interface SimulatedLinkOptions {
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  readonly out: SimulatedPipe;
  /** How late wake-ups are, at most, in milliseconds. */
  readonly lateness?: number;
  readonly stream?: SimulatedStreamEnd | undefined;
}

/** One end of a link in virtual time. */
export class SimulatedLink implements Link {
  readonly granularity: number;
  readonly overhead: number;
  readonly out: SimulatedPipe;
  readonly stream?: SimulatedStreamEnd;
  /** The other end. */
  peer: SimulatedLink | undefined;
  /** What datagrams come from, and have to go to, to arrive: it may be changed, as by a NAT. */
  address = 1;
  #destination = 1;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  /** Of the datagram that has just come. */
  #from = 1;
  #endpoint: LinkEndpoint | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  /** The earliest wake-up that the clock has been asked for. */
  #askedAt = Number.POSITIVE_INFINITY;
  readonly #received = {
    count: 1,
    bytes: [new Uint8Array(0) as Uint8Array],
    offset: new Uint32Array(1),
    length: new Uint32Array(1),
    origin: new Uint8Array(1),
    from: () => "the other end",
  };

  constructor({ clock, random, out, stream, lateness = 0 }: SimulatedLinkOptions) {
    this.#clock = clock;
    this.#random = random;
    this.out = out;
    this.granularity = lateness;
    this.overhead = out.conditions.frame;
    if (stream === undefined) return;
    this.stream = stream;
    stream.host = {
      arrived: (datagram) => this.#take(datagram, Origin.STREAM),
      changed: () => this.#endpoint?.wake(),
    };
  }

  /** Where datagrams go. */
  get destination(): number {
    return this.#destination;
  }

  now(): number {
    return this.#clock.now;
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  newTag(): number {
    return 1 + this.#random.below(0xff_ffff);
  }

  dropTag(): void {
    // It has the one mover only.
  }

  send(batch: SendBatch, way: Way): void {
    for (let i = 0; i < batch.count; i += 1) {
      const datagram = assemble(batch, i);
      if (way === Way.STREAM) this.stream?.carry(datagram, this.#arriveByStream);
      else {
        const [from, to] = [this.address, this.#destination];
        this.out.carry(
          datagram,
          (arrived) => this.peer!.#arrive(arrived, from, to),
          datagram.length <= batch.whole,
        );
      }
    }
    if (way === Way.STREAM && this.stream?.full) {
      this.#clock.at(this.#clock.now + this.stream.busyFor, () => this.#endpoint?.wake());
    }
  }

  follow(): string | undefined {
    if (this.#from === this.#destination) return undefined;
    this.#destination = this.#from;
    return `${this.#from}`;
  }

  wakeAt(time: number): void {
    this.#wakeAt = time;
    if (time < this.#askedAt) this.#ask(time);
  }

  close(): void {
    this.#endpoint = undefined;
  }

  #ask(time: number): void {
    this.#askedAt = time;
    const late = this.granularity > 0 ? this.#random.next() * this.granularity : 0;
    this.#clock.at(time + late, () => {
      if (this.#askedAt !== time) return;
      this.#askedAt = Number.POSITIVE_INFINITY;
      if (this.#wakeAt > this.#clock.now) {
        if (this.#wakeAt < Number.POSITIVE_INFINITY) this.#ask(this.#wakeAt);
        return;
      }
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#endpoint?.wake();
    });
  }

  #arrive(datagram: Uint8Array, from: number, to: number): void {
    if (to !== this.address) return;
    this.#from = from;
    this.#take(datagram, from === this.#destination ? Origin.DATAGRAM : Origin.UNKNOWN_ADDRESS);
  }

  /** A datagram arrives that somebody else has sent, or repeated, from another address. */
  inject(datagram: Uint8Array, from: number): void {
    this.#arrive(datagram, from, this.address);
  }

  readonly #arriveByStream = (datagram: Uint8Array): void => this.peer!.stream!.host!.arrived(datagram);

  #take(datagram: Uint8Array, origin: number): void {
    const received = this.#received;
    received.bytes[0] = datagram;
    received.length[0] = datagram.length;
    received.origin[0] = origin;
    this.#endpoint?.receive(received satisfies ReceivedBatch);
  }
}

/** The i-th datagram of the batch, sealed, in memory of its own. */
function assemble(batch: SendBatch, i: number): Uint8Array {
  const { arena, channel } = batch;
  const datagram = allocate(batch.lengthOf(i));
  const out = channel?.sealed ? sealing.bytes : datagram;
  const header = batch.headerLength[i]!;
  const headerFrom = batch.headerOffset[i]!;
  for (let at = 0; at < header; at += 1) out[at] = arena[headerFrom + at]!;
  const length = batch.payloadLength[i]!;
  const from = batch.payloadOffset[i]!;
  if (length > 0) out.set(batch.payload[i]!.subarray(from, from + length), header);
  if (channel?.sealed) {
    channel.seal(sealing, 0, header + length);
    datagram.set(out.subarray(0, datagram.length));
  }
  return datagram;
}

export interface SimulatedPathOptions {
  readonly clock: SimulatedClock;
  readonly seed: number;
  readonly forward?: Partial<Conditions>;
  readonly backward?: Partial<Conditions>;
  /** How late wake-ups are, at most, in milliseconds. */
  readonly lateness?: number;
  /** Beside the datagrams, which it has nothing to do with. */
  readonly stream?: SimulatedStream | undefined;
}

/** Two ends of a link, `a` and `b`; `forward` is the direction from a to b. */
export function simulatedPath(options: SimulatedPathOptions): { a: SimulatedLink; b: SimulatedLink } {
  const { clock, seed, forward = {}, backward = forward, lateness = 0, stream } = options;
  const random = new SeededRandom(seed);
  const end = (conditions: Partial<Conditions>, streamEnd: SimulatedStreamEnd | undefined) =>
    new SimulatedLink({
      clock,
      random,
      lateness,
      stream: streamEnd,
      out: new SimulatedPipe(clock, random, { ...PERFECT, ...conditions }),
    });
  const [a, b] = [end(forward, stream?.a), end(backward, stream?.b)];
  a.peer = b;
  b.peer = a;
  return { a, b };
}
