/** Memory for buffers, used again and again, under a ceiling; several packet drivers of a thread may share one. */
import { PacketDriverError } from "./packet-driver-error.js";

export interface BufferPoolOptions {
  /** Bytes that the pool holds at most, in use and free together. Default 64 MiB. */
  readonly ceiling?: number;
  /** Where memory comes from, for buffers that system calls are to read in place. Default: the process's heap. */
  readonly allocate?: (bytes: number) => Uint8Array;
}

/** Slots are powers of two from here up: a buffer holds at most twice its length. */
const SMALLEST_SLOT = 1024;
const DEFAULT_CEILING = 64 * 1024 * 1024;

/**
 * A slot is taken, filled, then either given back or lent out as a view of its filled part; whoever has the view
 * releases it. The pool knows its views, so that none is released twice.
 */
export class BufferPool {
  readonly ceiling: number;
  readonly #allocate: (bytes: number) => Uint8Array;
  /** Free slots by size. The last one in is the first one out: it is still in the processor's cache. */
  readonly #free = new Map<number, Uint8Array[]>();
  readonly #lent = new Map<Uint8Array, Uint8Array>();
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(options: BufferPoolOptions = {}) {
    this.ceiling = options.ceiling ?? DEFAULT_CEILING;
    this.#allocate = options.allocate ?? Buffer.allocUnsafeSlow;
  }

  /** Bytes in all slots, in use and free. */
  get held(): number {
    return this.#held;
  }

  /** Bytes of the longest slot that the ceiling allows. */
  get longest(): number {
    return 2 ** Math.floor(Math.log2(this.ceiling));
  }

  /** Views that are lent out. */
  get lent(): number {
    return this.#lent.size;
  }

  /** A slot of `slotLength(length)` bytes, or undefined when the ceiling does not allow another. */
  take(length: number): Uint8Array | undefined {
    const size = slotLength(length);
    const slot = this.#free.get(size)?.pop();
    if (slot !== undefined) return slot;
    if (this.#held + size > this.ceiling && !this.#drop(this.#held + size - this.ceiling)) return undefined;
    this.#held += size;
    return this.#allocate(size);
  }

  /** Takes back a slot that was not lent. */
  give(slot: Uint8Array): void {
    const free = this.#free.get(slot.length);
    if (free === undefined) this.#free.set(slot.length, [slot]);
    else free.push(slot);
  }

  /** Lends the first `length` bytes of a taken slot, until `release` of what is returned. */
  lend(slot: Uint8Array, length: number): Uint8Array {
    const view = new Uint8Array(slot.buffer, slot.byteOffset, length);
    this.#lent.set(view, slot);
    return view;
  }

  /**
   * Ends a loan; `view` must not be read any more.
   *
   * @throws PacketDriverError not-lent
   */
  release(view: Uint8Array): void {
    const slot = this.#lent.get(view);
    if (slot === undefined) {
      throw new PacketDriverError(
        "not-lent",
        "buffer released that is not lent out: release each one once, as it came",
      );
    }
    this.#lent.delete(view);
    this.give(slot);
    if (this.#waiting.size > 0) this.#wake();
  }

  /** Calls `callback` once, at the next release; for who got undefined from `take`. */
  whenReleased(callback: () => void): void {
    this.#waiting.add(callback);
  }

  #wake(): void {
    const callbacks = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of callbacks) callback();
  }

  /** Gives up free slots of other sizes until `bytes` are saved; false if there are not enough of them. */
  #drop(bytes: number): boolean {
    let saved = 0;
    for (const [size, slots] of this.#free) {
      while (saved < bytes && slots.pop() !== undefined) saved += size;
    }
    this.#held -= saved;
    return saved >= bytes;
  }
}

/** Bytes of the slot that a buffer of `length` bytes gets. */
export function slotLength(length: number): number {
  return length <= SMALLEST_SLOT ? SMALLEST_SLOT : 2 ** (32 - Math.clz32(length - 1));
}
