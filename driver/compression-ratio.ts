/** Bytes of messages over which the ratio is a mean. */
const SPAN = 256 * 1024;

/** How much longer messages are than what is sent of them: 1 for what does not compress. */
export class CompressionRatio {
  #remaining = 1;

  get value(): number {
    return 1 / this.#remaining;
  }

  /** `length` bytes of messages became `sent`. */
  count(length: number, sent: number): void {
    if (length > 0) this.#remaining += (sent / length - this.#remaining) * Math.min(1, length / SPAN);
  }
}
