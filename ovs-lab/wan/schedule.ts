/**
 * Frames on their way, ordered by when they are due: a binary heap over slots of memory that the caller owns. Slots are
 * handed out last in, first out, so that a quiet link stays within a few cache lines. Nothing is allocated after
 * construction.
 */
export class Schedule {
  readonly capacity: number;
  readonly #due: Float64Array;
  /** The heap's slots, in heap order; beside `#due`. */
  readonly #heap: Int32Array;
  #size = 0;
  readonly #free: Int32Array;
  #freeCount: number;
  /** By slot: the frame's length, and the pipe that it is in. */
  readonly #length: Uint16Array;
  readonly #pipe: Uint16Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#due = new Float64Array(capacity);
    this.#heap = new Int32Array(capacity);
    this.#free = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
    this.#freeCount = capacity;
    this.#length = new Uint16Array(capacity);
    this.#pipe = new Uint16Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** A free slot, or -1. It stays taken until {@link release}. */
  take(): number {
    if (this.#freeCount === 0) return -1;
    this.#freeCount--;
    return this.#free[this.#freeCount]!;
  }

  release(slot: number): void {
    this.#free[this.#freeCount] = slot;
    this.#freeCount++;
  }

  push(due: number, slot: number, length: number, pipe: number): void {
    this.#length[slot] = length;
    this.#pipe[slot] = pipe;
    // Most frames are due last: then this loop ends at once.
    let index = this.#size;
    this.#size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#due[parent]! <= due) break;
      this.#due[index] = this.#due[parent]!;
      this.#heap[index] = this.#heap[parent]!;
      index = parent;
    }
    this.#due[index] = due;
    this.#heap[index] = slot;
  }

  /** When the next frame is due; Infinity without one. */
  get nextDue(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#due[0]!;
  }

  /** Takes the frame that is due next off the schedule; the caller releases its slot. There must be one. */
  pop(): number {
    const slot = this.#heap[0]!;
    this.#size--;
    const size = this.#size;
    const due = this.#due[size]!;
    const last = this.#heap[size]!;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#due[child + 1]! < this.#due[child]!) child++;
      if (this.#due[child]! >= due) break;
      this.#due[index] = this.#due[child]!;
      this.#heap[index] = this.#heap[child]!;
      index = child;
    }
    this.#due[index] = due;
    this.#heap[index] = last;
    return slot;
  }

  lengthOf(slot: number): number {
    return this.#length[slot]!;
  }

  pipeOf(slot: number): number {
    return this.#pipe[slot]!;
  }
}
