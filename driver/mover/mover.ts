import { EventEmitter } from "node:events";
import { congestionModel, streamModel } from "./congestion/index.js";
import { TwoWayModel } from "./congestion/two-way.js";
import {
  BATCH_SIZE,
  DEFAULT_DOWN_AFTER,
  DEFAULT_KEEPALIVE,
  DEFAULT_RECEIVE_WINDOW,
  DEFAULT_SEGMENT_SIZE,
  DEFAULT_SILENT_AFTER,
  RATE_STEP,
} from "./constants.js";
import type { DataMover, DownReason, MoverEvents, MoverOptions, MoverState, MoverStats } from "./contract.js";
import { newCounters } from "./counters.js";
import { type Link, Origin, type ReceivedBatch, SendBatch, Way, wayOf } from "./link.js";
import { Pacer } from "./pacer.js";
import { Path } from "./path.js";
import { Receiver } from "./receiver.js";
import { RttEstimator } from "./rtt.js";
import { Sender } from "./sender.js";
import { Session } from "./session.js";
import { Traffic } from "./traffic.js";
import { DATAGRAM_HEADER_BYTES, PacketType, writeClose, writeDatagramHeader } from "./wire/datagram.js";
import { type Hello, writeHello } from "./wire/hello.js";
import { writeProbe, writeProbeAnswer } from "./wire/probe.js";
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
  readonly #batch: SendBatch;
  readonly #reader = new DatagramReader();
  readonly #counters = newCounters();
  readonly #segmentSize: number;
  readonly #receiveWindow: number;
  readonly #keepalive: number;
  #traffic: Traffic | undefined;
  #now = 0;
  #lastSentAt = 0;
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
        sendProbe: (probe, bytes) => this.#sendProbe(probe, bytes),
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
    this.#pacer = new Pacer(this.#link.granularity, datagram);
    this.#batch = new SendBatch(BATCH_SIZE, this.#segmentSize);
    this.#session = new Session(
      {
        site: options.site,
        bootId: options.bootId,
        segmentSize: this.#segmentSize,
        receiveWindow: this.#receiveWindow,
        silentAfter: options.silentAfter ?? DEFAULT_SILENT_AFTER,
        downAfter: options.downAfter ?? DEFAULT_DOWN_AFTER,
      },
      {
        newTag: () => this.#link.newTag(),
        sendHello: (hello, peerTag) => this.#sendHello(hello, peerTag),
        begin: (peer, roundTrip) => this.#begin(peer, roundTrip),
        end: (reason) => this.#end(reason),
        silent: () => this.emit("silent"),
        resumed: () => this.#announceUp(true),
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
      if (this.#session.established) this.#say(writeClose);
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
    const reader = this.#reader;
    const session = this.#session;
    const bytes = batch.bytes[i]!;
    const offset = batch.offset[i]!;
    const length = batch.length[i]!;
    const origin = batch.origin[i]!;
    const way = wayOf(origin);
    const understood = this.#path.allows(way) && reader.read(bytes, offset, length);
    const addressed = understood && reader.tag === session.tag;
    if (addressed && way === Way.DATAGRAMS) this.#path.onDatagram(this.#now);
    if (understood && reader.hello !== undefined) {
      if (origin === Origin.UNKNOWN_STREAM || (origin === Origin.UNKNOWN_ADDRESS && !session.established))
        this.#link.follow(i);
      session.onHello(this.#now, reader.hello);
      return;
    }
    if (addressed) session.onDatagram(this.#now);
    const traffic = this.#traffic;
    if (!addressed || traffic === undefined) {
      this.#counters.datagramsIgnored += 1;
      return;
    }
    this.#counters.bytesReceived += length;
    const { latest } = traffic;
    const { probe } = reader;
    if (reader.hasAnswer && way === Way.DATAGRAMS) this.#path.onAnswer(this.#now, reader.answer.probe);
    if (reader.close) session.onClose(this.#now);
    else if (!traffic.take(this.#now, reader, bytes, offset + length)) session.fail(this.#now, "corrupt");
    const acknowledged = reader.hasAcknowledgement ? reader.acknowledgement.highestReceived : 0;
    const newer = traffic.latest > latest;
    this.#path.onAuthentic(i, origin, length, newer, acknowledged, traffic.sender.log.next);
    if (probe >= 0 && this.#traffic === traffic)
      this.#say((out, at) => writeProbeAnswer(out, at, probe, length), way);
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
    if (this.state !== "idle") {
      this.#path.tend(now, this.#rtt.smoothed, this.#traffic?.sender.longSince ?? Number.POSITIVE_INFINITY);
    }
    if (this.#traffic === undefined) {
      this.#flush();
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
    this.#filling = true;
    let full: boolean;
    do {
      sender.fill(now, this.#batch);
      full = this.#batch.full;
      this.#flush();
    } while (full);
    this.#filling = false;
    const postponed = this.#postponed.shift();
    if (postponed !== undefined) {
      postponed();
      this.#pump();
      return;
    }
    if (now >= receiver.ackDueAt() || now >= this.#lastSentAt + this.#keepalive) this.#sendAck();
    this.#busy = false;
    this.#announceRate();
    const timers = Math.min(this.#session.nextTimerAt(), sender.nextTimerAt(), receiver.ackDueAt());
    const sending = Math.min(sender.nextSendAt(now), this.#lastSentAt + this.#keepalive);
    this.#link.wakeAt(Math.min(timers, sending, this.#path.nextTimerAt()));
  }

  #useWay(way: Way): void {
    this.#model.use(way);
    this.emit("way", way);
  }

  #useSizes(): void {
    const { size, whole, telling } = this.#path.mtu;
    this.#batch.whole = whole;
    this.#traffic?.sender.useSegmentSize(size, telling);
    if (whole < size) this.emit("tooLong", size);
  }

  #flush(way = this.#path.way): void {
    if (this.#batch.count === 0) return;
    this.#counters.bytesSent += this.#batch.bytes;
    this.#lastSentAt = this.#now;
    this.#path.onSent(way, this.#batch.bytes);
    this.#link.send(this.#batch, way);
    this.#batch.clear();
  }

  #begin(peer: Hello, roundTrip: number): void {
    if (roundTrip >= 0) this.#rtt.sample(roundTrip, 0);
    this.#path.begin(this.#now, Math.min(peer.segmentSize, this.#segmentSize));
    const { source, deliver } = this.#options;
    const { overhead } = this.#link;
    const receiver = new Receiver({
      window: this.#receiveWindow,
      overhead,
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
      tag: peer.tag,
      segmentSize: this.#path.mtu.size,
      overhead,
      receiveWindow: peer.receiveWindow,
      piggyback: (out, at, room) => this.#piggyback(out, at, room),
    });
    this.#traffic = new Traffic({ sender, receiver, rtt: this.#rtt, counters: this.#counters });
    this.#useSizes();
    this.#lastSentAt = this.#now;
    this.#announceUp(false);
  }

  #end(reason: DownReason): void {
    this.#traffic?.sender.drop();
    this.#traffic = undefined;
    this.#path.end();
    this.#batch.clear();
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

  #sendHello(hello: Hello, peerTag: number): void {
    const batch = this.#batch;
    const at = writeDatagramHeader(batch.arena, batch.next, PacketType.HELLO, peerTag);
    batch.push(writeHello(batch.arena, at, hello));
    // While it is not known what gets through, it goes every way there is.
    const { other } = this.#path;
    if (other !== undefined) this.#link.send(batch, other);
    this.#flush();
  }

  #sendProbe(probe: number, bytes: number): void {
    const batch = this.#batch;
    const { next, whole } = batch;
    batch.whole = Number.POSITIVE_INFINITY;
    this.#say((out, at) => writeProbe(out, at, probe, next + bytes), Way.DATAGRAMS);
    batch.whole = whole;
  }

  /** Sends a session datagram of its own. */
  #say(write: (out: Uint8Array, at: number) => number, way = this.#path.way): void {
    const batch = this.#batch;
    const at = writeDatagramHeader(batch.arena, batch.next, PacketType.SESSION, this.#session.peer!.tag);
    batch.push(write(batch.arena, at));
    this.#pacer.spend(batch.bytes + this.#link.overhead);
    this.#flush(way);
  }

  #sendAck(): void {
    const { sender, receiver } = this.#traffic!;
    const batch = this.#batch;
    const start = batch.next;
    const room = this.#segmentSize - DATAGRAM_HEADER_BYTES;
    let at = writeDatagramHeader(batch.arena, start, PacketType.SESSION, this.#session.peer!.tag);
    at = receiver.writeAck(this.#now, batch.arena, at, room, sender.log.next - 1);
    batch.push(at);
    const bytes = at - start + this.#link.overhead;
    receiver.ackSent(bytes);
    this.#pacer.spend(bytes);
    this.#flush();
  }

  #piggyback(out: Uint8Array, at: number, room: number): number {
    const { sender, receiver } = this.#traffic!;
    if (!receiver.rideWorthwhile(this.#now) || receiver.ackLength() > room) return at;
    const end = receiver.writeAck(this.#now, out, at, room, sender.log.next - 1);
    receiver.ackSent(end - at);
    return end;
  }
}
