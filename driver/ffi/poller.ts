import { SystemError } from "./error.js";
import { errno, sys } from "./libc.js";
import { address, Region } from "./region.js";

const POLLIN = 1;
const POLLOUT = 4;
const EINTR = 4;
const POLLFD_BYTES = 8;

/** Waits for any of some descriptors to become readable, or for time to pass (ppoll(2)). */
export class Poller {
  readonly #count: number;
  readonly #region: Region;
  readonly #descriptors: number;
  readonly #timeout: number;

  constructor(descriptors: readonly number[]) {
    this.#count = descriptors.length;
    const timeoutOffset = descriptors.length * POLLFD_BYTES;
    this.#region = new Region(timeoutOffset + 16);
    descriptors.forEach((fd, index) => {
      this.#region.bytes.writeInt32LE(fd, index * POLLFD_BYTES);
      this.#region.bytes.writeInt16LE(POLLIN, index * POLLFD_BYTES + 4);
    });
    this.#descriptors = address(this.#region, 0, timeoutOffset);
    this.#timeout = address(this.#region, timeoutOffset, 16);
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
}
