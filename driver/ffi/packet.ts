import { close, O_CLOEXEC, O_NONBLOCK } from "./descriptor.js";
import { check, sys } from "./libc.js";
import { address, Region } from "./region.js";

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
/** Unlike those of one protocol, sockets of all are handed packets before the host's own stack is (linux/if_ether.h). */
const ETH_P_ALL = 3;
const PACKET_IGNORE_OUTGOING = [263, 23] as const;
/** struct sockaddr_ll (packet(7)). */
const ADDRESS_BYTES = 20;
/** struct sock_filter; struct sock_fprog, padded. */
const STEP_BYTES = 8;
const PROGRAM_BYTES = 16;
const SO_ATTACH_FILTER = [1, 26] as const;
const FILTER_STEPS_MAX = 64;

/** A step of a classic BPF program, see the kernel's Documentation/networking/filter.rst. */
export type FilterStep = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

const scratch = new Region(ADDRESS_BYTES);
const programs = new Region(PROGRAM_BYTES + FILTER_STEPS_MAX * STEP_BYTES);

/**
 * A socket for copies of the packets that come in by a device and pass the filter, from their network header on, each as
 * long as the filter says. They are there before the host's own stack sees them. It does not block; read it by `read`.
 * @throws SystemError EPERM without CAP_NET_RAW, ENODEV
 */
export function packetSocket(ifindex: number, filter: readonly FilterStep[]): number {
  // Nothing comes before it is bound: the filter is there first.
  const fd = check(sys.socket(AF_PACKET, SOCK_DGRAM | O_NONBLOCK | O_CLOEXEC, 0), "socket", "AF_PACKET");
  try {
    attach(fd, filter);
    ignoreOutgoing(fd);
    const { bytes } = scratch;
    bytes.fill(0, 0, ADDRESS_BYTES);
    bytes.writeUInt16LE(AF_PACKET, 0);
    bytes.writeUInt16BE(ETH_P_ALL, 2);
    bytes.writeInt32LE(ifindex, 4);
    const bound = sys.bind(fd, address(scratch, 0, ADDRESS_BYTES), ADDRESS_BYTES);
    check(bound, "bind", `AF_PACKET, device ${ifindex}`);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

function ignoreOutgoing(fd: number): void {
  const [level, name] = PACKET_IGNORE_OUTGOING;
  scratch.bytes.writeInt32LE(1, 0);
  check(sys.setsockopt(fd, level, name, address(scratch, 0, 4), 4), "setsockopt", "ignore outgoing");
}

function attach(fd: number, filter: readonly FilterStep[]): void {
  if (filter.length === 0 || filter.length > FILTER_STEPS_MAX)
    throw new RangeError(`a filter of ${filter.length} steps: 1 to ${FILTER_STEPS_MAX} expected`);
  const { bytes } = programs;
  const steps = address(programs, PROGRAM_BYTES, filter.length * STEP_BYTES);
  bytes.fill(0, 0, PROGRAM_BYTES);
  bytes.writeUInt16LE(filter.length, 0);
  bytes.writeBigUInt64LE(BigInt(steps), 8);
  filter.forEach(([code, jumpTrue, jumpFalse, k], i) => {
    const at = PROGRAM_BYTES + i * STEP_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jumpTrue, at + 2);
    bytes.writeUInt8(jumpFalse, at + 3);
    bytes.writeUInt32LE(k, at + 4);
  });
  const [level, name] = SO_ATTACH_FILTER;
  const attached = sys.setsockopt(fd, level, name, address(programs, 0, PROGRAM_BYTES), PROGRAM_BYTES);
  check(attached, "setsockopt", "filter");
}
