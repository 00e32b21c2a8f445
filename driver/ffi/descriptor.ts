import { check, errno, sys } from "./libc.js";
import { address, Region } from "./region.js";

export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

/** Reads into the region: the number of bytes, 0 at the end, or a negative errno. It does not throw: callers poll. */
export function read(fd: number, region: Region, offset: number, length: number): number {
  const result = Number(sys.read(fd, address(region, offset, length), length));
  return result < 0 ? -errno() : result;
}

/** Writes from the region: the number of bytes, or a negative errno. */
export function write(fd: number, region: Region, offset: number, length: number): number {
  const result = Number(sys.write(fd, address(region, offset, length), length));
  return result < 0 ? -errno() : result;
}

export function openFile(path: string, flags: number): number {
  return check(sys.open(path, flags | O_CLOEXEC), "open", path);
}

export function close(fd: number): void {
  check(sys.close(fd), "close", `descriptor ${fd}`);
}

const EFD_NONBLOCK = O_NONBLOCK;
const counter = new Region(16);
counter.bytes.writeBigUInt64LE(1n, 0);

/** A descriptor that one thread makes readable to wake another, which waits for it in a {@link Poller} (eventfd(2)). */
export function eventDescriptor(): number {
  return check(sys.eventfd(0, EFD_NONBLOCK | O_CLOEXEC), "eventfd");
}

export function signal(fd: number): void {
  write(fd, counter, 0, 8);
}

export function drain(fd: number): void {
  read(fd, counter, 8, 8);
}
