/**
 * Flow control of one connection and direction (docs/wire-format.md, "Credit").
 *
 * The receiver says how many bytes the sender may have sent in all since the connection's start. Both sides start
 * from {@link INITIAL_CREDIT}, so that a request need not wait a round trip for its first grant.
 */

/** Specification constant: what a sender may send before the first CREDIT message, in bytes. */
export const INITIAL_CREDIT = 1024 * 1024;

const CREDIT_BYTES = 8;
/** Grants are sent when the window has moved by this share of itself: few messages, and never a sender that waits. */
const GRANT_SHARE = 1 / 4;

/** The grant in the data of a CREDIT message: u64, network byte order; undefined if it cannot be one. */
export function readCredit(data: Uint8Array): number | undefined {
  if (data.length !== CREDIT_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, CREDIT_BYTES);
  const limit = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  return Number.isSafeInteger(limit) ? limit : undefined;
}

export function writeCredit(limit: number): Uint8Array {
  const data = new Uint8Array(CREDIT_BYTES);
  const view = new DataView(data.buffer);
  view.setUint32(0, Math.floor(limit / 2 ** 32));
  view.setUint32(4, limit >>> 0);
  return data;
}

export interface WindowOptions {
  /** Bytes that one connection may have under way at most. */
  readonly maximum: number;
  /** Round-trip time to the peer in milliseconds, as far as it is known. */
  readonly rtt: () => number;
  readonly now: () => number;
  /** Whether there is memory for larger windows. */
  readonly mayGrow: () => boolean;
}

/**
 * The receiver's side: grants credit as the application takes the bytes, and widens the window while the application
 * takes half of it or more within a round trip, for then it is the window that holds the sender back.
 */
export class ReceiveWindow {
  readonly #options: WindowOptions;
  #size = INITIAL_CREDIT;
  #consumed = 0;
  #granted = INITIAL_CREDIT;
  #roundStart: number;
  #roundConsumed = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#roundStart = options.now();
  }

  get size(): number {
    return this.#size;
  }

  /** What the sender may have sent in all, as it was last told. */
  get granted(): number {
    return this.#granted;
  }

  /** The application has taken `bytes` more. */
  consume(bytes: number): void {
    this.#consumed += bytes;
    this.#roundConsumed += bytes;
    const { now, rtt, maximum, mayGrow } = this.#options;
    if (this.#roundConsumed * 2 >= this.#size) {
      if (now() - this.#roundStart <= 2 * rtt() && this.#size < maximum && mayGrow()) {
        this.#size = Math.min(this.#size * 2, maximum);
      }
      this.#roundStart = now();
      this.#roundConsumed = 0;
    }
  }

  /** Whether the window has moved far enough for a CREDIT message. */
  get due(): boolean {
    return this.#consumed + this.#size - this.#granted >= this.#size * GRANT_SHARE;
  }

  /** The grant for a CREDIT message that is sent now. */
  grant(): number {
    this.#granted = Math.max(this.#granted, this.#consumed + this.#size);
    return this.#granted;
  }
}
