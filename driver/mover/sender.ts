import { bufferSize } from "./buffer-size.js";
import type { AcknowledgementSample, CongestionModel } from "./congestion/model.js";
import { LOST_MEMORY, MAXIMUM_ACK_DELAY, PACKET_THRESHOLD, PROBES } from "./constants.js";
import type { BufferSource } from "./contract.js";
import type { Counters } from "./counters.js";
import type { Channel } from "./handshake/channel.js";
import type { SendBatch } from "./link.js";
import type { Pacer } from "./pacer.js";
import { ReorderingWindow } from "./reordering.js";
import type { RttEstimator } from "./rtt.js";
import { Progress, SendWindow } from "./send-window.js";
import { Fate, SentLog } from "./sent-log.js";
import { TailProbe } from "./tail-probe.js";
import { type Acknowledgement, LONGEST_DELAY, TIME_UNIT } from "./wire/acknowledgement.js";
import { writeBufferField } from "./wire/buffer-field.js";
import { TRANSPORT_DATA_BYTES, writeTransportData } from "./wire/transport-data.js";

export interface SenderOptions {
  readonly source: BufferSource;
  readonly model: CongestionModel;
  readonly pacer: Pacer;
  readonly rtt: RttEstimator;
  readonly counters: Counters;
  /** By which to send at first. */
  readonly channel: Channel;
  /** Largest UDP payload, bytes. */
  readonly segmentSize: number;
  /** Bytes that the link adds to each datagram. */
  readonly overhead: number;
  /** What the peer can take at first, bytes. */
  readonly receiveWindow: number;
  /** Writes an acknowledgement if there is one to write and it fits into `room`; returns the end. */
  readonly piggyback: (out: Uint8Array, at: number, room: number) => number;
}

/**
 * The sending half of a session: cuts buffers into segments, sends them as pace and window allow,
 * lost ones first, and finds out from acknowledgements which are lost (docs/mover.md, "Loss").
 */
