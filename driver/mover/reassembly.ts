import { MAXIMUM_BUFFER_BYTES, MAXIMUM_SEGMENT_SPAN } from "./constants.js";

/** Pieces of memory come in these sizes, so that a small buffer does not hold a large piece. */
const SIZES: readonly number[] = [4096, 16_384, 65_536, MAXIMUM_BUFFER_BYTES];
/** Pieces of each size kept for reuse. */
const SPARE = 64;
const SPAN_BYTES = MAXIMUM_SEGMENT_SPAN / 8;

/** A buffer of which not all segments have come. */
interface Partial {
  base: number;
  segments: number;
  missing: number;
  /** Bytes of every segment but the last; 0 while only the last has come. */
  stride: number;
  lastLength: number;
  memory: Uint8Array;
}

/** What became of a segment. */
export const Outcome = {
  /** Kept. */
  STORED: 0,
  /** The buffer that it belongs to is complete, in `complete`. */
  COMPLETED: 1,
  REPEATED: 2,
  /** No memory: it has to be sent again. */
  NO_ROOM: 3,
  /** It contradicts what came before, or what a sender may do. */
  ABSURD: 4,
} as const;

/**
 * Puts buffers together, in any order, each exactly once. Memory is bounded by `limit` bytes; the buffer
 * that holds the lowest missing segment is taken in any case, so there is always a way forward.
 */
export class Reassembly {
  /** The lowest logical number not received. */
  lowest = 0;
  held = 0;
  /** The buffer completed last; valid until the next segment is added. */
  complete: Uint8Array = new Uint8Array(0);
  readonly #limit: number;
  /** Which logical numbers have been received: a ring of bits from `lowest` up. */
  readonly #received = new Uint8Array(SPAN_BYTES);
  readonly #partials = new Map<number, Partial>();
  readonly #spare: Uint8Array[][] = SIZES.map(() => []);
  readonly #sparePartials: Partial[] = [];
  /** The partial of the segment before, most likely that of the next. */
  #latest: Partial | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that can still be taken. */
  get room(): number {
    return Math.max(0, this.#limit - this.held);
  }

  /** Takes the segment that is `bytes[from … from + length]`. */
  add(
    logical: number,
    index: number,
    segments: number,
    bytes: Uint8Array,
    from: number,
    length: number,
  ): number {
    const base = logical - index;
    if (logical >= this.lowest + MAXIMUM_SEGMENT_SPAN || base < 0) return Outcome.ABSURD;
    if (!this.isMissing(logical)) return Outcome.REPEATED;
    if (segments === 1) {
      this.#mark(logical);
      this.complete = bytes.subarray(from, from + length);
      return Outcome.COMPLETED;
    }
    const partial =
      this.#latest?.base === base
        ? this.#latest
        : (this.#partials.get(base) ?? this.#open(base, segments, length));
    if (partial === undefined) return Outcome.NO_ROOM;
    this.#latest = partial;
    if (!this.#store(partial, segments, index, bytes, from, length)) return Outcome.ABSURD;
    this.#mark(logical);
    if (partial.missing > 0) return Outcome.STORED;
    this.complete = partial.memory.subarray(0, partial.stride * (segments - 1) + partial.lastLength);
    this.#close(partial);
    return Outcome.COMPLETED;
  }

  /** Whether a segment has not come yet, of those that may be sent now. */
  isMissing(logical: number): boolean {
    return logical >= this.lowest && !this.#has(logical);
  }

  #has(logical: number): boolean {
    return (this.#received[Math.floor(logical / 8) % SPAN_BYTES]! & (1 << (logical & 7))) !== 0;
  }

  #mark(logical: number): void {
    this.#received[Math.floor(logical / 8) % SPAN_BYTES]! |= 1 << (logical & 7);
    while (this.#has(this.lowest)) {
      this.#received[Math.floor(this.lowest / 8) % SPAN_BYTES]! &= ~(1 << (this.lowest & 7));
      this.lowest += 1;
    }
  }

  /**
   * Whether what came contradicts itself: all segments of some buffer have come, yet the buffer is not
   * complete. Something altered a segment's numbers on its way.
   */
  get contradictory(): boolean {
    for (const { base, segments } of this.#partials.values()) if (base + segments <= this.lowest) return true;
    return false;
  }

  #open(base: number, segments: number, length: number): Partial | undefined {
    const memory = this.#allocate(base, segments * length);
    if (memory === undefined) return undefined;
    const partial = this.#sparePartials.pop() ?? {
      base,
      segments,
      missing: 0,
      stride: 0,
      lastLength: 0,
      memory,
    };
    partial.base = base;
    partial.segments = segments;
    partial.missing = segments;
    partial.stride = 0;
    partial.lastLength = 0;
    partial.memory = memory;
    this.#partials.set(base, partial);
    return partial;
  }

  #close(partial: Partial): void {
    this.#partials.delete(partial.base);
    this.#latest = undefined;
    this.#free(partial.memory);
    if (this.#sparePartials.length < SPARE) this.#sparePartials.push(partial);
  }

  /** The first to come may be the short last segment: it waits at the end of the memory for its place. */
  #store(
    partial: Partial,
    segments: number,
    index: number,
    bytes: Uint8Array,
    from: number,
    length: number,
  ): boolean {
    if (segments !== partial.segments) return false;
    const last = index === segments - 1;
    if (partial.stride === 0 && !last && !this.#setStride(partial, length)) return false;
    if (last) {
      if (length > MAXIMUM_BUFFER_BYTES || (partial.stride !== 0 && length > partial.stride)) return false;
      partial.lastLength = length;
    } else if (length !== partial.stride) return false;
    const at = partial.stride === 0 ? partial.memory.length - length : index * partial.stride;
    partial.memory.set(bytes.subarray(from, from + length), at);
    partial.missing -= 1;
    return true;
  }

  /** Now it is known how long the segments are, how much memory it takes, and where the last one belongs. */
  #setStride(partial: Partial, stride: number): boolean {
    const before = partial.segments - 1;
    if (stride * before >= MAXIMUM_BUFFER_BYTES || partial.lastLength > stride) return false;
    const { memory, lastLength } = partial;
    const needed = Math.min(stride * partial.segments, MAXIMUM_BUFFER_BYTES);
    if (needed > memory.length) {
      const larger = this.#allocate(partial.base, needed);
      if (larger === undefined) return false;
      partial.memory = larger;
    }
    partial.stride = stride;
    if (lastLength > 0) partial.memory.set(memory.subarray(memory.length - lastLength), before * stride);
    if (memory !== partial.memory) this.#free(memory);
    return true;
  }

  #allocate(base: number, bytes: number): Uint8Array | undefined {
    const size = SIZES.find((candidate) => candidate >= bytes) ?? MAXIMUM_BUFFER_BYTES;
    if (base > this.lowest && this.held + size > this.#limit) return undefined;
    this.held += size;
    return this.#spare[SIZES.indexOf(size)]!.pop() ?? new Uint8Array(size);
  }

  #free(memory: Uint8Array): void {
    this.held -= memory.length;
    const spare = this.#spare[SIZES.indexOf(memory.length)]!;
    if (spare.length < SPARE) spare.push(memory);
  }
}
