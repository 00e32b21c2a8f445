import type { CongestionModel } from "./congestion/model.js";
import { LOST_MEMORY } from "./constants.js";
import type { Counters } from "./counters.js";
import { LossDetector } from "./loss-detector.js";
import type { RepairEncoder } from "./repair/encoder.js";
import type { RttEstimator } from "./rtt.js";
import { Progress, type SendWindow } from "./send-window.js";
import { Fate, SentLog } from "./sent-log.js";
import type { Acknowledgement } from "./wire/acknowledgement.js";

/** Bytes over which the loss that was seen is taken, and what is taken to have passed without any at the beginning. */
const LOSS_SPAN = 4_000_000;
const LOSS_PRIOR = 150_000;

export interface TransmissionsOptions {
  readonly window: SendWindow;
  readonly repairs: RepairEncoder;
  readonly model: CongestionModel;
  readonly rtt: RttEstimator;
  readonly counters: Counters;
  /** Bytes that the link adds to each datagram. */
  readonly overhead: number;
  /** A buffer is with the peer. */
  readonly release: (buffer: Uint8Array) => void;
}

/**
 * What has become of all that was sent: each transmission is under way, then received or lost, and what was called lost
 * may have been received after all. Keeps the books of it: bytes in flight, the window's segments, the model's losses.
 */
export class Transmissions {
  readonly log = new SentLog();
  readonly losses: LossDetector;
  /** Bytes on the wire. */
  inFlight = 0;
  /** All that was received since the session began, bytes on the wire. */
  delivered = 0;
  /** When the first was sent of the datagrams longer than `watch` says, of which none has been acknowledged since; or Infinity. */
  longSince = Number.POSITIVE_INFINITY;
  readonly #options: TransmissionsOptions;
  #watched = Number.POSITIVE_INFINITY;
  /** Bytes on the wire that were sent lately, and lost. */
  #sentLately = LOSS_PRIOR;
  #lostLately = 0;

  constructor(options: TransmissionsOptions) {
    this.#options = options;
    const { rtt, repairs } = options;
    this.losses = new LossDetector({
      log: this.log,
      rtt,
      patience: (logical, lostAt) => repairs.patience(logical, lostAt),
      lost: (physical) => this.#lost(physical),
    });
  }

  /** The part that was lost lately, 0 … 1, of itself or in a full queue. */
  get lossRate(): number {
    return this.#lostLately / this.#sentLately;
  }

  /** Datagrams of more than so many bytes are watched by `longSince` from now on. */
  watch(bytes: number): void {
    this.#watched = bytes;
    this.longSince = Number.POSITIVE_INFINITY;
  }

  /** The segment is sent, in a datagram of `bytes`, as number `log.next`. Returns its bytes on the wire. */
  add(now: number, logical: number, bytes: number): number {
    const { window, model, overhead } = this.#options;
    if (bytes > this.#watched && this.longSince > now) this.longSince = now;
    const size = bytes + overhead;
    window.setLastPhysical(logical, this.log.add(now, logical, size, model.phase));
    this.inFlight += size;
    this.#sentLately += size;
    if (this.#sentLately > LOSS_SPAN) {
      this.#sentLately /= 2;
      this.#lostLately /= 2;
    }
    return size;
  }

  /** All that the bitmap has, and the lowest missing segment. */
  onAcknowledgement(now: number, ack: Acknowledgement): void {
    const { window } = this.#options;
    this.#takeBitmap(now, ack);
    for (
      let logical = window.lowest;
      logical < ack.lowestLogical;
      logical = Math.max(logical + 1, window.lowest)
    ) {
      this.#markReceived(logical);
    }
  }

  /** Lost transmissions are remembered long enough to see that they were not lost. */
  forget(now: number): void {
    const { log } = this;
    const before = now - 2 * this.#options.rtt.smoothed - LOST_MEMORY;
    let physical = log.lowest;
    for (; physical < this.losses.lowest; physical += 1) {
      const i = physical & log.mask;
      if (log.fate[i] === Fate.LOST && log.sentAt[i]! > before) break;
    }
    log.forget(physical);
  }

  /** Whether the transmission is in flight, and its segment's latest. */
  isAwaited(physical: number): boolean {
    const { window } = this.#options;
    const i = physical & this.log.mask;
    if (this.log.fate[i] !== Fate.IN_FLIGHT) return false;
    const logical = this.log.logical[i]!;
    return window.progressOf(logical) === Progress.SENT && window.lastPhysicalOf(logical) === physical;
  }

  #takeBitmap(now: number, ack: Acknowledgement): void {
    const { log } = this;
    for (let part = 0; part < ack.parts; part += 1) {
      const offset = ack.partOffset[part]!;
      for (let i = 0; i < ack.partLength[part]!; i += 1) {
        const first = (ack.partTop[part]! - i) * 8;
        if (first + 7 < log.lowest) return;
        const known = log.received[(first & log.mask) >>> 3]!;
        let bits = ack.bytes[offset + i]! & ~known;
        for (let physical = first; bits !== 0; physical += 1, bits >>>= 1) {
          if ((bits & 1) !== 0 && physical >= log.lowest && physical < log.next)
            this.#received(now, physical);
        }
      }
    }
  }

  #received(now: number, physical: number): void {
    const { log } = this;
    const { window, repairs, model, counters, overhead } = this.#options;
    const i = physical & log.mask;
    const logical = log.logical[i]!;
    const size = log.size[i]!;
    if (log.fate[i] === Fate.IN_FLIGHT) this.inFlight -= size;
    else {
      counters.segmentsLost -= 1;
      this.#lostLately = Math.max(this.#lostLately - size, 0);
      model.onLossUndone(log.phase[i]!, size);
      if (window.lastPhysicalOf(logical) !== physical) counters.segmentsSpurious += 1;
      else if (window.progressOf(logical) === Progress.RECEIVED) repairs.onSaved(-size);
    }
    log.fate[i] = Fate.RECEIVED;
    if (size - overhead > this.#watched) this.longSince = Number.POSITIVE_INFINITY;
    log.received[i >>> 3]! |= 1 << (i & 7);
    this.delivered += size;
    this.losses.onReceived(now, physical);
    this.#markReceived(logical);
  }

  #markReceived(logical: number): void {
    const { window, release } = this.#options;
    const done = window.markReceived(logical);
    if (done !== undefined) release(done);
  }

  #lost(physical: number): void {
    const { log } = this;
    const { window, repairs, model, counters } = this.#options;
    const i = physical & log.mask;
    const logical = log.logical[i]!;
    const size = log.size[i]!;
    log.fate[i] = Fate.LOST;
    this.inFlight -= size;
    counters.segmentsLost += 1;
    this.#lostLately += size;
    model.onLost(log.phase[i]!, size);
    if (window.lastPhysicalOf(logical) !== physical) return;
    if (window.progressOf(logical) === Progress.RECEIVED) repairs.onSaved(size);
    else window.markLost(logical);
  }
}
