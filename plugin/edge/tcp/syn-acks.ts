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
const INDEX_IPV4_HEADER_LENGTH = 0xb1;
const AND = 0x54;
const GO = 0x05;
const IF_EQUAL = 0x15;
const IF_BITS = 0x45;
const RETURN = 0x06;

/** In place of an offset: the type of the frame (SKF_AD_PROTOCOL in linux/filter.h). */
const ETHER_TYPE = 0xffff_f000;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const TCP_FLAGS = 13;
const SYN_ACK = 0x12;
const SYN_ACK_RST = 0x16;

type Label = "ipv4" | "ipv6" | "flags" | "keep" | "drop";

/** SYN-ACKs with a DSCP. Where there is no label to go to, the next step follows. */
const FILTER = assemble([
  ["", LOAD_HALF, ETHER_TYPE],
  ["", IF_EQUAL, IPV6, "ipv6"],
  ["", IF_EQUAL, IPV4, "ipv4", "drop"],
  ["ipv4", LOAD_BYTE, 9],
  ["", IF_EQUAL, TCP, "", "drop"],
  ["", LOAD_BYTE, 1],
  ["", IF_BITS, 0xfc, "", "drop"],
  // No fragment but the first has a TCP header.
  ["", LOAD_HALF, 6],
  ["", IF_BITS, 0x1fff, "drop"],
  ["", INDEX_IPV4_HEADER_LENGTH, 0],
  ["", LOAD_BYTE_INDEXED, TCP_FLAGS],
  ["", GO, 0, "flags"],
  ["ipv6", LOAD_BYTE, 6],
  ["", IF_EQUAL, TCP, "", "drop"],
  ["", LOAD_HALF, 0],
  ["", IF_BITS, 0x0fc0, "", "drop"],
  ["", LOAD_BYTE, 40 + TCP_FLAGS],
  ["flags", AND, SYN_ACK_RST],
  ["", IF_EQUAL, SYN_ACK, "keep", "drop"],
  ["keep", RETURN, SNAPSHOT],
  ["drop", RETURN, 0],
]);

/** A step: its own label, the code, the operand, and where to go on if it is so, and if it is not. */
type LabelledStep = readonly [label: Label | "", code: number, k: number, yes?: Label | "", no?: Label];

function assemble(steps: readonly LabelledStep[]): readonly FilterStep[] {
  const after = (place: number, label: Label | "" = "") =>
    label === "" ? 0 : steps.findIndex(([own]) => own === label) - place - 1;
  return steps.map(([, code, k, yes, no], place) =>
    code === GO ? [code, 0, 0, after(place, yes)] : [code, after(place, yes), after(place, no), k],
  );
}

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
    for (const device of devices) sockets.push(packetSocket(device, FILTER));
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
