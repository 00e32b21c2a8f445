import type { BufferContents } from "./buffer.js";

/** Totals since the driver was made. Bytes of messages include their headers, bytes of buffers their frames. */
export interface PacketDriverStatistics {
  readonly sent: {
    readonly messages: number;
    readonly buffers: number;
    readonly compressedBuffers: number;
    /** Bytes of messages before compression. */
    readonly messageBytes: number;
    /** Bytes of buffers as handed to the mover. */
    readonly bufferBytes: number;
    /** How full the buffers were before compression: 0 to 1, on average over all bytes. */
    readonly fill: number;
    /** Times that a buffer was asked for and there was no memory for it. */
    readonly poolExhausted: number;
    /** Sources taken out of the queue since they had more to say and wrote nothing into an empty buffer. */
    readonly stalledSources: number;
  };
  readonly received: {
    readonly messages: number;
    readonly buffers: number;
    readonly compressedBuffers: number;
    readonly messageBytes: number;
    readonly bufferBytes: number;
    /** Buffers refused with a WireError. */
    readonly malformed: number;
  };
}

/** What both directions count of each buffer. */
class BufferCounters {
  #messages = 0;
  #buffers = 0;
  #compressedBuffers = 0;
  #messageBytes = 0;
  #bufferBytes = 0;

  /** `length`: bytes of the buffer as sent. */
  count(length: number, contents: BufferContents): void {
    this.#messages += contents.messages;
    this.#buffers += 1;
    if (contents.compressed) this.#compressedBuffers += 1;
    this.#messageBytes += contents.originalLength;
    this.#bufferBytes += length;
  }

  protected totals() {
    return {
      messages: this.#messages,
      buffers: this.#buffers,
      compressedBuffers: this.#compressedBuffers,
      messageBytes: this.#messageBytes,
      bufferBytes: this.#bufferBytes,
    };
  }
}

export class SendCounters extends BufferCounters {
  /** Bytes that there was room for in the buffers sent. */
  offeredBytes = 0;
  poolExhausted = 0;

  snapshot(): Omit<PacketDriverStatistics["sent"], "stalledSources"> {
    const { offeredBytes, poolExhausted } = this;
    const totals = this.totals();
    const fill = offeredBytes === 0 ? 0 : totals.messageBytes / offeredBytes;
    return { ...totals, fill, poolExhausted };
  }
}

export class ReceiveCounters extends BufferCounters {
  malformed = 0;

  snapshot(): PacketDriverStatistics["received"] {
    return { ...this.totals(), malformed: this.malformed };
  }
}
