import { close, getOption, type Poller, Region, read, setOption, write } from "../ffi/index.js";
import type { SendBatch } from "../mover/index.js";
import { DATAGRAM_HEADER_BYTES } from "../mover/wire/datagram.js";

/** Before each datagram stands its length, a u16 (docs/wire-format.md, "Stream"). */
const LENGTH_BYTES = 2;
/** Longer than any segment size may be. */
const LONGEST_DATAGRAM = 16_384;
const IN_BYTES = 65_536 + LONGEST_DATAGRAM;
/** A batch of the longest datagrams, and what is said beside it. */
const OUT_BYTES = 65 * (LONGEST_DATAGRAM / 2);
/** What the kernel holds unsent; more would only make what is urgent wait. */
const UNSENT = 131_072;
/** Milliseconds after which sent bytes that nobody acknowledges are a connection that has ended. */
const UNACKNOWLEDGED = 10_000;
/** Seconds, for a connection on which nothing is said. */
const KEEPALIVE_IDLE = 10;
const KEEPALIVE_INTERVAL = 3;

const EAGAIN = -11;
const EINTR = -4;

/** Takes a datagram, which stays as it is until the read ends. */
export type TakeDatagram = (region: Region, offset: number, length: number) => void;

/** A TCP connection that carries datagrams, each behind its length. Nothing waits in it beyond one batch. */
export class Stream {
  readonly #fd: number;
  readonly #poller: Poller;
  readonly #index: number;
  readonly #in = new Region(IN_BYTES);
  #inEnd = 0;
  /** Up to there `read` has given it away. */
  #taken = 0;
  #out: Region | undefined;
  #outStart = 0;
  #outEnd = 0;
  #connecting: boolean;
  #closed = false;

  /** @param connecting whether it has yet to be connected */
  constructor(fd: number, poller: Poller, connecting: boolean) {
    this.#fd = fd;
    this.#poller = poller;
    this.#connecting = connecting;
    setOption(fd, "noDelay", 1);
    setOption(fd, "notSentLowWater", UNSENT);
    setOption(fd, "userTimeout", UNACKNOWLEDGED);
    setOption(fd, "keepAlive", 1);
    setOption(fd, "keepIdle", KEEPALIVE_IDLE);
    setOption(fd, "keepInterval", KEEPALIVE_INTERVAL);
    this.#index = poller.add(fd);
    poller.watchWritable(this.#index, connecting);
  }

  get connected(): boolean {
    return !this.#connecting && !this.#closed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The kernel has not taken everything yet. */
  get full(): boolean {
    return this.#outEnd > this.#outStart;
  }

  get readable(): boolean {
    return !this.#closed && this.#poller.readable(this.#index);
  }

  get writable(): boolean {
    return !this.#closed && this.#poller.writable(this.#index);
  }

  /** When it has become writable: true if it has changed, to connected or to taking more. */
  onWritable(): boolean {
    if (this.#connecting) {
      if (getOption(this.#fd, "error") !== 0) this.close();
      this.#connecting = false;
    } else this.#flush();
    if (!this.#closed) this.#poller.watchWritable(this.#index, this.full);
    return !this.full;
  }

  /** Datagrams for which there is no room are dropped. */
  send(batch: SendBatch): void {
    if (!this.connected) return;
    for (let i = 0; i < batch.count; i += 1) this.#append(batch, i);
    if (this.full) this.#flush();
    if (!this.#closed) this.#poller.watchWritable(this.#index, this.full);
  }

  /** Takes what has come. An end, an error and nonsense close it. */
  read(take: TakeDatagram): void {
    const count = read(this.#fd, this.#in, this.#inEnd, IN_BYTES - this.#inEnd);
    if (count === EAGAIN || count === EINTR) return;
    if (count <= 0) {
      this.close();
      return;
    }
    this.#inEnd += count;
    const { bytes } = this.#in;
    let at = 0;
    while (at + LENGTH_BYTES <= this.#inEnd) {
      const length = bytes.readUInt16BE(at);
      if (length < DATAGRAM_HEADER_BYTES || length > LONGEST_DATAGRAM) {
        this.close();
        return;
      }
      if (at + LENGTH_BYTES + length > this.#inEnd) break;
      take(this.#in, at + LENGTH_BYTES, length);
      at += LENGTH_BYTES + length;
    }
    this.#taken = at;
  }

  /** What `read` has given is not needed any more. */
  release(): void {
    this.#in.bytes.copyWithin(0, this.#taken, this.#inEnd);
    this.#inEnd -= this.#taken;
    this.#taken = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poller.remove(this.#index);
    close(this.#fd);
    this.#in.free();
    this.#out?.free();
  }

  #append(batch: SendBatch, i: number): void {
    this.#out ??= new Region(OUT_BYTES);
    const { bytes } = this.#out;
    const headerAt = batch.headerOffset[i]!;
    const header = batch.headerLength[i]!;
    const payloadAt = batch.payloadOffset[i]!;
    const payload = batch.payloadLength[i]!;
    const length = batch.lengthOf(i);
    if (this.#outStart > 0 && this.#outEnd + LENGTH_BYTES + length > OUT_BYTES) {
      bytes.copyWithin(0, this.#outStart, this.#outEnd);
      this.#outEnd -= this.#outStart;
      this.#outStart = 0;
    }
    if (this.#outEnd + LENGTH_BYTES + length > OUT_BYTES) return;
    const at = bytes.writeUInt16BE(length, this.#outEnd);
    bytes.set(batch.arena.subarray(headerAt, headerAt + header), at);
    bytes.set(batch.payload[i]!.subarray(payloadAt, payloadAt + payload), at + header);
    batch.channel?.seal(this.#out, at, header + payload);
    this.#outEnd = at + length;
  }

  #flush(): void {
    const out = this.#out;
    while (out !== undefined && this.#outStart < this.#outEnd) {
      const count = write(this.#fd, out, this.#outStart, this.#outEnd - this.#outStart);
      if (count === EAGAIN || count === EINTR) return;
      if (count < 0) {
        this.close();
        return;
      }
      this.#outStart += count;
    }
    this.#outStart = 0;
    this.#outEnd = 0;
  }
}
