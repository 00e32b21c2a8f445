import { BUFFER_FIELD_BYTES, Mover, type MoverStats, type RateOptions } from "../../driver/mover/index.js";
import {
  type Conditions,
  SimulatedClock,
  type SimulatedLink,
  simulatedPath,
} from "../../driver/mover/simulation/index.js";

export interface BulkOptions {
  /** Bits per second at the frame. */
  readonly rate: number;
  /** Milliseconds. */
  readonly roundTrip: number;
  /** Bandwidth-delay products. */
  readonly queue?: number;
  readonly conditions?: Partial<Conditions>;
  readonly seed?: number;
  /** Seconds left out at the beginning, and seconds measured. */
  readonly warm: number;
  readonly span: number;
  readonly mode?: RateOptions;
  readonly lateness?: number;
  /** Milliseconds that the source is late with each buffer. */
  readonly hesitation?: number;
  /** Milliseconds from one short buffer to the next that goes the other way; default: none does. */
  readonly answers?: number;
}

/** Of an answer, bytes. */
const ANSWER = 100;

export interface BulkResult {
  /** Bits per second of buffers delivered. */
  readonly goodput: number;
  /** … as part of the rate × 0.95 × (1 - loss). */
  readonly ofCeiling: number;
  /** Segments sent again, as part of those sent for the first time; from the very start, as is `loss`. */
  readonly redundancy: number;
  /** What the link lost of what was sent, full queues aside. */
  readonly loss: number;
  /** Bytes of acknowledgements, as part of the bytes that they acknowledge. */
  readonly acknowledgements: number;
  readonly spurious: number;
  /** Mean of the bottleneck's queue, in bandwidth-delay products. */
  readonly queue: number;
  /** Bits per second at the frame, sent. */
  readonly wireRate: number;
  readonly sender: MoverStats;
}

/** One direction of bulk data over a simulated path, measured after a while. */
export class Bulk {
  readonly clock = new SimulatedClock();
  readonly a: Mover;
  readonly b: Mover;
  readonly links: { a: SimulatedLink; b: SimulatedLink };
  delivered = 0;
  /** How long each answer took, milliseconds. */
  readonly answered: number[] = [];
  /** What the source has still to say; endless by default. */
  left = Number.POSITIVE_INFINITY;
  readonly #options: BulkOptions;
  readonly #product: number;

  constructor(options: BulkOptions) {
    const {
      rate,
      roundTrip,
      queue = 1,
      conditions = {},
      seed = 1,
      mode,
      lateness = 0,
      hesitation = 0,
      answers,
    } = options;
    this.#options = options;
    this.#product = (rate * roundTrip) / 8000;
    const path = { rate, delay: roundTrip / 2, queue: Math.max(queue * this.#product, 3100), ...conditions };
    this.links = simulatedPath({ clock: this.clock, seed, forward: path, lateness });
    let hesitates = false;
    const nextBuffer = (limit = 65_536): Uint8Array | undefined => {
      hesitates = !hesitates && hesitation > 0;
      if (hesitates) {
        this.clock.at(this.clock.now + hesitation, () => this.a.wake());
        return undefined;
      }
      const length = Math.min(limit, this.left + BUFFER_FIELD_BYTES);
      if (this.left <= 0) return undefined;
      this.left -= length - BUFFER_FIELD_BYTES;
      return new Uint8Array(length);
    };
    const source = { nextBuffer, release: () => undefined };
    const said: number[] = [];
    let unsaid = 0;
    const answering = {
      nextBuffer: () => {
        if (unsaid === 0) return undefined;
        unsaid -= 1;
        return new Uint8Array(BUFFER_FIELD_BYTES + ANSWER);
      },
      release: () => undefined,
    };
    const rateOptions = mode === undefined ? {} : { rate: mode };
    this.a = new Mover({
      site: "a",
      bootId: 1n,
      security: "off",
      link: this.links.a,
      source,
      deliver: () => this.answered.push(this.clock.now - said.shift()!),
      ...rateOptions,
    });
    this.b = new Mover({
      site: "b",
      bootId: 2n,
      security: "off",
      link: this.links.b,
      source: answering,
      ...rateOptions,
      deliver: (buffer) => {
        this.delivered += buffer.length;
      },
    });
    this.a.start();
    this.b.start();
    if (answers === undefined) return;
    const answer = (): void => {
      said.push(this.clock.now);
      unsaid += 1;
      this.b.wake();
      this.clock.at(this.clock.now + answers, answer);
    };
    this.clock.at(this.clock.now + answers, answer);
  }

  measure(): BulkResult {
    const { rate, warm, span, conditions = {} } = this.#options;
    this.clock.runUntil(warm * 1000);
    const before = { delivered: this.delivered, a: this.a.stats(), b: this.b.stats() };
    let queued = 0;
    const samples = span * 200;
    for (let i = 1; i <= samples; i += 1) {
      this.clock.runUntil(warm * 1000 + i * 5);
      queued += this.links.a.out.queued;
    }
    const [a, b] = [this.a.stats(), this.b.stats()];
    const { lost, offered } = this.links.a.out.counters;
    const { frame } = this.links.a.out.conditions;
    const segments = a.segmentsSent - before.a.segmentsSent;
    const sent = a.bytesSent - before.a.bytesSent + segments * frame;
    const goodput = ((this.delivered - before.delivered) * 8) / span;
    const loss = (conditions.loss ?? 0) + (conditions.burstLoss ?? 0);
    return {
      goodput,
      ofCeiling: goodput / (rate * 0.95 * (1 - loss)),
      loss: lost / offered,
      redundancy: a.segmentsRetransmitted / (a.segmentsSent - a.segmentsRetransmitted),
      acknowledgements: (b.ackBytesSent - before.b.ackBytesSent) / sent,
      spurious: (a.segmentsSpurious - before.a.segmentsSpurious) / segments,
      queue: queued / samples / this.#product,
      wireRate: (sent * 8) / span,
      sender: a,
    };
  }
}
