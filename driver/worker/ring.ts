/**
 * Records in shared memory, from one thread to another, in order: one writes, one reads, and neither ever waits.
 *
 *     record: 0 length of the data | 4 kind | 8 tag | 12 count | 16 data, up to a multiple of 16
 *
 * A record lies in one piece; where the rest of the ring is too short for the next one, it is passed over. Positions
 * count bytes since the start, modulo 2^32. A writer's `Atomics.store` of its position publishes all that it has written
 * before, and a reader's gives the memory back.
 */

const HEADER_BYTES = 16;
const ALIGNMENT = 16;
/** In place of a length: the record is at the ring's beginning. */
const PASS_OVER = -1;

/** Words of the positions, each in a cache line of its own, since another processor writes each. */
const WRITTEN = 0;
const READ = 16;
const POSITION_WORDS = 32;

/** Memory for a ring of `capacity` bytes, a power of two; a record takes at most half of it. */
export function ringMemory(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(POSITION_WORDS * 4 + capacity);
}

class RingEnd {
  readonly bytes: Uint8Array;
  protected readonly positions: Int32Array;
  protected readonly words: Int32Array;
  protected readonly capacity: number;

  constructor(memory: SharedArrayBuffer) {
    this.positions = new Int32Array(memory, 0, POSITION_WORDS);
    this.bytes = new Uint8Array(memory, POSITION_WORDS * 4);
    this.words = new Int32Array(memory, POSITION_WORDS * 4);
    this.capacity = this.bytes.length;
  }

  /** Bytes that are written and not read, headers included. */
  get used(): number {
    return (Atomics.load(this.positions, WRITTEN) - Atomics.load(this.positions, READ)) | 0;
  }
}

export class RingWriter extends RingEnd {
  #start = 0;
  #passed = 0;

  /** Looks for room for `length` bytes of data: returns where in `bytes` they go, or -1. */
  reserve(length: number): number {
    const needed = recordLength(length);
    const at = this.positions[WRITTEN]! & (this.capacity - 1);
    const rest = this.capacity - at;
    const passed = needed > rest ? rest : 0;
    if (this.used + passed + needed > this.capacity) return -1;
    if (passed > 0) this.words[at >> 2] = PASS_OVER;
    this.#start = passed > 0 ? 0 : at;
    this.#passed = passed;
    return this.#start + HEADER_BYTES;
  }

  /** Hands over what has been written where `reserve` said: `length` bytes of it, at most those asked for. */
  commit(length: number, kind: number, tag = 0, count = 0): void {
    const word = this.#start >> 2;
    this.words[word] = length;
    this.words[word + 1] = kind;
    this.words[word + 2] = tag;
    this.words[word + 3] = count;
    const written = this.positions[WRITTEN]! + this.#passed + recordLength(length);
    Atomics.store(this.positions, WRITTEN, written | 0);
  }
}

export class RingReader extends RingEnd {
  /** The record at hand, since `next`: where its data begins in `bytes`, and what its writer gave it. */
  offset = 0;
  length = 0;
  kind = 0;
  tag = 0;
  count = 0;
  #end = 0;

  /** Goes to the oldest record; false if there is none. */
  next(): boolean {
    if (this.used === 0) return false;
    let read = this.positions[READ]!;
    let at = read & (this.capacity - 1);
    if (this.words[at >> 2] === PASS_OVER) {
      read += this.capacity - at;
      at = 0;
    }
    const word = at >> 2;
    this.offset = at + HEADER_BYTES;
    this.length = this.words[word]!;
    this.kind = this.words[word + 1]!;
    this.tag = this.words[word + 2]!;
    this.count = this.words[word + 3]!;
    this.#end = (read + recordLength(this.length)) | 0;
    return true;
  }

  /** The record at hand has been taken; its memory is the writer's again. */
  release(): void {
    Atomics.store(this.positions, READ, this.#end);
  }
}

function recordLength(length: number): number {
  return HEADER_BYTES + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