export class Sender {
  readonly window = new SendWindow();
  readonly log = new SentLog();
  inFlight = 0;
  readonly #options: SenderOptions;
  readonly #reordering = new ReorderingWindow();
  /** When the first was sent of the datagrams longer than `#telling`, of which none has been acknowledged since; or Infinity. */
  longSince = Number.POSITIVE_INFINITY;
  #channel: Channel;
  #segmentSize: number;
  #telling = Number.POSITIVE_INFINITY;
  #receiveWindow: number;
  /** All transmissions below are received or lost. */
  #scan = 1;
  #highest = 0;
  #highestSentAt = Number.NaN;
  #highestAckedAt = Number.NaN;
  /** Of the newest acknowledgement; -1 before the first. */
  #receiverTime = -1;
  #lossAt = Number.POSITIVE_INFINITY;
  readonly #tailProbe: TailProbe;
  /** The model's window was full when it was last tried to send. */
  #blocked = false;
  /** The pacer's lost credit when the source ran dry, or Infinity; one that is late for a moment only keeps its credit. */
  #lostWhenDry = Number.POSITIVE_INFINITY;
  /** The source may have something to say: it has not been asked since it was woken. */
  #hungry = true;
  readonly #sample: AcknowledgementSample = {
    now: 0,
    receiverNow: 0,
    forwardDelay: Number.NaN,
    delivered: 0,
    newestSentAt: Number.NaN,
    highestReceived: 0,
    lowestInFlight: 1,
    next: 1,
    inFlight: 0,
    rtt: Number.NaN,
    smoothedRtt: Number.NaN,
  };

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#channel = options.channel;
    this.#segmentSize = options.segmentSize;
    this.#receiveWindow = options.receiveWindow;
    this.#tailProbe = new TailProbe(options.rtt);
  }

  /** What goes from now on goes by this channel, of the same kind. */
  useChannel(channel: Channel): void {
    this.#channel = channel;
  }

  /** Puts into the batch what may be sent now. */
  fill(now: number, batch: SendBatch): void {
    const { model, pacer } = this.#options;
    pacer.setRate(now, model.pacingRate);
    if (this.#blocked) pacer.forgo(now);
    else pacer.refill(now);
    if (pacer.lost > this.#lostWhenDry) {
      this.#lostWhenDry = pacer.lost;
      model.onIdle(now, this.log.next);
    }
    if (this.#tailProbe.due && batch.capacity - batch.count >= PROBES) this.#sendProbes(now, batch);
    while (!batch.full && pacer.open && this.inFlight < model.window) {
      const lost = this.window.nextLost();
      if (lost >= 0) {
        this.window.takeLost(lost);
        this.#send(now, batch, lost, true);
      } else if (!this.#prepareNew()) {
        this.#lostWhenDry = this.#admitted
          ? Math.min(this.#lostWhenDry, pacer.lost)
          : Number.POSITIVE_INFINITY;
        this.#blocked = false;
        return;
      } else {
        this.#lostWhenDry = Number.POSITIVE_INFINITY;
        this.#send(now, batch, this.window.take(), false);
      }
    }
    this.#blocked = this.inFlight >= model.window;
  }

  /**
   * Buffers are cut into datagrams of `segmentSize` from now on; what has been cut stays as it is. Datagrams longer than
   * `telling` are watched by `longSince`.
   */
  useSegmentSize(segmentSize: number, telling: number): void {
    this.#segmentSize = segmentSize;
    this.#telling = telling;
    this.longSince = Number.POSITIVE_INFINITY;
  }

  /** Bytes of the datagram with the lowest segment that is not received; 0 if nothing is under way. */
  get oldestBytes(): number {
    if (this.window.lowest >= this.window.next) return 0;
    this.window.locate(this.window.lowest);
    return this.#framing + this.window.length;
  }

  /** By the receiver's clock, when the newest acknowledgement was written; milliseconds from an unknown zero. */
  get receiverNow(): number {
    return this.#sample.receiverNow;
  }

  /** The source has something to say. */
  wake(): void {
    this.#hungry = true;
  }

  /** When `fill` should be called again, from what is known now: when there is credit for what waits. */
  nextSendAt(now: number): number {
    const { model, pacer } = this.#options;
    if (this.#tailProbe.due) return now;
    if (this.inFlight >= model.window) return Number.POSITIVE_INFINITY;
    const more = this.window.nextLost() >= 0 || ((this.window.unsent || this.#hungry) && this.#admitted);
    return more ? pacer.readyAt(now) : Number.POSITIVE_INFINITY;
  }

  /** When `onTimer` should be called. */
  nextTimerAt(): number {
    return Math.min(this.#lossAt, this.#tailProbe.at(this.inFlight));
  }

  onTimer(now: number): void {
    if (now >= this.#lossAt) this.#detectLosses(now);
    if (now >= this.#tailProbe.at(this.inFlight) && this.#tailProbe.expire(now))
      this.#options.model.onSilence();
  }

  /**
   * False: it says of the same segment that it was received and that it was not, so numbers were altered on
   * their way. One that acknowledges what was never sent is ignored.
   */
  onAcknowledgement(now: number, ack: Acknowledgement): boolean {
    const { log, window } = this;
    const { model, rtt } = this.#options;
    if (ack.highestReceived >= log.next || ack.lowestLogical > window.next) {
      this.#options.counters.datagramsIgnored += 1;
      return true;
    }
    const sample = this.#sample;
    const highest = ack.highestReceived;
    const isNew = highest >= log.lowest && log.fate[highest & log.mask] !== Fate.RECEIVED;
    this.#followClock(ack.time);
    const timed = isNew && ack.delay < LONGEST_DELAY;
    sample.rtt = timed ? rtt.sample(now - log.sentAt[highest & log.mask]!, ack.delay) : Number.NaN;
    sample.forwardDelay = timed
      ? sample.receiverNow - ack.delay - log.sentAt[highest & log.mask]!
      : Number.NaN;
    const before = sample.delivered;
    this.#takeBitmap(now, ack);
    for (
      let logical = window.lowest;
      logical < ack.lowestLogical;
      logical = Math.max(logical + 1, window.lowest)
    ) {
      this.#markReceived(logical);
    }
    if (highest >= this.#highest) this.#receiveWindow = ack.receiveWindow;
    const newest = highest > this.#highest && isNew;
    if (newest) {
      this.#highest = highest;
      this.#highestSentAt = log.sentAt[highest & log.mask]!;
      this.#highestAckedAt = now;
    }
    if (sample.delivered > before) this.#tailProbe.heard();
    this.#detectLosses(now);
    if (sample.delivered > before) {
      sample.now = now;
      sample.newestSentAt = this.#highestSentAt;
      sample.highestReceived = this.#highest;
      sample.lowestInFlight = this.#scan;
      sample.next = log.next;
      sample.inFlight = this.inFlight;
      sample.smoothedRtt = rtt.smoothed;
      model.onAcknowledgement(sample);
    }
    this.#forget(now);
    return !newest || window.lowest === ack.lowestLogical;
  }

  /** The session is over: gives back all buffers. */
  drop(): void {
    this.window.drop((buffer) => this.#options.source.release(buffer));
  }

  /** The receiver's clock, from 32 bits of it; acknowledgements that were overtaken do not turn it back. */
  #followClock(time: number): void {
    const step = (time - this.#receiverTime) | 0;
    if (step <= 0 && this.#receiverTime >= 0) return;
    if (this.#receiverTime >= 0) this.#sample.receiverNow += step * TIME_UNIT;
    this.#receiverTime = time;
  }

  /** Bytes of a datagram beside its segment. */
  get #framing(): number {
    return this.#channel.headerBytes + TRANSPORT_DATA_BYTES + this.#channel.trailerBytes;
  }

  /** The peer has room for another segment. */
  get #admitted(): boolean {
    return this.window.open && (this.inFlight < this.#receiveWindow || this.window.essential);
  }

  /** Sees to it that there is a new segment to send, and that it may be sent. */
  #prepareNew(): boolean {
    if (!this.#admitted) return false;
    if (this.window.unsent) return true;
    const stride = this.#segmentSize - this.#framing;
    const { rate, lossRate } = this.#options.model;
    const buffer = this.#options.source.nextBuffer(bufferSize(stride, rate, lossRate));
    if (buffer === undefined) {
      this.#hungry = false;
      return false;
    }
    writeBufferField(buffer, !this.#channel.sealed);
    this.window.add(buffer, stride);
    this.#options.counters.buffersSent += 1;
    this.#options.counters.bufferBytesSent += buffer.length;
    return true;
  }

  #send(now: number, batch: SendBatch, logical: number, again: boolean): void {
    const { overhead, model, pacer, piggyback, counters } = this.#options;
    const { window, log } = this;
    window.locate(logical);
    const physical = log.next;
    const start = batch.next;
    let at = this.#channel.writeHeader(batch.arena, start);
    at = piggyback(batch.arena, at, this.#segmentSize - this.#framing - window.length);
    at = writeTransportData(batch.arena, at, window.index, window.segments, logical, physical);
    batch.push(at, window.buffer, window.offset, window.length);
    const bytes = at - start + window.length + this.#channel.trailerBytes;
    if (bytes > this.#telling && this.longSince > now) this.longSince = now;
    const size = bytes + overhead;
    log.add(now, logical, size, model.phase);
    window.setLastPhysical(logical, physical);
    this.inFlight += size;
    this.#tailProbe.sent(now);
    counters.segmentsSent += 1;
    if (again) counters.segmentsRetransmitted += 1;
    pacer.spend(size);
    model.onSent(now, physical, size);
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
    const { log, window } = this;
    const { counters } = this.#options;
    const i = physical & log.mask;
    const logical = log.logical[i]!;
    const size = log.size[i]!;
    if (log.fate[i] === Fate.IN_FLIGHT) this.inFlight -= size;
    else {
      counters.segmentsLost -= 1;
      this.#options.model.onLossUndone(log.phase[i]!, size);
      if (logical < window.lowest || window.lastPhysicalOf(logical) !== physical)
        counters.segmentsSpurious += 1;
    }
    log.fate[i] = Fate.RECEIVED;
    if (size - this.#options.overhead > this.#telling) this.longSince = Number.POSITIVE_INFINITY;
    log.received[i >>> 3]! |= 1 << (i & 7);
    this.#sample.delivered += size;
    if (physical < this.#highest) {
      const waited = Math.min(now - this.#highestAckedAt, MAXIMUM_ACK_DELAY);
      this.#reordering.saw(now, this.#highestSentAt - log.sentAt[i]! + waited);
    }
    this.#markReceived(logical);
  }

  #markReceived(logical: number): void {
    const done = this.window.markReceived(logical);
    if (done !== undefined) this.#options.source.release(done);
  }

  /** In physical order, up to the first that may still come; there the timer is set. */
  #detectLosses(now: number): void {
    const { log } = this;
    const length = this.#reordering.length(now, this.#options.rtt.minimum);
    this.#lossAt = Number.POSITIVE_INFINITY;
    for (; this.#scan < log.next; this.#scan += 1) {
      const i = this.#scan & log.mask;
      if (log.fate[i] !== Fate.IN_FLIGHT) continue;
      if (this.#scan >= this.#highest) return;
      const patience = this.#highest - this.#scan >= PACKET_THRESHOLD ? length : length * 2;
      const lostAt = this.#highestAckedAt + patience - (this.#highestSentAt - log.sentAt[i]!);
      if (now < lostAt) {
        this.#lossAt = lostAt;
        return;
      }
      this.#lost(i);
    }
  }

  #lost(i: number): void {
    const { log, window } = this;
    const logical = log.logical[i]!;
    const size = log.size[i]!;
    log.fate[i] = Fate.LOST;
    this.inFlight -= size;
    this.#options.counters.segmentsLost += 1;
    this.#options.model.onLost(log.phase[i]!, size);
    if (logical >= window.lowest && window.lastPhysicalOf(logical) === this.#scan) window.markLost(logical);
  }

  /** Lost transmissions are remembered long enough to see that they were not lost. */
  #forget(now: number): void {
    const { log } = this;
    const { rtt } = this.#options;
    const before = now - 2 * rtt.smoothed - LOST_MEMORY;
    let physical = log.lowest;
    for (; physical < this.#scan; physical += 1) {
      const i = physical & log.mask;
      if (log.fate[i] === Fate.LOST && log.sentAt[i]! > before) break;
    }
    log.forget(physical);
  }

  /**
   * The newest segment again, whose acknowledgement shows what is missing before it; and the oldest,
   * which is missed the most. Neither pace nor window hold a probe.
   */
  #sendProbes(now: number, batch: SendBatch): void {
    this.#tailProbe.due = false;
    const end = this.log.next;
    let newest = end - 1;
    while (newest >= this.#scan && !this.#awaited(newest)) newest -= 1;
    let oldest = this.#scan;
    while (oldest < newest && !this.#awaited(oldest)) oldest += 1;
    if (newest >= this.#scan) this.#send(now, batch, this.log.logical[newest & this.log.mask]!, true);
    if (oldest < newest) this.#send(now, batch, this.log.logical[oldest & this.log.mask]!, true);
  }

  /** Whether the transmission is in flight, and its segment's latest. */
  #awaited(physical: number): boolean {
    const i = physical & this.log.mask;
    if (this.log.fate[i] !== Fate.IN_FLIGHT) return false;
    const logical = this.log.logical[i]!;
    return (
      this.window.progressOf(logical) === Progress.SENT && this.window.lastPhysicalOf(logical) === physical
    );
  }
}
