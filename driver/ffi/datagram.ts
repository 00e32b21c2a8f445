import { close } from "./descriptor.js";
import { errno, sys } from "./libc.js";
import { address, Region } from "./region.js";
import { decodeAddress, encodeAddress, SOCKADDR_BYTES } from "./sockaddr.js";
import type { Endpoint } from "./socket.js";

/** Layouts of the 64-bit kernel ABI: struct msghdr, struct mmsghdr, struct iovec, struct cmsghdr. */
const MSGHDR_BYTES = 56;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
/** One cmsghdr (16) and an int or a u16, padded to 8. */
const CONTROL_BYTES = 24;
const CMSG_HEADER_BYTES = 16;

const SOL_UDP = 17;
const UDP_SEGMENT = 103;
const UDP_GRO = 104;
const MSG_DONTWAIT = 0x40;

/** The largest message that the kernel coalesces into, or cuts up. */
const SLOT_BYTES = 65_536;
/** Destinations that one socket can have. */
const DESTINATIONS = 1024;

export interface DatagramSocketOptions {
  /** Messages taken in one call. Default 16. */
  readonly batch?: number;
}

/**
 * A UDP socket that takes and gives datagrams in bulk: several by one call (recvmmsg), runs of equal ones as one message
 * that the kernel cuts up or has put together (UDP_SEGMENT, UDP_GRO; see udp(7)). Nothing is allocated per datagram.
 */
export class DatagramSocket {
  readonly fd: number;
  /** What is received lies here, at {@link offset}. */
  readonly received: Region;
  /** Messages that {@link receive} takes at most. */
  readonly batch: number;
  readonly #headers: Region;
  readonly #words: Uint32Array;
  readonly #names: number;
  readonly #controls: number;
  readonly #send: Region;
  readonly #sendWords: Uint32Array;
  readonly #destinations: Region;
  #destinationCount = 0;

