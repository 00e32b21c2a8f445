import { Jitter } from "./jitter.js";
import { type BurstLoss, BurstLossChain } from "./loss.js";
import type { Random } from "./random.js";

/** One direction of the way between two sites. Lengths are whole Ethernet frames without the check sequence. */
export interface PipeParameters {
  /** One-way, in nanoseconds. */
  readonly delay: number;
  /** Bits per second; without it, frames are not slowed. */
  readonly rate?: number | undefined;
  /** What may wait for the rate, in bytes, the frame in transmission included; without it, any amount. */
  readonly queue?: number | undefined;
  /** Share of frames lost at random, each on its own. */
  readonly loss: number;
  readonly burstLoss?: BurstLoss | undefined;
  /** Amplitude of the delay's wandering, in nanoseconds. */
  readonly jitter: number;
  /** A share of the frames arrives `delay` nanoseconds late, behind those that it was sent before. */
  readonly reorder?: { readonly share: number; readonly delay: number } | undefined;
  /** Share of frames that arrive twice. */
  readonly duplicate: number;
  /** Longer frames vanish, in bytes. */
  readonly maximumFrame: number;
}

/** What {@link Pipe.admit} gives for a frame that will not arrive; all are below 0. */
export const Drop = { loss: -1, queue: -2, length: -3, down: -4 } as const;

export interface PipeCounters {
  /** Frames and bytes that came in. */
  frames: number;
  bytes: number;
  /** Copies that `duplicate` made. */
  duplicated: number;
  reordered: number;
  /** Frames dropped, by cause. */
  lost: number;
  queueFull: number;
  tooLong: number;
  linkDown: number;
}

const NANOSECOND_BITS_PER_BYTE = 8e9;

/**
 * The model of one direction: which frames arrive, and when. A frame meets loss, then the queue before the rate (by the
 * virtual time at which the frames before it will have been sent), then the delay. It holds no frames and reads no
 * clock: `now`, in nanoseconds, comes in and must not go back. Nothing is allocated per frame.
 */
export class Pipe {
  readonly counters: PipeCounters = noFrames();
  readonly #random: Random;
  #parameters: PipeParameters;
  #burstLoss: BurstLossChain | undefined;
  #jitter: Jitter | undefined;
  #up = true;
  /** When the last frame in the queue will have been sent. */
  #sent = 0;
  /** When the last frame that keeps its order arrives. */
  #arrival = 0;

  constructor(parameters: PipeParameters, random: Random) {
    this.#random = random;
    this.#parameters = parameters;
    this.parameters = parameters;
  }

  get parameters(): PipeParameters {
    return this.#parameters;
  }

  /** Holds for frames to come; those on their way keep their time. */
  set parameters(parameters: PipeParameters) {
    this.#parameters = parameters;
    const { burstLoss, jitter } = parameters;
    this.#burstLoss =
      burstLoss && burstLoss.share > 0 ? new BurstLossChain(burstLoss, this.#random) : undefined;
    this.#jitter = jitter > 0 ? new Jitter(jitter, this.#random) : undefined;
  }

  /** A link that is down takes no frames. */
  set up(up: boolean) {
    this.#up = up;
  }

  /** @returns when the frame arrives at the far end, in nanoseconds; or, below 0, why not ({@link Drop}) */
  admit(now: number, length: number): number {
    const { counters } = this;
    const { rate, queue, loss, reorder, delay, maximumFrame } = this.#parameters;
    counters.frames++;
    counters.bytes += length;
    if (!this.#up) {
      counters.linkDown++;
      return Drop.down;
    }
    if (length > maximumFrame) {
      counters.tooLong++;
      return Drop.length;
    }
    const burst = this.#burstLoss?.next() ?? false;
    if (burst || (loss > 0 && this.#random() < loss)) {
      counters.lost++;
      return Drop.loss;
    }
    let sent = now;
    if (rate !== undefined) {
      const start = Math.max(now, this.#sent);
      const backlog = ((start - now) * rate) / NANOSECOND_BITS_PER_BYTE;
      if (queue !== undefined && backlog + length > queue) {
        counters.queueFull++;
        return Drop.queue;
      }
      sent = start + (length * NANOSECOND_BITS_PER_BYTE) / rate;
      this.#sent = sent;
    }
    const arrival = sent + Math.max(0, delay + (this.#jitter?.at(sent) ?? 0));
    if (reorder !== undefined && reorder.share > 0 && this.#random() < reorder.share) {
      counters.reordered++;
      return arrival + reorder.delay;
    }
    return this.#inOrder(arrival);
  }

  /** Asked after a frame was admitted: when its copy arrives, or -1 where it has none. */
  copy(arrival: number): number {
    const { duplicate } = this.#parameters;
    if (duplicate === 0 || this.#random() >= duplicate) return -1;
    this.counters.duplicated++;
    const heldBack = arrival > this.#arrival;
    return heldBack ? arrival + 1 : this.#inOrder(arrival);
  }

  /** No two at the same nanosecond: whoever sorts frames by their arrival keeps them in order. */
  #inOrder(arrival: number): number {
    this.#arrival = Math.max(arrival, this.#arrival + 1);
    return this.#arrival;
  }
}

export function noFrames(): PipeCounters {
  return {
    frames: 0,
    bytes: 0,
    duplicated: 0,
    reordered: 0,
    lost: 0,
    queueFull: 0,
    tooLong: 0,
    linkDown: 0,
  };
}
