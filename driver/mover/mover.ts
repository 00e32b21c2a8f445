import { EventEmitter } from "node:events";
import { ceilingOf, congestionModel, streamModel } from "./congestion/index.js";
import { TwoWayModel } from "./congestion/two-way.js";
import {
  CONFIRM_INTERVAL,
  DEFAULT_DOWN_AFTER,
  DEFAULT_KEEPALIVE,
  DEFAULT_RECEIVE_WINDOW,
  DEFAULT_SEGMENT_SIZE,
  DEFAULT_SILENT_AFTER,
  RATE_STEP,
} from "./constants.js";
import type { DataMover, DownReason, MoverEvents, MoverOptions, MoverState, MoverStats } from "./contract.js";
import { newCounters } from "./counters.js";
import { Dispatch } from "./dispatch.js";
import type { Channel } from "./handshake/channel.js";
import { Opener } from "./handshake/opener.js";
import { securityOf } from "./handshake/security.js";
import { type Link, Origin, type ReceivedBatch, Way, wayOf } from "./link.js";
import { Pacer } from "./pacer.js";
import { Path } from "./path.js";
import { Receiver } from "./receiver.js";
import { RttEstimator } from "./rtt.js";
import { Sender } from "./sender.js";
import { Session } from "./session.js";
import { Traffic } from "./traffic.js";
import { datagramTag, PacketType, packetType, writeClose } from "./wire/datagram.js";
import type { Hello } from "./wire/hello.js";
import { writeProbeAnswer } from "./wire/probe.js";
import { DatagramReader } from "./wire/reader.js";

const NO_BACKLOG = (): number => 0;

/** The data mover towards one peer; see `DataMover`. It acts only when its link, its source or its owner calls. */
export class Mover extends EventEmitter<MoverEvents> implements DataMover {
  readonly #options: MoverOptions;
  readonly #link: Link;
  readonly #session: Session;
  readonly #model: TwoWayModel;
  readonly #path: Path;
  readonly #rtt = new RttEstimator();
  readonly #pacer: Pacer;
  readonly #dispatch: Dispatch;
  readonly #reader = new DatagramReader();
  readonly #counters = newCounters();
  readonly #segmentSize: number;
  readonly #receiveWindow: number;
  readonly #keepalive: number;
  readonly #opener = new Opener();
  #traffic: Traffic | undefined;
  #now = 0;
  #announcedRate = 0;
  /** Inside a call that ends with `#pump`. */
  #busy = false;
  /** Inside a call to the source, perhaps. */
  #filling = false;
  readonly #postponed: (() => void)[] = [];

