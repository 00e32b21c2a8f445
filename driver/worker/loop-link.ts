import type { Region } from "../ffi/index.js";
import { type Link, type LinkEndpoint, Origin, type SendBatch, Way, wayOf } from "../mover/index.js";
import type { LoopStream } from "./loop-stream.js";
import type { Stream } from "./stream.js";

/**
 * What is sent in so many milliseconds goes together. A `ppoll` with a timer slack of 1 µs is only 0.1 late; but to be woken
 * costs more than to send, here and in the switch: at 100 Mbit/s four datagrams at a time cost vswitchd a fifth less.
 */
const GRANULARITY = 0.5;
/** Datagrams that are handed on in one go. */
const RECEIVE_BATCH = 256;
/** What one send takes: older kernels cut up to 64 segments, and all of them together must stay below 64 KiB. */
const LONGEST_RUN = 64;
const RUN_BYTES = 64_000;
/** What a path has refused is tried again after so long, in milliseconds. */
const REFUSAL_MEMORY = 60_000;

const EINVAL = -22;
const EIO = -5;
const EMSGSIZE = -90;

/** What a link needs of the port that it is on. */
export interface LoopLinkHost {
  readonly overhead: number;
  /** The number of the socket's destination. */
  readonly destination: number;
  /**
   * Sends a run of datagrams of `size` bytes each, the last one perhaps shorter; bytes or a negative errno. `whole`: they must
   * not be cut into fragments.
   */
  send(region: Region, offset: number, length: number, size: number, whole: boolean): number;
  newTag(): number;
  dropTag(tag: number): void;
  /** Where the datagram at this place in the memory of arrivals came from. */
  source(offset: number): string;
  closed(): void;
  /** A connection is the peer's. Returns where it comes from; undefined if it is known by now. */
  followStream(stream: Stream): string | undefined;
  /** The peer is where that message of the port's came from. Returns the address; undefined if it is known by now. */
  followMessage(message: number): string | undefined;
}

/**
 * The link to one peer in the worker's loop. Datagrams of one size that go together are sent by one call, for the kernel
 * or the network card to cut up (GSO); where the path refuses that, one by one.
 */
