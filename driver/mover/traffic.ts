import type { Counters } from "./counters.js";
import { Examination } from "./examination.js";
import type { Channel } from "./handshake/channel.js";
import type { Receiver } from "./receiver.js";
import type { RttEstimator } from "./rtt.js";
import type { Sender } from "./sender.js";
import type { DatagramReader } from "./wire/reader.js";

export interface TrafficOptions {
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly channel: Channel;
  readonly rtt: RttEstimator;
  readonly counters: Counters;
}

/** What exists only while a session is up or silent: its two halves. */
export class Traffic {
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly examination: Examination;
  /** What arrives at the peer's driver, by the peer's word, bits per second of buffers. */
  deliveryRate = 0;
  readonly #rtt: RttEstimator;
  readonly #counters: Counters;
  /** The newest probe of the peer's. */
  #probe = 0;

  /** By which is sent. */
  channel: Channel;

  constructor({ sender, receiver, channel, rtt, counters }: TrafficOptions) {
    this.channel = channel;
    this.sender = sender;
    this.receiver = receiver;
    this.examination = new Examination(sender, receiver);
    this.#rtt = rtt;
    this.#counters = counters;
  }

  /** What is sent goes by this channel from now on. */
  use(channel: Channel): void {
    this.channel = channel;
    this.sender.useChannel(channel);
  }

  /** Grows with whatever shows that a datagram is newer than all before. */
  get latest(): number {
    return this.sender.receiverNow + this.receiver.highest + this.#probe;
  }

  /** Takes what the reader has found in a datagram that ends at `bytes[end]`. False: the session cannot go on. */
  take(now: number, reader: DatagramReader, bytes: Uint8Array, end: number): boolean {
    const { acknowledgement, data, hasAcknowledgement, hasData, hasRepair, payloadOffset, probe, repair } =
      reader;
    if (probe > this.#probe) this.#probe = probe;
    if (hasAcknowledgement) {
      this.#counters.acksReceived += 1;
      this.deliveryRate = acknowledgement.deliveryRate;
      if (!this.sender.onAcknowledgement(now, acknowledgement)) return false;
      this.receiver.setRoundTrip(this.#rtt.smoothed);
    }
    if (hasRepair) return this.receiver.onRepair(now, repair, bytes, payloadOffset, end - payloadOffset);
    return !hasData || this.receiver.onData(now, data, bytes, payloadOffset, end - payloadOffset);
  }
}