  /** @param fd a bound socket that does not block */
  constructor(fd: number, options: DatagramSocketOptions = {}) {
    const batch = options.batch ?? 16;
    this.fd = fd;
    this.batch = batch;
    this.received = new Region(batch * SLOT_BYTES);
    const vectors = batch * MMSGHDR_BYTES;
    this.#names = vectors + batch * IOVEC_BYTES;
    this.#controls = this.#names + batch * SOCKADDR_BYTES;
    this.#headers = new Region(this.#controls + batch * CONTROL_BYTES);
    const bytes = this.#headers.bytes;
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    for (let i = 0; i < batch; i++) {
      const header = i * MMSGHDR_BYTES;
      const vector = vectors + i * IOVEC_BYTES;
      putPointer(this.#headers, header, this.#headers, this.#names + i * SOCKADDR_BYTES, SOCKADDR_BYTES);
      putPointer(this.#headers, header + 16, this.#headers, vector, IOVEC_BYTES);
      bytes.writeUInt32LE(1, header + 24);
      putPointer(
        this.#headers,
        header + 32,
        this.#headers,
        this.#controls + i * CONTROL_BYTES,
        CONTROL_BYTES,
      );
      putPointer(this.#headers, vector, this.received, i * SLOT_BYTES, SLOT_BYTES);
      bytes.writeUInt32LE(SLOT_BYTES, vector + 8);
    }
    this.#send = new Region(MSGHDR_BYTES + IOVEC_BYTES + CONTROL_BYTES);
    const send = this.#send.bytes;
    this.#sendWords = new Uint32Array(send.buffer, send.byteOffset, send.length >> 2);
    putPointer(this.#send, 16, this.#send, MSGHDR_BYTES, IOVEC_BYTES);
    send.writeUInt32LE(1, 24);
    putPointer(this.#send, 32, this.#send, MSGHDR_BYTES + IOVEC_BYTES, CONTROL_BYTES);
    const control = MSGHDR_BYTES + IOVEC_BYTES;
    send.writeUInt32LE(CMSG_HEADER_BYTES + 2, control);
    send.writeInt32LE(SOL_UDP, control + 8);
    send.writeInt32LE(UDP_SEGMENT, control + 12);
    this.#destinations = new Region(DESTINATIONS * SOCKADDR_BYTES);
  }

  /**
   * Takes what has arrived: the number of messages, 0 when there are none, or a negative errno. A message is one
   * datagram, or several of {@link segmentSize} each, one after the other, of which the last may be shorter.
   */
  receive(): number {
    const words = this.#words;
    for (let i = 0; i < this.batch; i++) {
      const header = (i * MMSGHDR_BYTES) >> 2;
      words[header + 2] = SOCKADDR_BYTES;
      words[header + 10] = CONTROL_BYTES;
    }
    const headers = address(this.#headers, 0, this.#headers.length);
    const count = sys.recvmmsg(this.fd, headers, this.batch, MSG_DONTWAIT, 0);
    if (count >= 0) return count;
    const code = errno();
    return code === EAGAIN || code === EINTR ? 0 : -code;
  }

  /** Where in {@link received} the i-th message begins. */
  offset(i: number): number {
    return i * SLOT_BYTES;
  }

  /** Which message this place in {@link received} belongs to. */
  messageAt(offset: number): number {
    return Math.floor(offset / SLOT_BYTES);
  }

  /** Bytes of the i-th message. */
  length(i: number): number {
    return this.#words[(i * MMSGHDR_BYTES + MSGHDR_BYTES) >> 2]!;
  }

  /** Bytes of each datagram in the i-th message; that of the message where it is one datagram. */
  segmentSize(i: number): number {
    const controlLength = this.#words[(i * MMSGHDR_BYTES + 40) >> 2]!;
    const control = (this.#controls + i * CONTROL_BYTES) >> 2;
    const coalesced =
      controlLength >= CMSG_HEADER_BYTES + 4 &&
      this.#words[control + 2] === SOL_UDP &&
      this.#words[control + 3] === UDP_GRO;
    return coalesced ? this.#words[control + 4]! : this.length(i);
  }

  /** Who sent the i-th message. */
  source(i: number): Endpoint {
    return decodeAddress(this.#headers.bytes, this.#names + i * SOCKADDR_BYTES);
  }

  /** Makes a destination for {@link send}. @throws RangeError past 1,024 of them */
  destination(endpoint: Endpoint): number {
    if (this.#destinationCount === DESTINATIONS)
      throw new RangeError(`no room for more than ${DESTINATIONS} destinations`);
    const index = this.#destinationCount++;
    encodeAddress(this.#destinations.bytes, index * SOCKADDR_BYTES, endpoint);
    return index;
  }

  /** The destination has another address from now on. */
  redirect(destination: number, endpoint: Endpoint): void {
    encodeAddress(this.#destinations.bytes, destination * SOCKADDR_BYTES, endpoint);
  }

  /** Whether the i-th message came from the address and port of that destination. */
  isFrom(i: number, destination: number): boolean {
    const source = this.#headers.bytes;
    const [a, b] = [this.#names + i * SOCKADDR_BYTES, destination * SOCKADDR_BYTES];
    const wanted = this.#destinations.bytes;
    // Family and port; then the address, past the flow of an IPv6 one.
    const [from, length] = wanted[b] === AF_INET ? [2, 6] : [2, 22];
    if (source[a] !== wanted[b]) return false;
    for (let at = from; at < from + length; at++) {
      if (source[a + at] !== wanted[b + at] && !(length > 6 && at >= 4 && at < 8)) return false;
    }
    return true;
  }

  /**
   * Sends `length` bytes of the region, cut into datagrams of `segmentSize` by the kernel, the last one shorter.
   * @returns the number of bytes, or a negative errno: EAGAIN when the socket's buffer is full, EMSGSIZE when the path
   *   does not take that size, EINVAL or EIO when it does not take runs
   */
  send(destination: number, region: Region, offset: number, length: number, segmentSize: number): number {
    const bytes = this.#send.bytes;
    const words = this.#sendWords;
    putPointer(this.#send, 0, this.#destinations, destination * SOCKADDR_BYTES, SOCKADDR_BYTES);
    words[2] = this.#destinations.bytes[destination * SOCKADDR_BYTES] === AF_INET ? 16 : 28;
    putPointer(this.#send, MSGHDR_BYTES, region, offset, length);
    words[(MSGHDR_BYTES + 8) >> 2] = length;
    words[40 >> 2] = length > segmentSize ? CONTROL_BYTES : 0;
    bytes.writeUInt16LE(segmentSize, MSGHDR_BYTES + IOVEC_BYTES + CMSG_HEADER_BYTES);
    const sent = Number(sys.sendmsg(this.fd, address(this.#send, 0, MSGHDR_BYTES), MSG_DONTWAIT));
    return sent < 0 ? -errno() : sent;
  }

  close(): void {
    close(this.fd);
    this.free();
  }

  /** Drops the memory; the descriptor stays open. */
  free(): void {
    for (const region of [this.received, this.#headers, this.#send, this.#destinations]) region.free();
  }
}

const AF_INET = 2;
const EAGAIN = 11;
const EINTR = 4;

/** Writes the address of `target.bytes[at]`, of which `length` bytes will be used, into `holder` at `offset`. */
function putPointer(holder: Region, offset: number, target: Region, at: number, length: number): void {
  const pointer = address(target, at, length);
  holder.bytes.writeUInt32LE(pointer % 2 ** 32, offset);
  holder.bytes.writeUInt32LE(Math.floor(pointer / 2 ** 32), offset + 4);
}
