import {
  type MessageHeader,
  MessageStatus,
  MessageType,
  type MessageWriter,
  SHORT_HEADER_LENGTH,
} from "../../../driver/index.js";
import { INITIAL_CREDIT } from "./credit.js";

/** A message with less data than this is not worth its header while more room is to be had in the next buffer. */
const SMALLEST_PIECE = 512;

/** What the application has said and the driver has not yet pulled: bytes in order, then the end. */
export class Outbound {
  readonly #chunks: Buffer[] = [];
  /** How much of the first chunk is pulled already. */
  #taken = 0;
  #queued = 0;
  /** OPEN and OPENED are 0. */
  #sequence = 1;
  #sent = 0;
  #limit = INITIAL_CREDIT;
  #ended = false;
  #finished = false;

  /** Bytes that wait. */
  get queued(): number {
    return this.#queued;
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
    if (this.#queued > 0) return this.#sent < this.#limit;
    return this.#ended && !this.#finished;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
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
    while (this.#queued > 0 && budget > 0 && this.#sent < this.#limit) {
      const chunk = this.#chunks[0]!;
      const rest = chunk.length - this.#taken;
      const room = writer.room - SHORT_HEADER_LENGTH;
      const length = Math.min(rest, room, budget, this.#limit - this.#sent);
      if (length < Math.min(rest, SMALLEST_PIECE) && length === room) break;
      header.sequence = this.#sequence;
      const place = length > 0 ? writer.reserve(header, length) : undefined;
      if (place === undefined) break;
      place.set(chunk.subarray(this.#taken, this.#taken + length));
      this.#sequence = (this.#sequence + 1) >>> 0;
      this.#advance(length);
      pulled += length;
      budget -= length + SHORT_HEADER_LENGTH;
    }
    if (this.#queued === 0 && this.#ended && !this.#finished) this.#writeEnd(writer, header);
    return pulled;
  }

  #advance(length: number): void {
    this.#sent += length;
    this.#queued -= length;
    this.#taken += length;
    if (this.#taken === this.#chunks[0]!.length) {
      this.#chunks.shift();
      this.#taken = 0;
    }
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
    this.#chunks.length = 0;
    this.#queued = 0;
    this.#taken = 0;
    this.#ended = true;
    this.#finished = true;
  }
}

/** A header that is filled in again for each message. */
export type MutableHeader = { -readonly [Field in keyof MessageHeader]: MessageHeader[Field] };
