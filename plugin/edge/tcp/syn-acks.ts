import type { Socket } from "node:net";
import { close, type FilterStep, packetSocket, Region, read } from "../../../driver/ffi/index.js";
import { addressBytes } from "../../../driver/ip-address.js";
import { dscpOf } from "../../packet/index.js";
import { endpointsKey } from "./endpoints.js";
import { endpointsOf } from "./saved-syn.js";

/** The longest IP header and the longest TCP header. */
const SNAPSHOT = 120;
/** So many that nobody has asked for are kept at most. */
const MOST_KEPT = 4096;

const LOAD_BYTE = 0x30;
const LOAD_HALF = 0x28;
const LOAD_BYTE_INDEXED = 0x50;
const LOAD_IPV4_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const IF_EQUAL = 0x15;
const IF_BITS = 0x45;
const RETURN = 0x06;

const TCP = 6;
const TCP_FLAGS = 13;
const SYN_ACK = 0x12;
const SYN_ACK_RST = 0x16;

/** SYN-ACKs with a DSCP, by the type of their frames. */
const FILTERS: ReadonlyMap<number, readonly FilterStep[]> = new Map([
  [
    0x0800,
    [
      [LOAD_BYTE, 0, 0, 9],
      [IF_EQUAL, 0, 9, TCP],
      [LOAD_BYTE, 0, 0, 1],
      [IF_BITS, 0, 7, 0xfc],
      // No fragment but the first has a TCP header.
      [LOAD_HALF, 0, 0, 6],
      [IF_BITS, 5, 0, 0x1fff],
      [LOAD_IPV4_HEADER_LENGTH, 0, 0, 0],
      [LOAD_BYTE_INDEXED, 0, 0, TCP_FLAGS],
      [AND, 0, 0, SYN_ACK_RST],
      [IF_EQUAL, 0, 1, SYN_ACK],
      [RETURN, 0, 0, SNAPSHOT],
      [RETURN, 0, 0, 0],
    ],
  ],
  [
    0x86dd,
    [
      [LOAD_BYTE, 0, 0, 6],
      [IF_EQUAL, 0, 6, TCP],
      [LOAD_HALF, 0, 0, 0],
      [IF_BITS, 0, 4, 0x0fc0],
      [LOAD_BYTE, 0, 0, 40 + TCP_FLAGS],
      [AND, 0, 0, SYN_ACK_RST],
      [IF_EQUAL, 0, 1, SYN_ACK],
      [RETURN, 0, 0, SNAPSHOT],
      [RETURN, 0, 0, 0],
    ],
  ],
]);

/**
 * The DSCP with which servers answer. Of a socket that has connected, the kernel does not tell it over IPv4; so this
 * listens, on the devices by which answers come, for SYN-ACKs with a DSCP, which are there before the socket hears of them.
 */
export class SynAcks {
  readonly #snapshot = new Region(SNAPSHOT);
  readonly #kept = new Map<string, number>();
  #devices = "";
  #sockets: readonly number[] = [];

  /** Listens on the devices with these indexes, and no others. @throws SystemError EPERM without CAP_NET_RAW */
  listen(devices: readonly number[]): void {
    if (devices.join() === this.#devices) return;
    this.close();
    const sockets: number[] = [];
    this.#sockets = sockets;
    for (const device of devices)
      for (const [type, filter] of FILTERS) sockets.push(packetSocket(device, type, filter));
    this.#devices = devices.join();
  }

  close(): void {
    for (const fd of this.#sockets) close(fd);
    this.#sockets = [];
    this.#devices = "";
  }

  /** The DSCP of the SYN-ACK to a socket that has connected just now; 0 also where it is not known. */
  dscp(socket: Socket): number {
    this.drain();
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    if (this.#kept.size === 0 || remoteAddress === undefined || localAddress === undefined) return 0;
    const key = endpointsKey({
      source: addressBytes(remoteAddress),
      sourcePort: remotePort!,
      destination: addressBytes(localAddress),
      destinationPort: localPort!,
    });
    const dscp = this.#kept.get(key) ?? 0;
    this.#kept.delete(key);
    return dscp;
  }

  /** Takes what has come. Before a connection is opened, this makes room for its answer. */
  drain(): void {
    for (const fd of this.#sockets) {
      for (;;) {
        const length = read(fd, this.#snapshot, 0, SNAPSHOT);
        // Also where the device is gone, until there is another.
        if (length <= 0) break;
        this.#keep(this.#snapshot.bytes.subarray(0, length));
      }
    }
  }

  #keep(packet: Buffer): void {
    const key = endpointsKey(endpointsOf(packet));
    this.#kept.delete(key);
    this.#kept.set(key, dscpOf(packet));
    if (this.#kept.size <= MOST_KEPT) return;
    const [oldest] = this.#kept.keys();
    this.#kept.delete(oldest!);
  }
}