  constructor(options: MoverOptions) {
    super();
    this.#options = options;
    this.#link = options.link;
    this.#segmentSize = options.segmentSize ?? DEFAULT_SEGMENT_SIZE;
    this.#receiveWindow = options.receiveWindow ?? DEFAULT_RECEIVE_WINDOW;
    this.#keepalive = options.keepalive ?? DEFAULT_KEEPALIVE;
    const datagram = Math.min(this.#segmentSize, DEFAULT_SEGMENT_SIZE) + this.#link.overhead;
    const rate = options.rate ?? { mode: "adaptive" };
    const { stream, granularity, overhead } = this.#link;
    this.#path = new Path(
      {
        stream,
        mode: options.ways ?? "auto",
        least: options.leastSegmentSize ?? this.#segmentSize,
        ceiling: this.#segmentSize,
        headers: overhead,
      },
      {
        follow: (i) => this.#link.follow(i),
        moved: (address) => this.emit("moved", address),
        sendProbe: (probe, bytes) => this.#dispatch.probe(this.#now, this.#traffic!.channel, probe, bytes),
        useWay: (way) => this.#useWay(way),
        useSizes: () => this.#useSizes(),
      },
    );
    this.#model = new TwoWayModel(
      congestionModel(rate, datagram, granularity),
      streamModel(rate),
      this.#path.way,
      () => this.#path.shut,
    );
    this.#pacer = new Pacer(granularity, datagram, ceilingOf(rate));
    this.#dispatch = new Dispatch({
      link: this.#link,
      path: this.#path,
      pacer: this.#pacer,
      counters: this.#counters,
      segmentSize: this.#segmentSize,
    });
    this.#session = new Session(
      {
        site: options.site,
        bootId: options.bootId,
        segmentSize: this.#segmentSize,
        receiveWindow: this.#receiveWindow,
        silentAfter: options.silentAfter ?? DEFAULT_SILENT_AFTER,
        downAfter: options.downAfter ?? DEFAULT_DOWN_AFTER,
        security: securityOf(options.security),
        ...(options.rekeyAfter === undefined ? {} : { rekeyAfter: options.rekeyAfter }),
      },
      {
        newTag: () => this.#link.newTag(),
        dropTag: (tag) => this.#link.dropTag(tag),
        send: (datagram) => this.#dispatch.handshake(this.#now, datagram),
        begin: (peer, channel, roundTrip) => this.#begin(peer, channel, roundTrip),
        changed: (channel) => this.#change(channel),
        end: (reason) => this.#end(reason),
        silent: () => this.emit("silent"),
        resumed: () => this.#announceUp(true),
        stranger: (stranger) => this.emit("stranger", stranger),
      },
    );
    this.#link.attach({
      wake: () => this.#onWake(),
      receive: (batch) => this.#onReceive(batch),
      tooLong: (bytes) => this.#path.mtu.onTooLong(this.#now, bytes),
    });
  }

  get state(): MoverState {
    return this.#session.state;
  }

  start(): void {
    this.#do(() => {
      this.#path.start(this.#now);
      this.#session.start(this.#now);
    });
  }

  stop(): void {
    this.#do(() => {
      if (this.#traffic !== undefined) this.#dispatch.say(this.#now, this.#traffic.channel, writeClose);
      this.#session.stop();
      this.#path.stop();
    });
  }

  reset(): void {
    this.#do(() => this.#session.fail(this.#now, "corrupt"));
  }

  /** Sending is left to the next wake-up, so that a source that fills up gradually is not asked for crumbs. */
  wake(): void {
    if (this.#traffic === undefined) return;
    this.#traffic.sender.wake();
    if (!this.#busy) this.#link.wakeAt(this.#link.now());
  }

  stats(): MoverStats {
    const { sender, receiver } = this.#traffic ?? {};
    const { peer } = this.#session;
    return {
      state: this.#session.state,
      peer: peer && { site: peer.site, bootId: peer.bootId },
      smoothedRtt: this.#rtt.smoothed,
      minimumRtt: this.#rtt.minimum,
      rate: this.#model.rate * 8000,
      deliveryRate: this.#traffic?.deliveryRate ?? 0,
      lossRate: this.#model.lossRate,
      inFlightBytes: sender?.inFlight ?? 0,
      windowBytes: this.#model.window,
      reassemblyBytes: receiver?.heldBytes ?? 0,
      way: this.#path.way,
      segmentSize: this.#path.mtu.size,
      ...this.#counters,
    };
  }

  #onWake(): void {
    this.#enter();
    this.#pump();
  }

  #onReceive(batch: ReceivedBatch): void {
    this.#enter();
    for (let i = 0; i < batch.count; i += 1) this.#take(batch, i);
    this.#pump();
  }

  #take(batch: ReceivedBatch, i: number): void {
    const bytes = batch.bytes[i]!;
    const offset = batch.offset[i]!;
    const length = batch.length[i]!;
    const type = this.#path.allows(wayOf(batch.origin[i]!)) ? packetType(bytes, offset, length) : 0;
    if (type === PacketType.SESSION || type === PacketType.SEALED_SESSION) {
      const channel = this.#session.channel(datagramTag(bytes, offset));
      const sealed = type === PacketType.SEALED_SESSION;
      if (channel?.sealed === sealed && this.#takeSession(channel, batch, i)) return;
    } else if (type !== 0 && this.#takeHandshake(batch, i, type)) return;
    this.#counters.datagramsIgnored += 1;
  }

  /** False: it is of no use. */
  #takeHandshake(batch: ReceivedBatch, i: number, type: number): boolean {
    const session = this.#session;
    const [offset, origin] = [batch.offset[i]!, batch.origin[i]!];
    const datagram = batch.bytes[i]!.subarray(offset, offset + batch.length[i]!);
    if (origin === Origin.UNKNOWN_STREAM || origin === Origin.UNKNOWN_ADDRESS) {
      // It may be a repetition by somebody else, which must not take the place of what works.
      const works =
        session.state === "up" && (origin === Origin.UNKNOWN_ADDRESS || this.#link.stream?.connected);
      if (!works && session.isOfPeer(datagram, type)) this.#link.follow(i);
    }
    return session.onHandshake(this.#now, datagram, type, batch.from(i));
  }

  /** False: it is forged, damaged, or came before. */
  #takeSession(channel: Channel, batch: ReceivedBatch, i: number): boolean {
    const session = this.#session;
    const reader = this.#reader;
    const length = batch.length[i]!;
    const origin = batch.origin[i]!;
    const way = wayOf(origin);
    const opener = this.#opener;
    const end = opener.open(channel, batch, i);
    if (end < 0 || !reader.read(opener.bytes, opener.offset, end)) return false;
    if (way === Way.DATAGRAMS) this.#path.onDatagram(this.#now);
    session.onHeard(this.#now, channel, reader.confirmation);
    const traffic = this.#traffic;
    if (traffic === undefined) return false;
    this.#counters.bytesReceived += length;
    const { latest } = traffic;
    const { probe } = reader;
    if (reader.hasAnswer && way === Way.DATAGRAMS) this.#path.onAnswer(this.#now, reader.answer.probe);
    if (reader.close) session.onClose(this.#now);
    else if (!traffic.take(this.#now, reader, opener.bytes, end)) session.fail(this.#now, "corrupt");
    const acknowledged = reader.hasAcknowledgement ? reader.acknowledgement.highestReceived : 0;
    const newer = traffic.latest > latest;
    this.#path.onAuthentic(i, origin, length, newer, acknowledged, traffic.sender.log.next);
    if (probe >= 0 && this.#traffic === traffic)
      this.#dispatch.say(
        this.#now,
        traffic.channel,
        (out, at) => writeProbeAnswer(out, at, probe, length),
        way,
      );
    return true;
  }

  #enter(): void {
    this.#now = this.#link.now();
    this.#busy = true;
  }

  /** What the owner wants done: at once, unless a batch is being filled. */
  #do(action: () => void): void {
    if (this.#filling) {
      this.#postponed.push(action);
      return;
    }
    const nested = this.#busy;
    this.#enter();
    action();
    if (!nested) this.#pump();
  }

  /** Does what time asks for, sends what may be sent, and sets the next wake-up. */
  #pump(): void {
    const now = this.#now;
    this.#session.onTimer(now);
    if (this.#traffic !== undefined && this.#dispatch.owing) this.#acknowledge(this.#traffic);
    if (this.state !== "idle") {
      this.#path.tend(now, this.#rtt.smoothed, this.#traffic?.sender.longSince ?? Number.POSITIVE_INFINITY);
    }
    if (this.#traffic === undefined) {
      this.#dispatch.flush(now);
      this.#busy = false;
      this.#link.wakeAt(Math.min(this.#session.nextTimerAt(), this.#path.nextTimerAt()));
      return;
    }
    const { sender, receiver, examination } = this.#traffic;
    const heard = this.state === "up" && this.#path.way === Way.DATAGRAMS;
    const failure = examination.failure(now, heard ? this.#path.mtu.whole : Number.POSITIVE_INFINITY);
    if (failure !== undefined) {
      this.#session.fail(now, failure);
      this.#pump();
      return;
    }
    sender.onTimer(now);
    const { batch } = this.#dispatch;
    batch.channel = this.#traffic.channel;
    this.#filling = true;
    let full: boolean;
    do {
      sender.fill(now, batch);
      full = batch.full;
      this.#dispatch.flush(now);
    } while (full);
    this.#filling = false;
    const postponed = this.#postponed.shift();
    if (postponed !== undefined) {
      postponed();
      this.#pump();
      return;
    }
    const unconfirmed = this.#session.confirmation(now) !== undefined;
    const keepalive = unconfirmed ? Math.min(this.#keepalive, CONFIRM_INTERVAL) : this.#keepalive;
    if (now >= receiver.ackDueAt() || now >= this.#dispatch.lastSentAt + keepalive)
      this.#acknowledge(this.#traffic);
    this.#busy = false;
    this.#announceRate();
    const timers = Math.min(this.#session.nextTimerAt(), sender.nextTimerAt(), receiver.ackDueAt());
    const sending = Math.min(sender.nextSendAt(now), this.#dispatch.lastSentAt + keepalive);
    this.#link.wakeAt(Math.min(timers, sending, this.#path.nextTimerAt()));
  }

  #useWay(way: Way): void {
    this.#model.use(way);
    this.emit("way", way);
  }

  #useSizes(): void {
    const { size, whole, telling } = this.#path.mtu;
    this.#dispatch.batch.whole = whole;
    this.#traffic?.sender.useSegmentSize(size, telling);
    if (whole < size) this.emit("tooLong", size);
  }

  #begin(peer: Hello, channel: Channel, roundTrip: number): void {
    if (roundTrip >= 0) this.#rtt.sample(roundTrip, 0);
    this.#path.begin(this.#now, Math.min(peer.segmentSize, this.#segmentSize));
    const { source, deliver } = this.#options;
    const { overhead } = this.#link;
    const receiver = new Receiver({
      window: this.#receiveWindow,
      overhead,
      segmentSize: this.#segmentSize,
      checksum: !channel.sealed,
      deliver,
      backlog: this.#options.backlog ?? NO_BACKLOG,
      counters: this.#counters,
    });
    receiver.setRoundTrip(this.#rtt.smoothed);
    const sender = new Sender({
      source,
      model: this.#model,
      pacer: this.#pacer,
      rtt: this.#rtt,
      counters: this.#counters,
      channel,
      segmentSize: this.#path.mtu.size,
      overhead,
      receiveWindow: peer.receiveWindow,
      piggyback: (out, at, room) => this.#piggyback(out, at, room),
    });
    this.#traffic = new Traffic({ sender, receiver, channel, rtt: this.#rtt, counters: this.#counters });
    this.#useSizes();
    // By the new channel.
    this.#dispatch.owe();
    this.#announceUp(false);
  }

  #change(channel: Channel): void {
    this.#traffic!.use(channel);
    this.#dispatch.owe();
  }

  #end(reason: DownReason): void {
    this.#traffic?.sender.drop();
    this.#traffic = undefined;
    this.#path.end();
    this.#dispatch.batch.clear();
    this.#model.restart();
    this.emit("down", reason);
  }

  #announceUp(resumed: boolean): void {
    const { site, bootId } = this.#session.peer!;
    this.emit("up", { site, bootId }, resumed);
  }

  #announceRate(): void {
    const { rate } = this.#model;
    if (Math.abs(rate - this.#announcedRate) <= this.#announcedRate * RATE_STEP) return;
    this.#announcedRate = rate;
    this.emit("rate", rate * 8000);
  }

  #acknowledge(traffic: Traffic): void {
    this.#dispatch.acknowledge(this.#now, traffic, this.#session.confirmation(this.#now));
  }

  #piggyback(out: Uint8Array, at: number, room: number): number {
    const { sender, receiver } = this.#traffic!;
    if (!receiver.rideWorthwhile(this.#now) || receiver.ackLength() > room) return at;
    const end = receiver.writeAck(this.#now, out, at, room, sender.log.next - 1);
    receiver.ackSent(end - at);
    return end;
  }
}
