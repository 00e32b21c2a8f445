import { AckSchedule } from "./ack-schedule.js";
import { DELIVERY_SPAN } from "./constants.js";
import type { Counters } from "./counters.js";
import { RateMeter } from "./rate-meter.js";
import { Outcome, Reassembly } from "./reassembly.js";
import { Arrival, ReceivedLog } from "./received-log.js";
import { RepairDecoder } from "./repair/decoder.js";
import {
  type AcknowledgementFields,
  acknowledgementLength,
  type BitmapWriter,
  bitmapRoom,
  TIME_UNIT,
  writeAcknowledgement,
} from "./wire/acknowledgement.js";
import { bufferIntact } from "./wire/buffer-field.js";
import type { Repair } from "./wire/repair.js";
import { extendLogical, type TransportData } from "./wire/transport-data.js";

export interface ReceiverOptions {
  /** Bytes of memory for buffers that are not complete. */
  readonly window: number;
  readonly overhead: number;
  /** No datagram is longer, bytes of UDP payload. */
  readonly segmentSize: number;
  /** Whether buffers have check sums. */
  readonly checksum: boolean;
  readonly deliver: (buffer: Uint8Array) => void;
  /** Bytes that were delivered and are not taken on yet; they are held by the window as well. */
  readonly backlog: () => number;
  readonly counters: Counters;
}