export class LoopLink implements Link {
  readonly granularity = GRANULARITY;
  readonly stream?: LoopStream;
  /** When it is to be woken; the loop looks at it. */
  wakeTime = Number.POSITIVE_INFINITY;
  readonly #host: LoopLinkHost;
  readonly #run: Region;
  readonly #runBytes: Uint8Array;
  readonly #received = {
    count: 0,
    bytes: new Array<Uint8Array>(RECEIVE_BATCH),
    offset: new Uint32Array(RECEIVE_BATCH),
    length: new Uint32Array(RECEIVE_BATCH),
    origin: new Uint8Array(RECEIVE_BATCH),
    region: new Array<Region>(RECEIVE_BATCH),
    from: (i: number): string => this.#source(i),
  };
  /** Where the origin is unknown: the connection, or the message of the port's, that it came by. */
  readonly #unknown = new Array<Stream | number | undefined>(RECEIVE_BATCH);
  #endpoint: LinkEndpoint | undefined;
  /** Until then runs are not tried. */
  #singlesUntil = Number.NEGATIVE_INFINITY;

  /** `run`: memory of 64 KiB to put runs together in, which all links of a thread may share. */
  constructor(host: LoopLinkHost, run: Region, stream: LoopStream | undefined) {
    this.#host = host;
    if (stream !== undefined) this.stream = stream;
    this.#run = run;
    this.#runBytes = new Uint8Array(run.bytes.buffer, run.bytes.byteOffset, run.length);
  }

  get overhead(): number {
    return this.#host.overhead;
  }

  get destination(): number {
    return this.#host.destination;
  }

  now(): number {
    return performance.now();
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  newTag(): number {
    return this.#host.newTag();
  }

  dropTag(tag: number): void {
    this.#host.dropTag(tag);
  }

  wakeAt(time: number): void {
    this.wakeTime = time;
  }

  close(): void {
    this.#endpoint = undefined;
    this.wakeTime = Number.POSITIVE_INFINITY;
    this.#host.closed();
  }

  follow(i: number): string | undefined {
    const unknown = this.#unknown[i];
    if (unknown === undefined) return undefined;
    return typeof unknown === "number" ? this.#host.followMessage(unknown) : this.#host.followStream(unknown);
  }

  send(batch: SendBatch, way: Way): void {
    if (way === Way.STREAM) {
      this.stream?.send(batch);
      return;
    }
    for (let first = 0; first < batch.count; ) first = this.#sendRun(batch, first);
  }

  /** From the loop: its time has come. */
  wake(): void {
    this.wakeTime = Number.POSITIVE_INFINITY;
    this.#endpoint?.wake();
  }

  /**
   * From the port: a datagram in a region, of which `bytes` is the whole; it stays as it is until `handOn`. `unknown` if its
   * origin is.
   */
  arrived(
    region: Region,
    bytes: Uint8Array,
    offset: number,
    length: number,
    origin: number = Origin.DATAGRAM,
    unknown?: Stream | number,
  ): void {
    const received = this.#received;
    if (received.count === RECEIVE_BATCH) this.handOn();
    received.region[received.count] = region;
    received.bytes[received.count] = bytes;
    received.offset[received.count] = offset;
    received.length[received.count] = length;
    received.origin[received.count] = origin;
    this.#unknown[received.count] = unknown;
    received.count += 1;
  }

  handOn(): void {
    if (this.#received.count === 0) return;
    this.#endpoint?.receive(this.#received);
    this.#received.count = 0;
  }

  #source(i: number): string {
    const { origin, offset } = this.#received;
    return wayOf(origin[i]!) === Way.DATAGRAMS ? this.#host.source(offset[i]!) : "a stream";
  }

  /** Puts datagrams of equal length, from `first` on, one behind the other, sends them, and returns where to go on. */
  #sendRun(batch: SendBatch, first: number): number {
    const size = batch.lengthOf(first);
    let length = 0;
    let i = first;
    for (; i < batch.count && i - first < LONGEST_RUN; i += 1) {
      const next = batch.lengthOf(i);
      if (next > size || length + next > RUN_BYTES) break;
      length = this.#append(batch, i, length);
      if (next === size) continue;
      i += 1;
      break;
    }
    this.#transmit(length, size, size <= batch.whole);
    return i;
  }

  #append(batch: SendBatch, i: number, at: number): number {
    const header = batch.headerOffset[i]!;
    const payload = batch.payloadOffset[i]!;
    const payloadAt = at + batch.headerLength[i]!;
    const end = payloadAt + batch.payloadLength[i]!;
    const out = this.#runBytes;
    // Byte by byte: a view of each short header would be an object for each datagram.
    for (let to = at, from = header; to < payloadAt; to += 1, from += 1) out[to] = batch.arena[from]!;
    if (end > payloadAt) out.set(batch.payload[i]!.subarray(payload, payload + end - payloadAt), payloadAt);
    batch.channel?.seal(this.#run, at, end - at);
    return end + batch.trailer;
  }

  #transmit(length: number, size: number, whole: boolean): void {
    // What is to be cut into fragments cannot be cut into datagrams as well.
    if (length > size && whole && performance.now() >= this.#singlesUntil) {
      const result = this.#host.send(this.#run, 0, length, size, whole);
      // What a full socket does not take is lost, as in any other full queue on the way, and sent again in time.
      if (result !== EINVAL && result !== EIO && result !== EMSGSIZE) return;
      // No runs on this path; unless it is the datagrams that are too long for it.
      if (this.#transmitSingly(length, size, whole)) this.#singlesUntil = performance.now() + REFUSAL_MEMORY;
    } else this.#transmitSingly(length, size, whole);
  }

  /** False if the datagrams are too long. What else the network says of single ones the mover finds out by itself. */
  #transmitSingly(length: number, size: number, whole: boolean): boolean {
    for (let at = 0; at < length; at += size) {
      const single = Math.min(size, length - at);
      if (this.#host.send(this.#run, at, single, single, whole) !== EMSGSIZE) continue;
      this.#endpoint?.tooLong(single);
      return false;
    }
    return true;
  }
}
