import { bufferSize } from "./buffer-size.js";
import { type CongestionModel, newSample } from "./congestion/model.js";
import { PROBES, REPAIR_BRIEF } from "./constants.js";
import type { BufferSource } from "./contract.js";
import type { Counters } from "./counters.js";
import type { Channel } from "./handshake/channel.js";
import type { SendBatch } from "./link.js";
import type { Pacer } from "./pacer.js";
import { ReceiverClock } from "./receiver-clock.js";
import { RepairEncoder } from "./repair/encoder.js";
import type { RttEstimator } from "./rtt.js";
import { SendWindow } from "./send-window.js";
import { Fate, type SentLog } from "./sent-log.js";
import { TailProbe } from "./tail-probe.js";
import { Transmissions } from "./transmissions.js";
import { type Acknowledgement, LONGEST_DELAY } from "./wire/acknowledgement.js";
import { writeBufferField } from "./wire/buffer-field.js";
import { REPAIR_BYTES, writeRepair } from "./wire/repair.js";
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
  readonly #options: SenderOptions;
  readonly #transmissions: Transmissions;
  #channel: Channel;
  #segmentSize: number;
  #receiveWindow: number;
  readonly #receiverClock = new ReceiverClock();
  readonly #tailProbe: TailProbe;
  readonly #repairs = new RepairEncoder(this.window);
  /** The model's window was full when it was last tried to send. */
  #blocked = false;
  /** The pacer's lost credit when the source ran dry, or Infinity; one that is late for a moment only keeps its credit. */
  #lostWhenDry = Number.POSITIVE_INFINITY;
  /** The source may have something to say: it has not been asked since it was woken. */
  #hungry = true;
  readonly #sample = newSample();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#channel = options.channel;
    this.#segmentSize = options.segmentSize;
    this.#receiveWindow = options.receiveWindow;
    this.#tailProbe = new TailProbe(options.rtt);
    const { model, rtt, counters, overhead, source } = options;
    this.#transmissions = new Transmissions({
      ...{ window: this.window, repairs: this.#repairs, model, rtt, counters, overhead },
      release: (buffer) => source.release(buffer),
    });
  }

  get log(): SentLog {
    return this.#transmissions.log;
  }

  /** Bytes on the wire. */
  get inFlight(): number {
    return this.#transmissions.inFlight;
  }

  /** When the first was sent of the long datagrams (`useSegmentSize`) of which none has been acknowledged since; or Infinity. */
  get longSince(): number {
    return this.#transmissions.longSince;
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
      } else if (this.#repairs.ready) {
        this.#sendRepair(now, batch);
      } else if (this.#prepareNew(now)) {
        this.#lostWhenDry = Number.POSITIVE_INFINITY;
        if (!this.#repairs.ready) this.#send(now, batch, this.window.take(), false);
      } else {
        this.#lostWhenDry = this.#admitted
          ? Math.min(this.#lostWhenDry, pacer.lost)
          : Number.POSITIVE_INFINITY;
        this.#blocked = false;
        if (!this.#hungry) this.#repairs.onDry(now);
        if (now < this.#repairDueAt) return;
        this.#prepareRepair(now, 0);
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
    this.#transmissions.watch(telling);
  }

  /** Bytes of the datagram with the lowest segment that is not received; 0 if nothing is under way. */
  get oldestBytes(): number {
    if (this.window.lowest >= this.window.next) return 0;
    this.window.locate(this.window.lowest);
    return this.#framing + this.window.length;
  }

  /** By the receiver's clock, when the newest acknowledgement was written; milliseconds from an unknown zero. */
  get receiverNow(): number {
    return this.#receiverClock.now;
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
    const ready = more || this.#repairs.ready;
    return Math.max(ready ? now : this.#repairDueAt, pacer.readyAt(now));
  }

  /** When `onTimer` should be called. */
  nextTimerAt(): number {
    return Math.min(this.#transmissions.losses.dueAt, this.#tailProbe.at(this.inFlight));
  }

  onTimer(now: number): void {
    const { losses } = this.#transmissions;
    if (now >= losses.dueAt) losses.detect(now);
    if (now >= this.#tailProbe.at(this.inFlight) && this.#tailProbe.expire(now))
      this.#options.model.onSilence();
  }

  /**
   * False: it says of the same segment that it was received and that it was not, so numbers were altered on
   * their way. One that acknowledges what was never sent is ignored.
   */
  onAcknowledgement(now: number, ack: Acknowledgement): boolean {
    const { log, window } = this;
    const transmissions = this.#transmissions;
    const { losses } = transmissions;
    const { model, rtt } = this.#options;
    if (ack.highestReceived >= log.next || ack.lowestLogical > window.next) {
      this.#options.counters.datagramsIgnored += 1;
      return true;
    }
    const sample = this.#sample;
    const highest = ack.highestReceived;
    const isNew = highest >= log.lowest && log.fate[highest & log.mask] !== Fate.RECEIVED;
    this.#receiverClock.follow(ack.time);
    sample.receiverNow = this.#receiverClock.now;
    const timed = isNew && ack.delay < LONGEST_DELAY;
    sample.rtt = timed ? rtt.sample(now - log.sentAt[highest & log.mask]!, ack.delay) : Number.NaN;
    sample.forwardDelay = timed
      ? sample.receiverNow - ack.delay - log.sentAt[highest & log.mask]!
      : Number.NaN;
    const before = transmissions.delivered;
    transmissions.onAcknowledgement(now, ack);
    const more = transmissions.delivered > before;
    if (highest >= losses.highest) this.#receiveWindow = ack.receiveWindow;
    const newest = highest > losses.highest && isNew;
    if (newest) losses.onHighest(now, highest);
    if (more) this.#tailProbe.heard();
    losses.detect(now);
    if (more) {
      sample.now = now;
      sample.delivered = transmissions.delivered;
      sample.newestSentAt = losses.highestSentAt;
      sample.highestReceived = losses.highest;
      sample.lowestInFlight = losses.lowest;
      sample.next = log.next;
      sample.inFlight = transmissions.inFlight;
      sample.smoothedRtt = rtt.smoothed;
      model.onAcknowledgement(sample);
    }
    transmissions.forget(now);
    return !newest || window.lowest === ack.lowestLogical;
  }

  /** The session is over: gives back all buffers. */
  drop(): void {
    this.window.drop((buffer) => this.#options.source.release(buffer));
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
  #prepareNew(now: number): boolean {
    if (!this.#admitted) return false;
    if (this.window.unsent) return true;
    const stride = this.#segmentSize - this.#framing;
    const { rate, lossRate } = this.#options.model;
    const buffer = this.#options.source.nextBuffer(bufferSize(stride, rate, lossRate));
    if (buffer === undefined) {
      this.#hungry = false;
      return false;
    }
    // Somebody may wait for what was said just before, and the silence that repair otherwise waits for does not come.
    const { newestSegments, next } = this.window;
    if (newestSegments > 0 && newestSegments <= REPAIR_BRIEF) this.#prepareRepair(now, next - newestSegments);
    writeBufferField(buffer, !this.#channel.sealed);
    this.window.add(buffer, stride);
    this.#options.counters.buffersSent += 1;
    this.#options.counters.bufferBytesSent += buffer.length;
    return true;
  }

  #send(now: number, batch: SendBatch, logical: number, again: boolean): void {
    const { model, pacer, piggyback, counters } = this.#options;
    const { window } = this;
    window.locate(logical);
    const physical = this.log.next;
    const start = batch.next;
    let at = this.#channel.writeHeader(batch.arena, start);
    at = piggyback(batch.arena, at, this.#segmentSize - this.#framing - window.length);
    at = writeTransportData(batch.arena, at, window.index, window.segments, logical, physical);
    batch.push(at, window.buffer, window.offset, window.length);
    const bytes = at - start + window.length + this.#channel.trailerBytes;
    const size = this.#transmissions.add(now, logical, bytes);
    this.#tailProbe.sent(now);
    counters.segmentsSent += 1;
    if (again) counters.segmentsRetransmitted += 1;
    pacer.spend(size);
    this.#repairs.onSent(size, again);
    model.onSent(now, physical, size);
  }

  get #repairDueAt(): number {
    return this.#repairs.dueAt(this.#lossRate, this.#options.rtt.smoothed || 0);
  }

  /**
   * What repair reckons with: also losses that the model does not believe to be the path's own, which a few short transfers
   * cannot make it. Its budget bounds what comes of those that are not.
   */
  get #lossRate(): number {
    return Math.max(this.#options.model.lossRate, this.#transmissions.lossRate);
  }

  /** Makes repair symbols for what is under way from the segment `from` on. */
  #prepareRepair(now: number, from: number): void {
    const { model, overhead } = this.#options;
    const framing = this.#repairFraming;
    const path = { rate: model.rate, lossRate: this.#lossRate };
    this.#repairs.prepare(now, from, path, framing + overhead, this.#segmentSize - framing);
  }

  #sendRepair(now: number, batch: SendBatch): void {
    const { overhead, pacer, rtt, counters } = this.#options;
    const repairs = this.#repairs;
    repairs.take(now, rtt.longest);
    const at = this.#channel.writeHeader(batch.arena, batch.next);
    const end = writeRepair(batch.arena, at, repairs.first, repairs.window, repairs.key);
    batch.push(end, repairs.bytes, 0, repairs.length);
    pacer.spend(this.#repairFraming + overhead + repairs.length);
    counters.repairsSent += 1;
  }

  /** Bytes of a datagram beside its repair symbol. */
  get #repairFraming(): number {
    return this.#channel.headerBytes + REPAIR_BYTES + this.#channel.trailerBytes;
  }

  /**
   * The newest segment again, whose acknowledgement shows what is missing before it; and the oldest,
   * which is missed the most. Neither pace nor window hold a probe.
   */
  #sendProbes(now: number, batch: SendBatch): void {
    this.#tailProbe.due = false;
    const transmissions = this.#transmissions;
    const { log, losses } = transmissions;
    let newest = log.next - 1;
    while (newest >= losses.lowest && !transmissions.isAwaited(newest)) newest -= 1;
    if (newest < losses.lowest) {
      // The peer has the segments of what is in flight otherwise.
      losses.giveUp();
      return;
    }
    let oldest = losses.lowest;
    while (oldest < newest && !transmissions.isAwaited(oldest)) oldest += 1;
    this.#send(now, batch, log.logical[newest & log.mask]!, true);
    if (oldest < newest) this.#send(now, batch, log.logical[oldest & log.mask]!, true);
  }
}
