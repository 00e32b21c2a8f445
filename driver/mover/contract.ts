import type { Stranger } from "./handshake/security.js";
import type { Link, Way } from "./link.js";

/** Where the mover gets what it sends. The packet driver is one. */
export interface BufferSource {
  /**
   * The next buffer, at most 262,144 bytes and 255 segments, and at most `limit` if the source can hold to it (the mover
   * asks for smaller ones on a slow or lossy link); undefined if there is nothing to say. The first
   * `BUFFER_FIELD_BYTES` are room for the mover's field (R11), which the mover writes. The bytes
   * must stay as they are until the mover releases the buffer.
   */
  nextBuffer(limit?: number): Uint8Array | undefined;
  /** The peer has all of it, or the session has ended. */
  release(buffer: Uint8Array): void;
}

/** How the rate is found. Rates are bits per second on the wire, IP and UDP headers included. */
export type RateOptions =
  | { readonly mode: "adaptive"; readonly start?: number }
  | { readonly mode: "capped"; readonly ceiling: number }
  | { readonly mode: "fixed"; readonly rate: number };

/**
 * | mode | what is said goes |
 * |---|---|
 * | auto | by datagrams; by the stream while they do not get through |
 * | datagrams | by datagrams only |
 * | stream | by the stream only |
 */
export type WayMode = "auto" | "datagrams" | "stream";

/**
 * How the two sides make sure of each other: by X25519 keys of 32 bytes, ours private, the peer's public; or `off`, when
 * anybody who can send to us can be the peer, and anybody on the way can read and alter what is said.
 */
export type SecurityOptions = "off" | { readonly privateKey: Uint8Array; readonly peerKey: Uint8Array };

export interface MoverOptions {
  /** Our site's name, at most 64 bytes of UTF-8; the peer sees it in our hello. */
  readonly site: string;
  readonly link: Link;
  readonly source: BufferSource;
  /**
   * Takes a whole buffer as the peer's source gave it, the mover's field (checked) at its start. Buffers
   * come exactly once, in the order in which they complete. The bytes are valid during the call only.
   */
  readonly deliver: (buffer: Uint8Array) => void;
  /** Bytes of buffers that were delivered and still wait to be taken on: the peer may send less by so much. Default: none. */
  readonly backlog?: () => number;
  /** Random per process: how the peer knows that we have been restarted. */
  readonly bootId: bigint;
  readonly security: SecurityOptions;
  /** New keys after so many milliseconds. Default 120,000. */
  readonly rekeyAfter?: number;
  /** Default: adaptive. */
  readonly rate?: RateOptions;
  /** Default: auto, where the link can have a stream. */
  readonly ways?: WayMode;
  /** UDP payload that is taken to get through; what longer ones do is found out by probes. Default: `segmentSize`. */
  readonly leastSegmentSize?: number;
  /** Largest UDP payload, in bytes. Default 1472. */
  readonly segmentSize?: number;
  /** Most memory for buffers that are not complete yet, in bytes. Default 64 MiB. */
  readonly receiveWindow?: number;
  /** Something is sent at least this often, in milliseconds. Default 400. */
  readonly keepalive?: number;
  /** The peer is called silent when nothing has come for so long, in milliseconds. Default 2,500. */
  readonly silentAfter?: number;
  /** A silent peer's session is given up after so long, in milliseconds. Default 45,000. */
  readonly downAfter?: number;
}

/**
 * | state | meaning |
 * |---|---|
 * | idle | not started, or stopped |
 * | connecting | says hello, has not agreed with the peer |
 * | up | the peer answers |
 * | silent | nothing has come for `silentAfter`: a cut link perhaps; what is under way is kept |
 * | down | the session has ended; the mover says hello again by itself (as if connecting) |
 */
export type MoverState = "idle" | "connecting" | "up" | "silent" | "down";

