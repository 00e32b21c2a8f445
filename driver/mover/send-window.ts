import { MAXIMUM_SEGMENT_SPAN } from "./constants.js";

/** Where a segment stands. */
export const Progress = {
  NONE: 0,
  /** Sent, and not known to be lost or received. */
  SENT: 1,
  /** Waits in the queue of retransmissions. */
  LOST: 2,
  RECEIVED: 3,
} as const;

const FIRST_SEGMENTS = 1024;
const FIRST_BUFFERS = 64;

/**
 * What has been cut and is not yet known to be with the peer: segments by logical number and the buffers
 * that they are slices of, both in rings that double when full, and the queue of segments to be sent
 * again. Logical numbers begin at 0.
 */
export class SendWindow {
  /** The logical number of the next new segment. */
  next = 0;
  /** All below are received. */
  lowest = 0;
  progress = new Uint8Array(FIRST_SEGMENTS);
  /** The physical number that a segment was last sent under. */
  lastPhysical = new Float64Array(FIRST_SEGMENTS);
  #bufferOf = new Uint32Array(FIRST_SEGMENTS);
  #mask = FIRST_SEGMENTS - 1;

  #bytes: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(FIRST_BUFFERS).fill(undefined);
  #base = new Float64Array(FIRST_BUFFERS);
  #count = new Uint8Array(FIRST_BUFFERS);
  #missing = new Uint8Array(FIRST_BUFFERS);
  #stride = new Uint16Array(FIRST_BUFFERS);
  #bufferMask = FIRST_BUFFERS - 1;
  #lowestBuffer = 0;
  #nextBuffer = 0;

  /** Segments to be sent again, in the order in which they were found lost; a ring. */
  #lost = new Float64Array(FIRST_SEGMENTS);
  #lostHead = 0;
  #lostTail = 0;

  /** Of the segment located last. */
  buffer: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;
  index = 0;
  segments = 0;

