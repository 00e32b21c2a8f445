import { BATCH_SIZE } from "./constants.js";
import type { Counters } from "./counters.js";
import type { Channel } from "./handshake/channel.js";
import { type Link, SendBatch, Way } from "./link.js";
import type { Pacer } from "./pacer.js";
import type { Path } from "./path.js";
import type { Traffic } from "./traffic.js";
import { type Confirmation, writeConfirmation } from "./wire/confirmation.js";
import { writeProbe } from "./wire/probe.js";

export interface DispatchOptions {
  readonly link: Link;
  readonly path: Path;
  readonly pacer: Pacer;
  readonly counters: Counters;
  /** Largest UDP payload, bytes. */
  readonly segmentSize: number;
}

/** Everything that a mover sends goes out here: the sender's batches, and datagrams of the session's own. */
export class Dispatch {
  /** Where the sender puts its segments. */
  readonly batch: SendBatch;
  /** When something was sent that is a sign of life to who knows the session; -Infinity while such a sign is owed. */
  lastSentAt = 0;
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.batch = new SendBatch(BATCH_SIZE, options.segmentSize);
  }

  /** The peer may wait for a sign of life. */
  owe(): void {
    this.lastSentAt = Number.NEGATIVE_INFINITY;
  }

  get owing(): boolean {
    return this.lastSentAt === Number.NEGATIVE_INFINITY;
  }

  /** Sends what is in the batch. */
  flush(now: number, way = this.#options.path.way): void {
    const { batch } = this;
    if (batch.count === 0) return;
    const { link, path, counters } = this.#options;
    counters.bytesSent += batch.bytes;
    this.lastSentAt = now;
    path.onSent(way, batch.bytes);
    link.send(batch, way);
    batch.clear();
  }

  handshake(now: number, datagram: Uint8Array): void {
    const { batch, lastSentAt } = this;
    batch.channel = undefined;
    batch.arena.set(datagram, batch.next);
    batch.push(batch.next + datagram.length);
    // While it is not known what gets through, it goes every way there is.
    const { link, path } = this.#options;
    if (path.other !== undefined) link.send(batch, path.other);
    this.flush(now);
    // For who knows the session it is no sign of life; and it may be the answer to a repetition.
    this.lastSentAt = lastSentAt;
  }

  /** A datagram of the session's own, of whatever `write` writes; it returns the end. */
  say(
    now: number,
    channel: Channel,
    write: (out: Uint8Array, at: number) => number,
    way = this.#options.path.way,
  ): void {
    const { batch } = this;
    const { link, pacer } = this.#options;
    batch.channel = channel;
    batch.push(write(batch.arena, channel.writeHeader(batch.arena, batch.next)));
    pacer.spend(batch.bytes + link.overhead);
    this.flush(now, way);
  }

  /** A datagram of `bytes` bytes, to see whether so many get through. */
  probe(now: number, channel: Channel, probe: number, bytes: number): void {
    const { batch } = this;
    const { next, whole } = batch;
    const end = next + bytes - channel.trailerBytes;
    batch.whole = Number.POSITIVE_INFINITY;
    this.say(now, channel, (out, at) => writeProbe(out, at, probe, end), Way.DATAGRAMS);
    batch.whole = whole;
  }

  /** An acknowledgement that rides with nothing. */
  acknowledge(
    now: number,
    { sender, receiver, channel }: Traffic,
    confirmation: Confirmation | undefined,
  ): void {
    const { batch } = this;
    const { link, pacer, segmentSize } = this.#options;
    batch.channel = channel;
    const start = batch.next;
    let at = channel.writeHeader(batch.arena, start);
    if (confirmation !== undefined) at = writeConfirmation(batch.arena, at, confirmation);
    const room = segmentSize - (at - start) - channel.trailerBytes;
    at = receiver.writeAck(now, batch.arena, at, room, sender.log.next - 1);
    batch.push(at);
    const bytes = at - start + channel.trailerBytes + link.overhead;
    receiver.ackSent(bytes);
    pacer.spendBeside(bytes);
    this.flush(now);
  }
}
