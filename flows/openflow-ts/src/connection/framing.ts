import { DecodeError } from "../errors/error.js";
import { headerSize } from "../messages/message.js";

/** Cuts a stream of bytes into messages by the length in their headers. */
export class Deframer {
  #pending: Uint8Array[] = [];
  #size = 0;

  /**
   * The messages that are complete with `chunk`. Throws a `DecodeError` where a header says less than its own length;
   * the stream is beyond use then.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= headerSize) {
      const header = this.#peek(headerSize);
      const length = (header[2]! << 8) | header[3]!;
      if (length < headerSize) throw new DecodeError("OFPBRC_BAD_LEN", 0, `a message of ${length} bytes`);
      if (this.#size < length) return;
      yield this.#take(length);
    }
  }

  /** The first `length` bytes, joined if they came in several chunks. */
  #peek(length: number): Uint8Array {
    const first = this.#pending[0]!;
    if (first.length >= length) return first;
    const joined = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#pending) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#pending = [joined];
    return joined;
  }

  #take(length: number): Uint8Array {
    const first = this.#peek(length);
    this.#size -= length;
    if (first.length === length) this.#pending.shift();
    else this.#pending[0] = first.subarray(length);
    return first.subarray(0, length);
  }
}