/**
 * The receiving half of a session: puts buffers together, hands them up as they complete, and acknowledges
 * (docs/mover.md, "Acknowledgements").
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #log = new ReceivedLog();
  readonly #reassembly: Reassembly;
  readonly #repairs: RepairDecoder;
  readonly #schedule = new AckSchedule();
  readonly #delivered = new RateMeter(DELIVERY_SPAN);
  #highestAt = 0;
  readonly #fields: AcknowledgementFields = {
    highestSent: 0,
    highestReceived: 0,
    lowestLogical: 0,
    deliveryRate: 0,
    delay: 0,
    receiveWindow: 0,
    time: 0,
  };
  readonly #isMissing = (logical: number) => this.#reassembly.isMissing(logical);
  readonly #writeBitmap: BitmapWriter = (out, at, top, length) => this.#log.write(out, at, top, length);

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#reassembly = new Reassembly(options.window);
    this.#repairs = new RepairDecoder(options.segmentSize);
  }

  get heldBytes(): number {
    return this.#reassembly.held;
  }

  /** Takes a segment: `length` bytes of payload from `offset` on. False: what the link brings cannot be trusted. */
  onData(now: number, data: TransportData, bytes: Uint8Array, offset: number, length: number): boolean {
    const arrival = this.#log.arrival(data.physical);
    if (arrival === Arrival.ABSURD) {
      this.#options.counters.segmentsRefused += 1;
      return true;
    }
    if (arrival === Arrival.REPEATED) {
      this.#options.counters.segmentsDuplicate += 1;
      return true;
    }
    if (this.#options.backlog() >= this.#options.window) {
      this.#options.counters.segmentsRefused += 1;
      return true;
    }
    const reassembly = this.#reassembly;
    const logical = extendLogical(data.logical, reassembly.lowest);
    const outcome = reassembly.add(logical, data.index, data.segments, bytes, offset, length);
    if (outcome === Outcome.NO_ROOM || outcome === Outcome.ABSURD) {
      this.#options.counters.segmentsRefused += 1;
      return true;
    }
    if (data.physical > this.#log.highest) this.#highestAt = now;
    this.#log.add(data.physical);
    this.#schedule.onData(now, length + this.#options.overhead, arrival === Arrival.AHEAD);
    this.#options.counters.segmentsReceived += 1;
    if (outcome === Outcome.REPEATED) {
      this.#options.counters.segmentsDuplicate += 1;
      return true;
    }
    if (arrival === Arrival.AHEAD) this.#repairs.expect();
    this.#repairs.onSegment(logical, data.index, data.segments, bytes, offset, length);
    if (outcome === Outcome.COMPLETED && !this.#complete(now, reassembly.complete)) return false;
    return this.#putFound(now);
  }

  /** Takes a repair symbol: `length` bytes from `offset` on. False: what the link brings cannot be trusted. */
  onRepair(now: number, repair: Repair, bytes: Uint8Array, offset: number, length: number): boolean {
    const { counters, overhead } = this.#options;
    counters.repairsReceived += 1;
    const first = extendLogical(repair.first, this.#reassembly.lowest);
    if (first < 0) return true;
    this.#schedule.onBytes(length + overhead);
    this.#repairs.onRepair(first, repair.window, repair.key, bytes, offset, length, this.#isMissing);
    return this.#putFound(now);
  }

  /** Puts segments in their place that came by repair. */
  #putFound(now: number): boolean {
    const { counters, backlog, window } = this.#options;
    for (let found = this.#repairs.next(); found !== undefined; found = this.#repairs.next()) {
      if (backlog() >= window) continue;
      const { logical, index, segments, bytes, offset, length } = found;
      const outcome = this.#reassembly.add(logical, index, segments, bytes, offset, length);
      if (outcome !== Outcome.STORED && outcome !== Outcome.COMPLETED) continue;
      counters.segmentsRepaired += 1;
      this.#schedule.onData(now, 0, true);
      this.#repairs.onSegment(logical, index, segments, bytes, offset, length);
      if (outcome === Outcome.COMPLETED && !this.#complete(now, this.#reassembly.complete)) return false;
    }
    return true;
  }

  /** Whether segments were altered in a way that only shows later. */
  get contradictory(): boolean {
    return this.#reassembly.contradictory;
  }

  /** `roundTrip` in milliseconds, NaN if not known. */
  setRoundTrip(roundTrip: number): void {
    this.#schedule.setRoundTrip(roundTrip);
  }

  /** When an acknowledgement should go out. */
  ackDueAt(): number {
    return this.#schedule.dueAt();
  }

  /** The highest physical number that has come. */
  get highest(): number {
    return this.#log.highest;
  }

  /** Whether an acknowledgement may ride on a datagram that goes anyway. */
  rideWorthwhile(now: number): boolean {
    return this.#schedule.worthwhile(now);
  }

  /** Bytes that an acknowledgement would take that reaches down as far as it should. */
  ackLength(): number {
    return acknowledgementLength(this.#log.bitmapLength());
  }

  /** Writes an acknowledgement, cut off where `room` bytes end; returns its end. */
  writeAck(now: number, out: Uint8Array, at: number, room: number, highestSent: number): number {
    const bitmap = Math.min(this.#log.bitmapLength(), bitmapRoom(room));
    const fields = this.#fields;
    fields.highestSent = highestSent;
    fields.highestReceived = this.#log.highest;
    fields.lowestLogical = this.#reassembly.lowest;
    fields.deliveryRate = this.#delivered.read(now);
    fields.delay = now - this.#highestAt;
    fields.receiveWindow = Math.max(0, this.#reassembly.room - this.#options.backlog());
    fields.time = Math.round(now / TIME_UNIT) % 0x1_0000_0000;
    const end = writeAcknowledgement(out, at, fields, bitmap, this.#writeBitmap);
    this.#log.acknowledged();
    this.#options.counters.acksSent += 1;
    return end;
  }

  /** After an acknowledgement has been sent: what it cost on the wire. */
  ackSent(bytes: number): void {
    this.#options.counters.ackBytesSent += bytes;
    this.#schedule.onSent(bytes);
  }

  #complete(now: number, buffer: Uint8Array): boolean {
    if (!bufferIntact(buffer, this.#options.checksum)) return false;
    this.#delivered.add(now, buffer.length);
    this.#options.counters.buffersDelivered += 1;
    this.#options.counters.bufferBytesDelivered += buffer.length;
    this.#options.deliver(buffer);
    return true;
  }
}
