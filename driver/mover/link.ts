import type { Region } from "../ffi/index.js";
import type { Channel } from "./handshake/channel.js";

/**
 * What the mover knows of the network: a link to one peer that takes datagrams in batches, brings
 * datagrams in batches, tells the time and wakes. The simulated link, `node:dgram` and whatever
 * comes later (a worker's loop with GSO, a TCP stream) are implementations of it.
 */
export interface Link {
  /** The stream to the peer, where the link can have one. */
  readonly stream?: LinkStream;
  /** Time between the wished and the real wake-up that has to be reckoned with, in milliseconds. */
  readonly granularity: number;
  /** Bytes that the network adds to each datagram (28 for UDP over IPv4), for rates are meant on the wire. */
  readonly overhead: number;
  /** Monotonic time in milliseconds, fractions included. */
  now(): number;
  /** Where datagrams and wake-ups go. To be called once, before anything else. */
  attach(endpoint: LinkEndpoint): void;
  /**
   * A tag (1 … 2^24-1), by which the link knows datagrams to this mover from those to others on the same
   * socket, until it is dropped.
   */
  newTag(): number;
  dropTag(tag: number): void;
  /**
   * Sends every datagram of the batch by that way, sealed by the batch's channel once it lies in one piece; what the way
   * does not take is lost. The batch and the bytes it points at may be reused afterwards.
   */
  send(batch: SendBatch, way: Way): void;
  /**
   * During `receive`: the i-th datagram of the batch is the peer's, and so the stream that it came by, or the address that
   * it came from and to which datagrams go from now on. To be called where the origin is an unknown one. Returns the new
   * address, to be shown; undefined if it is known by now.
   */
  follow(i: number): string | undefined;
  /** Asks for a `wake` at `time` or as soon after it as possible; replaces the time asked for before; Infinity takes it back. */
  wakeAt(time: number): void;
  /** No more datagrams, no more wake-ups. */
  close(): void;
}

/** The ways that a link may have. */
export const Way = {
  DATAGRAMS: 0,
  /** Datagrams one behind the other on a TCP connection (claim 20). */
  STREAM: 1,
} as const;
export type Way = (typeof Way)[keyof typeof Way];

/** How a datagram has come. */
export const Origin = {
  DATAGRAM: 0,
  STREAM: 1,
  /** By a connection of which it is not known yet that it is the peer's. */
  UNKNOWN_STREAM: 2,
  /** From another address than those of the peer go to. */
  UNKNOWN_ADDRESS: 3,
} as const;

/** The way of an origin. */
export function wayOf(origin: number): Way {
  return origin === Origin.STREAM || origin === Origin.UNKNOWN_STREAM ? Way.STREAM : Way.DATAGRAMS;
}

/** The link wakes its endpoint when one of the first two changes. */
export interface LinkStream {
  readonly connected: boolean;
  /** It has all that it can hold; what is sent nevertheless may be lost. */
  readonly full: boolean;
  /** It should be there, or is not needed. */
  want(wanted: boolean): void;
}

/** The mover's side of a link. */
export interface LinkEndpoint {
  /** The bytes are valid during the call only. */
  receive(batch: ReceivedBatch): void;
  wake(): void;
  /** The system refuses a datagram of so many bytes that must not be cut into fragments. To be expected during `send`. */
  tooLong(bytes: number): void;
}

/** Datagrams that came in one go: the i-th is `bytes[i]` from `offset[i]` on, `length[i]` bytes long. */
export interface ReceivedBatch {
  readonly count: number;
  readonly bytes: readonly Uint8Array[];
  readonly offset: Uint32Array;
  readonly length: Uint32Array;
  /** An `Origin` for each. */
  readonly origin: Uint8Array;
  /** The pinned memory that `bytes[i]` is the whole of; without it, the mover copies what it has to open. */
  readonly region?: readonly Region[];
  /** Where the i-th came from, in whatever form tells two places apart. */
  from(i: number): string;
}

const NO_PAYLOAD = new Uint8Array(0);

/**
 * Datagrams that go in one go. Each is a header, written into the batch's own arena, and a slice of a
 * buffer, which is not copied, so that a link can hand both to the kernel as they lie.
 * Everything is allocated once.
 */
export class SendBatch {
  readonly capacity: number;
  /** Headers of all datagrams, one after the other. */
  readonly arena: Uint8Array;
  readonly headerOffset: Uint32Array;
  readonly headerLength: Uint32Array;
  readonly payload: Uint8Array[];
  readonly payloadOffset: Uint32Array;
  readonly payloadLength: Uint32Array;
  /** Datagrams up to so many bytes must not be cut into fragments on their way; longer ones may be, where the link can. */
  whole = Number.POSITIVE_INFINITY;
  /** What seals them, if anything does; not to be changed while there are any. */
  channel: Channel | undefined;
  count = 0;
  /** Bytes of all datagrams, as UDP payload. */
  bytes = 0;

  /** `capacity` datagrams, each with at most `headerBytes` of header. */
  constructor(capacity: number, headerBytes: number) {
    this.capacity = capacity;
    this.arena = new Uint8Array(capacity * headerBytes);
    this.headerOffset = new Uint32Array(capacity);
    this.headerLength = new Uint32Array(capacity);
    this.payload = new Array<Uint8Array>(capacity).fill(NO_PAYLOAD);
    this.payloadOffset = new Uint32Array(capacity);
    this.payloadLength = new Uint32Array(capacity);
  }

  get full(): boolean {
    return this.count === this.capacity;
  }

  /** Bytes that sealing adds behind each datagram. */
  get trailer(): number {
    return this.channel === undefined ? 0 : this.channel.trailerBytes;
  }

  /** Bytes of the i-th, as UDP payload. */
  lengthOf(i: number): number {
    return this.headerLength[i]! + this.payloadLength[i]! + this.trailer;
  }

  /** Where in the arena the next datagram's header is to be written. */
  get next(): number {
    return this.count === 0 ? 0 : this.headerOffset[this.count - 1]! + this.headerLength[this.count - 1]!;
  }

  /** Adds the datagram whose header has been written from `next` up to `end`. */
  push(end: number, payload: Uint8Array = NO_PAYLOAD, offset = 0, length = 0): void {
    const start = this.next;
    const i = this.count;
    this.headerOffset[i] = start;
    this.headerLength[i] = end - start;
    this.payload[i] = payload;
    this.payloadOffset[i] = offset;
    this.payloadLength[i] = length;
    this.count = i + 1;
    this.bytes += end - start + length + this.trailer;
  }

  clear(): void {
    this.payload.fill(NO_PAYLOAD, 0, this.count);
    this.count = 0;
    this.bytes = 0;
  }
}