/**
 * Why a session ended.
 *
 * | reason | meaning |
 * |---|---|
 * | timeout | nothing came from the peer for `downAfter` |
 * | restart | the peer has a new boot id |
 * | reset | the peer's process is the same, but it has begun a new session |
 * | corrupt | a check sum or a number was wrong, or `reset()` was called: what was delivered cannot be trusted |
 * | stopped | `stop()` was called here, or on the other side |
 */
export type DownReason = "timeout" | "restart" | "reset" | "corrupt" | "stopped";

export interface PeerInfo {
  readonly site: string;
  readonly bootId: bigint;
}

/** Events of a Mover (`node:events`). */
export type MoverEvents = {
  /** A session begins: nothing of an earlier one will be delivered any more. Also after `silent`, with `resumed`. */
  up: [peer: PeerInfo, resumed: boolean];
  silent: [];
  /** What had not been delivered is lost. */
  down: [reason: DownReason];
  /** Somebody who is not the peer speaks in its place, perhaps the peer with other keys. At most once a second. */
  stranger: [stranger: Stranger];
  /** The sending rate has changed by more than a tenth; bits per second on the wire. */
  rate: [bitsPerSecond: number];
  /** The path does not take datagrams of so many bytes, the least there are: they go in fragments. */
  tooLong: [bytes: number];
  /** The peer has another address. */
  moved: [address: string];
  /** What is sent goes another way than before. */
  way: [way: Way];
};

export interface MoverStats {
  readonly state: MoverState;
  readonly peer: PeerInfo | undefined;
  /** Milliseconds; NaN before the first sample. */
  readonly smoothedRtt: number;
  readonly minimumRtt: number;
  /** What the mover sends at most, bits per second on the wire. */
  readonly rate: number;
  /** What arrives at the peer's driver, by the peer's word, bits per second of buffers. */
  readonly deliveryRate: number;
  /** The link's own loss, 0 … 1, as learnt. */
  readonly lossRate: number;
  readonly inFlightBytes: number;
  /** What may be in flight at most. */
  readonly windowBytes: number;
  readonly segmentsSent: number;
  readonly segmentsRetransmitted: number;
  /** Retransmitted although the first had arrived. */
  readonly segmentsSpurious: number;
  readonly segmentsLost: number;
  readonly segmentsReceived: number;
  readonly segmentsDuplicate: number;
  /** Segments that were not taken: no memory, or numbers that make no sense. */
  readonly segmentsRefused: number;
  /** Segments of the peer's that did not come, and were found by repair. */
  readonly segmentsRepaired: number;
  /** Repair datagrams. */
  readonly repairsSent: number;
  readonly repairsReceived: number;
  /** UDP payload. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly buffersSent: number;
  readonly buffersDelivered: number;
  readonly bufferBytesSent: number;
  readonly bufferBytesDelivered: number;
  readonly acksSent: number;
  readonly acksReceived: number;
  readonly ackBytesSent: number;
  readonly ackBytesReceived: number;
  /** Datagrams that made no sense, were forged or repeated, or were of another session. */
  readonly datagramsIgnored: number;
  /** Memory held for buffers that are not complete, in bytes. */
  readonly reassemblyBytes: number;
  /** The `Way` that is taken. */
  readonly way: number;
  /** What segments are cut to, as UDP payload: what the path has been seen to take. */
  readonly segmentSize: number;
}

/**
 * The data mover towards one peer: `new Mover(options)`, `start()`, then it pulls buffers and delivers
 * those of the peer. Call `wake()` when the source has something to say again.
 */
export interface DataMover {
  readonly state: MoverState;
  start(): void;
  /** Tells the peer and ends the session; the link stays open. */
  stop(): void;
  /** What was delivered makes no sense: ends the session (`down` with `corrupt`) and begins a new one. */
  reset(): void;
  /** The source has something to say. Cheap, to be called as often as one likes. */
  wake(): void;
  stats(): MoverStats;
}