  /** Cuts `bytes` into segments of `stride` bytes; they are sent by `take`. */
  add(bytes: Uint8Array, stride: number): void {
    if (this.#nextBuffer - this.#lowestBuffer > this.#bufferMask) this.#growBuffers();
    const i = this.#nextBuffer & this.#bufferMask;
    this.#bytes[i] = bytes;
    this.#base[i] = this.next;
    this.#count[i] = Math.ceil(bytes.length / stride);
    this.#missing[i] = this.#count[i]!;
    this.#stride[i] = stride;
    this.#nextBuffer += 1;
  }

  /** Whether the newest buffer has segments that were never sent. */
  get unsent(): boolean {
    if (this.#nextBuffer === this.#lowestBuffer) return false;
    const i = (this.#nextBuffer - 1) & this.#bufferMask;
    return this.next < this.#base[i]! + this.#count[i]!;
  }

  /** Segments of the newest buffer; 0 if nothing is under way. */
  get newestSegments(): number {
    return this.#nextBuffer === this.#lowestBuffer
      ? 0
      : this.#count[(this.#nextBuffer - 1) & this.#bufferMask]!;
  }

  /** Whether the peer's record has room for another segment. */
  get open(): boolean {
    return this.next - this.lowest < MAXIMUM_SEGMENT_SPAN;
  }

  /** Whether what would be sent next is of the buffer that the peer waits for, and so takes in any case. */
  get essential(): boolean {
    const base = this.unsent ? this.#base[(this.#nextBuffer - 1) & this.#bufferMask]! : this.next;
    return base <= this.lowest;
  }

  /** The next new segment of the newest buffer: numbers it and returns the number. */
  take(): number {
    if (this.next - this.lowest > this.#mask) this.#growSegments();
    const logical = this.next;
    const i = logical & this.#mask;
    this.progress[i] = Progress.SENT;
    this.#bufferOf[i] = (this.#nextBuffer - 1) & 0xffff_ffff;
    this.next = logical + 1;
    return logical;
  }

  /** Fills `buffer`, `offset`, `length`, `index` and `segments` with what `logical` is. */
  locate(logical: number): void {
    const b = this.#bufferOf[logical & this.#mask]! & this.#bufferMask;
    this.buffer = this.#bytes[b]!;
    const stride = this.#stride[b]!;
    this.index = logical - this.#base[b]!;
    this.segments = this.#count[b]!;
    this.offset = this.index * stride;
    this.length = Math.min(stride, this.buffer.length - this.offset);
  }

  /** Whether the buffer of a segment from `lowest` on is still here, or has been given back. */
  holds(logical: number): boolean {
    return this.#bytes[this.#bufferOf[logical & this.#mask]! & this.#bufferMask] !== undefined;
  }

  progressOf(logical: number): number {
    return logical < this.lowest ? Progress.RECEIVED : this.progress[logical & this.#mask]!;
  }

  setLastPhysical(logical: number, physical: number): void {
    this.lastPhysical[logical & this.#mask] = physical;
  }

  lastPhysicalOf(logical: number): number {
    return this.lastPhysical[logical & this.#mask]!;
  }

  /** Puts a segment that is not received into the queue of retransmissions. */
  markLost(logical: number): void {
    if (this.progressOf(logical) !== Progress.SENT) return;
    this.progress[logical & this.#mask] = Progress.LOST;
    if (this.#lostTail - this.#lostHead >= this.#lost.length) this.#growLost();
    this.#lost[this.#lostTail & (this.#lost.length - 1)] = logical;
    this.#lostTail += 1;
  }

  /** The next segment to be sent again, without taking it; -1 if there is none. */
  nextLost(): number {
    while (this.#lostHead < this.#lostTail) {
      const logical = this.#lost[this.#lostHead & (this.#lost.length - 1)]!;
      if (this.progressOf(logical) === Progress.LOST) return logical;
      this.#lostHead += 1;
    }
    return -1;
  }

  /** Takes the segment that `nextLost` has named. */
  takeLost(logical: number): void {
    this.#lostHead += 1;
    this.progress[logical & this.#mask] = Progress.SENT;
  }

  /** Notes that the peer has `logical`. Returns the buffer if this was its last missing segment. */
  markReceived(logical: number): Uint8Array | undefined {
    if (this.progressOf(logical) === Progress.RECEIVED) return undefined;
    const i = logical & this.#mask;
    this.progress[i] = Progress.RECEIVED;
    while (this.lowest < this.next && this.progress[this.lowest & this.#mask] === Progress.RECEIVED)
      this.lowest += 1;
    const b = this.#bufferOf[i]! & this.#bufferMask;
    this.#missing[b]! -= 1;
    if (this.#missing[b] !== 0) return undefined;
    const done = this.#bytes[b];
    this.#bytes[b] = undefined;
    while (
      this.#lowestBuffer < this.#nextBuffer &&
      this.#bytes[this.#lowestBuffer & this.#bufferMask] === undefined
    ) {
      this.#lowestBuffer += 1;
    }
    return done;
  }

  /** Gives back every buffer, for the session is over. */
  drop(release: (buffer: Uint8Array) => void): void {
    for (; this.#lowestBuffer < this.#nextBuffer; this.#lowestBuffer += 1) {
      const i = this.#lowestBuffer & this.#bufferMask;
      const bytes = this.#bytes[i];
      this.#bytes[i] = undefined;
      if (bytes !== undefined) release(bytes);
    }
  }

  #growSegments(): void {
    const { progress, lastPhysical } = this;
    const bufferOf = this.#bufferOf;
    const mask = this.#mask;
    const capacity = (mask + 1) * 2;
    this.progress = new Uint8Array(capacity);
    this.lastPhysical = new Float64Array(capacity);
    this.#bufferOf = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    for (let logical = this.lowest; logical < this.next; logical += 1) {
      const from = logical & mask;
      const to = logical & this.#mask;
      this.progress[to] = progress[from]!;
      this.lastPhysical[to] = lastPhysical[from]!;
      this.#bufferOf[to] = bufferOf[from]!;
    }
  }

  #growBuffers(): void {
    const [bytes, base, count, missing, stride, mask] = [
      this.#bytes,
      this.#base,
      this.#count,
      this.#missing,
      this.#stride,
      this.#bufferMask,
    ];
    const capacity = (mask + 1) * 2;
    this.#bytes = new Array<Uint8Array | undefined>(capacity).fill(undefined);
    this.#base = new Float64Array(capacity);
    this.#count = new Uint8Array(capacity);
    this.#missing = new Uint8Array(capacity);
    this.#stride = new Uint16Array(capacity);
    this.#bufferMask = capacity - 1;
    for (let number = this.#lowestBuffer; number < this.#nextBuffer; number += 1) {
      const from = number & mask;
      const to = number & this.#bufferMask;
      this.#bytes[to] = bytes[from];
      this.#base[to] = base[from]!;
      this.#count[to] = count[from]!;
      this.#missing[to] = missing[from]!;
      this.#stride[to] = stride[from]!;
    }
  }

  #growLost(): void {
    const lost = this.#lost;
    this.#lost = new Float64Array(lost.length * 2);
    for (let i = this.#lostHead; i < this.#lostTail; i += 1) {
      this.#lost[i & (this.#lost.length - 1)] = lost[i & (lost.length - 1)]!;
    }
  }
}
