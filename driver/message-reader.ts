import { type MessageHeader, MessageView } from "./message.js";
import { PacketDriverError } from "./packet-driver-error.js";

/**
 * Takes a message that has arrived. `header` and `data` are valid during the call only: the next message is read
 * into the same header and the same memory. `header.addresses` may be kept.
 */
export type OnMessage = (header: MessageHeader, data: Uint8Array) => void;

const NO_DATA = new Uint8Array(0);

/** Hands on the messages of buffers, which have been checked as a whole, one by one. */
export class MessageReader {
  readonly #onMessage: OnMessage;
  readonly #view = new MessageView();
  #reading = false;

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  /**
   * Hands on `messages` messages that begin at `start`. An exception of `onMessage` goes through to the caller.
   *
   * @throws PacketDriverError reentrant
   */
  read(bytes: Uint8Array, start: number, messages: number): void {
    this.refuseReentry();
    this.#reading = true;
    try {
      this.#read(bytes, start, messages);
    } finally {
      this.#reading = false;
    }
  }

  /** @throws PacketDriverError reentrant, within an `onMessage` */
  refuseReentry(): void {
    if (this.#reading) throw new PacketDriverError("reentrant", "messages to be read from within onMessage");
  }

  #read(bytes: Uint8Array, start: number, messages: number): void {
    const view = this.#view;
    let offset = start;
    for (let left = messages; left > 0; left -= 1) {
      offset = view.read(bytes, offset);
      const length = view.dataLength;
      // Not `subarray`: of a Buffer that is a Buffer, whose `slice` does not copy as a Uint8Array's does.
      const data = length === 0 ? NO_DATA : new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
      this.#onMessage(view, data);
      offset += length;
    }
  }
}
