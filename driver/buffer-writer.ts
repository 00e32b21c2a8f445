import {
  MAXIMUM_MESSAGE_DATA,
  type MessageHeader,
  messageHeaderLength,
  writeMessageHeader,
} from "./message.js";
import type { MessageWriter } from "./message-source.js";
import { PacketDriverError } from "./packet-driver-error.js";

const NOWHERE = new Uint8Array(0);

/** Writes messages one behind the other into a slot, up to a limit; one writer serves all buffers of a driver. */
export class BufferWriter implements MessageWriter {
  #bytes: Uint8Array = NOWHERE;
  #limit = 0;
  #offset = 0;
  #messages = 0;

  /** Starts a buffer at `offset` of `bytes`, which ends before `limit`. */
  begin(bytes: Uint8Array, offset: number, limit: number): void {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#limit = limit;
    this.#messages = 0;
  }

  /** From here on nothing can be written, also by a source that has kept the writer. */
  end(): void {
    this.#bytes = NOWHERE;
    this.#limit = this.#offset;
  }

  /** End of the last message. */
  get offset(): number {
    return this.#offset;
  }

  get messages(): number {
    return this.#messages;
  }

  get room(): number {
    return this.#limit - this.#offset;
  }

  reserve(header: MessageHeader, length: number): Uint8Array | undefined {
    const start = this.#start(header, length);
    if (start < 0) return undefined;
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  write(header: MessageHeader, data: Uint8Array = NOWHERE): boolean {
    const start = this.#start(header, data.length);
    if (start < 0) return false;
    if (data.length > 0) this.#bytes.set(data, start);
    return true;
  }

  /** Writes the header and moves behind the data; returns where the data goes, or -1 if there is no room. */
  #start(header: MessageHeader, length: number): number {
    if (length > MAXIMUM_MESSAGE_DATA) {
      throw new PacketDriverError(
        "message",
        `message of ${length} bytes: split it, ${MAXIMUM_MESSAGE_DATA} is the most`,
      );
    }
    if (messageHeaderLength(header) + length > this.#limit - this.#offset) return -1;
    const start = writeMessageHeader(this.#bytes, this.#offset, header, length);
    this.#offset = start + length;
    this.#messages += 1;
    return start;
  }
}
