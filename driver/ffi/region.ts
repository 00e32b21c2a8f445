import { addressOf } from "./libc.js";

/** Every region that ever had an address taken. An address does not keep its memory alive; this does. */
const pinned = new Map<Region, number>();

/**
 * Pinned memory, the only memory that system calls see. It lives until {@link Region.free}: hold few and large ones.
 * Memory of one's own (a SharedArrayBuffer, to share it between threads) is taken as it is; it must be at least one page,
 * since smaller views may lie in V8's movable heap.
 */
export class Region {
  readonly bytes: Buffer;

  constructor(memory: number | SharedArrayBuffer) {
    this.bytes =
      typeof memory === "number" ? Buffer.from(new ArrayBuffer(Math.max(memory, 4096))) : Buffer.from(memory);
    pinned.set(this, addressOf(this.bytes));
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Drops the memory. The caller vouches that no system call or packed pointer refers to it any more. */
  free(): void {
    pinned.delete(this);
  }
}

/** The address of `region.bytes[offset]`, after a check that `length` bytes from there belong to the region. For this folder only. */
export function address(region: Region, offset: number, length: number): number {
  const base = pinned.get(region);
  if (base === undefined) throw new RangeError("this region has been freed");
  if (!(offset >= 0 && length >= 0 && offset + length <= region.bytes.length)) {
    throw new RangeError(`${length} bytes at ${offset} do not lie within a region of ${region.bytes.length}`);
  }
  return base + offset;
}
