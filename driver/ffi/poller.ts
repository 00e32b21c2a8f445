import { SystemError } from "./error.js";
import { errno, sys } from "./libc.js";
import { address, Region } from "./region.js";

const POLLIN = 1;
const POLLOUT = 4;
const EINTR = 4;
const POLLFD_BYTES = 8;
/** struct timespec */
const TIMEOUT_BYTES = 16;

/** A slot without a descriptor; ppoll(2) passes over those below 0. */
const FREE = -1;

/** Waits for any of some descriptors to become readable, or for time to pass (ppoll(2)). */
export class Poller {
  #count: number;
  #region: Region;
  #descriptors = 0;
  #timeout = 0;

  /** The descriptors' indexes are their places. */
  constructor(descriptors: readonly number[]) {
    this.#count = descriptors.length;
    this.#region = new Region(descriptors.length * POLLFD_BYTES + TIMEOUT_BYTES);
    this.#locate();
    descriptors.forEach((fd, index) => {
      this.#set(index, fd);
    });
  }

  /** Waits for this one too; returns its index. */
  add(fd: number): number {
    let index = 0;
    while (index < this.#count && this.#region.bytes.readInt32LE(index * POLLFD_BYTES) !== FREE) index += 1;
    if (index === this.#count) this.#grow();
    this.#set(index, fd);
    return index;
  }

  /** No longer. The index may be that of another descriptor later. */
  remove(index: number): void {
    this.#set(index, FREE);
  }

  /** Leaves the descriptor at `index` out of account, or no longer; then it is not {@link readable}. */
  watch(index: number, wanted: boolean): void {
    const { bytes } = this.#region;
    const fd = bytes.readInt32LE(index * POLLFD_BYTES);
    if (fd < 0 !== wanted) return;
    bytes.writeInt32LE(~fd, index * POLLFD_BYTES);
  }

  /** Asks for writability of the descriptor at `index` as well, or no longer. */
  watchWritable(index: number, wanted: boolean): void {
    this.#region.bytes.writeInt16LE(wanted ? POLLIN | POLLOUT : POLLIN, index * POLLFD_BYTES + 4);
  }

  /** @param timeout in nanoseconds; below 0 waits without end. @returns how many descriptors are ready; 0 after the time or a signal. */
  wait(timeout: number): number {
    if (timeout >= 0) {
      const offset = this.#count * POLLFD_BYTES;
      const seconds = Math.floor(timeout / 1e9);
      this.#region.bytes.writeUInt32LE(seconds, offset);
      this.#region.bytes.writeUInt32LE(0, offset + 4);
      this.#region.bytes.writeUInt32LE(Math.floor(timeout - seconds * 1e9), offset + 8);
      this.#region.bytes.writeUInt32LE(0, offset + 12);
    }
    const ready = sys.ppoll(this.#descriptors, this.#count, timeout < 0 ? 0 : this.#timeout, 0);
    if (ready >= 0) return ready;
    const code = errno();
    if (code === EINTR) return 0;
    throw new SystemError(code, "ppoll");
  }

  /** Whether the last {@link wait} found data, an end or an error at the descriptor: a read will not block. */
  readable(index: number): boolean {
    return (this.#region.bytes.readInt16LE(index * POLLFD_BYTES + 6) & ~POLLOUT) !== 0;
  }

  writable(index: number): boolean {
    return (this.#region.bytes.readInt16LE(index * POLLFD_BYTES + 6) & POLLOUT) !== 0;
  }

  free(): void {
    this.#region.free();
  }

  #set(index: number, fd: number): void {
    this.#region.bytes.writeInt32LE(fd, index * POLLFD_BYTES);
    this.#region.bytes.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
    this.#region.bytes.writeInt16LE(0, index * POLLFD_BYTES + 6);
  }

  #grow(): void {
    const before = this.#region;
    const held = this.#count * POLLFD_BYTES;
    this.#count = Math.max(this.#count * 2, 4);
    this.#region = new Region(this.#count * POLLFD_BYTES + TIMEOUT_BYTES);
    before.bytes.copy(this.#region.bytes, 0, 0, held);
    before.free();
    this.#locate();
    for (let index = held / POLLFD_BYTES; index < this.#count; index += 1) this.#set(index, FREE);
  }

  #locate(): void {
    const timeoutOffset = this.#count * POLLFD_BYTES;
    this.#descriptors = address(this.#region, 0, timeoutOffset);
    this.#timeout = address(this.#region, timeoutOffset, TIMEOUT_BYTES);
  }
}
