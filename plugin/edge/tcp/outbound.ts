import {
  MAXIMUM_MESSAGE_DATA,
  type MessageHeader,
  MessageStatus,
  MessageType,
  type MessageWriter,
  SHORT_HEADER_LENGTH,
} from "../../../driver/index.js";
import { type BlockPool, ByteQueue } from "./byte-queue.js";
import { INITIAL_CREDIT } from "./credit.js";

/** A message with less data than this is not worth its header while more room is to be had in the next buffer. */
const SMALLEST_PIECE = 512;

/** What the application has said and the driver has not yet pulled: bytes in order, then the end. */
export class Outbound {
  readonly #queue: ByteQueue;
  /** OPEN and OPENED are 0. */
  #sequence = 1;
  #sent = 0;
  #limit = INITIAL_CREDIT;
  #ended = false;
  #finished = false;

  constructor(pool: BlockPool) {
    this.#queue = new ByteQueue(pool);
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** FIN has been pulled: nothing more will come. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Whether a pull would write anything: data within the credit, or the end. */
  get ready(): boolean {
    return this.queued > 0 ? this.waiting : this.#ended && !this.#finished;
  }

  /** Whether there is data that only waits for its turn. */
  get waiting(): boolean {
    return this.queued > 0 && this.#sent < this.#limit;
  }

  /** `bytes` are copied. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  end(): void {
    this.#ended = true;
  }

  /** The receiver takes up to `limit` bytes in all; grants arrive in any order, the highest counts. */
  grant(limit: number): void {
    if (limit > this.#limit) this.#limit = limit;
  }

  /** Writes DATA messages, then FIN; `header` supplies all but type, sequence and status. Returns the bytes of data. */
  pull(writer: MessageWriter, quantum: number, header: MutableHeader): number {
    header.status = MessageStatus.OK;
    header.type = MessageType.DATA;
    let budget = quantum;
    let pulled = 0;
    while (this.queued > 0 && budget > 0 && this.#sent < this.#limit) {
      const { queued } = this;
      const room = writer.room - SHORT_HEADER_LENGTH;
      const length = Math.min(queued, room, budget, this.#limit - this.#sent, MAXIMUM_MESSAGE_DATA);
      if (length < Math.min(queued, SMALLEST_PIECE) && length === room) break;
      header.sequence = this.#sequence;
      const place = length > 0 ? writer.reserve(header, length) : undefined;
      if (place === undefined) break;
      this.#queue.shift(place);
      this.#sequence = (this.#sequence + 1) >>> 0;
      this.#sent += length;
      pulled += length;
      budget -= length + SHORT_HEADER_LENGTH;
    }
    if (this.queued === 0 && this.#ended && !this.#finished) this.#writeEnd(writer, header);
    return pulled;
  }

  #writeEnd(writer: MessageWriter, header: MutableHeader): void {
    header.type = MessageType.FIN;
    header.sequence = this.#sequence;
    if (!writer.write(header)) return;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#finished = true;
  }

  /** Drops what waits. */
  clear(): void {
    this.#queue.clear();
    this.#ended = true;
    this.#finished = true;
  }
}

/** A header that is filled in again for each message. */
export type MutableHeader = { -readonly [Field in keyof MessageHeader]: MessageHeader[Field] };
