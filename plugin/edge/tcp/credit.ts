/**
 * Flow control of one connection and direction (docs/wire-format.md, "Credit").
 *
 * The receiver says how many bytes the sender may have sent in all since the connection's start. Both sides start
 * from {@link INITIAL_CREDIT}, so that a request need not wait a round trip for its first grant.
 */

/**
 * Specification constant: what a sender may send before the first CREDIT message, in bytes. Little, since every
 * connection has it, however many there are.
 */
export const INITIAL_CREDIT = 128 * 1024;

/** A window is too narrow if this share of it arrives in two round trips: what is lost three times is under way for four. */
const ARRIVED_SHARE = 1 / 4;
/** With more than this share of the window in order and not taken it is the application that holds the sender back. */
const UNTAKEN_SHARE = 1 / 4;
/** A window that has not moved by this share in so many round trips, or so many milliseconds, is too wide. */
const SLOW_SHARE = 1 / 8;
const SLOW_ROUNDS = 8;
const SLOW_TIME = 1000;

const CREDIT_BYTES = 8;
/**
 * Grants are sent when the window has moved by this share of itself, or so many bytes: few messages, and most of a wide
 * window to be used.
 */
const GRANT_SHARE = 1 / 4;
const MOST_UNGRANTED = 1024 * 1024;

/** The grant in the data of a CREDIT message: u64, network byte order; undefined if it cannot be one. */
export function readCredit(data: Uint8Array): number | undefined {
  if (data.length !== CREDIT_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, CREDIT_BYTES);
  const limit = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  return Number.isSafeInteger(limit) ? limit : undefined;
}

export function writeCredit(limit: number): Uint8Array {
  const data = Buffer.allocUnsafe(CREDIT_BYTES);
  data.writeUInt32BE(Math.floor(limit / 2 ** 32), 0);
  data.writeUInt32BE(limit >>> 0, 4);
  return data;
}

export interface WindowOptions {
  /** Bytes that it begins with while memory is not short: its first grant goes with its OPEN or OPENED. */
  readonly first: number;
  /** Bytes that one connection may have under way at most. */
  readonly maximum: number;
  /** Round-trip time to the peer in milliseconds, as far as it is known. */
  readonly rtt: () => number;
  readonly now: () => number;
  /** Whether memory is short: then nobody has more than what everybody begins with. */
  readonly pressed: () => boolean;
}

/**
 * The receiver's side: grants credit as the application takes the bytes. The window follows what arrives in a round trip: it
 * widens while that is an eighth of it or more, for then it is the window that may hold the sender back, unless it is the
 * application that does. What arrives counts, and not what is in order: on a long path that loses, several bandwidth-delay
 * products wait for what is sent again, and a window that waited for them would take seconds to have room for them. It
 * narrows when the application takes much less. What has been granted stays granted: it narrows as the application goes on
 * taking.
 */
export class ReceiveWindow {
  readonly #options: WindowOptions;
  #size: number;
  #consumed = 0;
  #granted = INITIAL_CREDIT;
  /** Since when, and what has arrived since then: for widening. */
  #arrivalsSince: number;
  #arrived = 0;
  /** Since when, and what the application has taken since then: for narrowing. */
  #takenSince: number;
  #taken = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#arrivalsSince = options.now();
    this.#takenSince = this.#arrivalsSince;
    this.#size = options.pressed() ? INITIAL_CREDIT : Math.min(options.first, options.maximum);
  }

  /** Bytes that the sender may have under way, once all of it is granted. */
  get size(): number {
    return this.#size;
  }

  /** What the sender may have sent in all, as it was last told. */
  get granted(): number {
    return this.#granted;
  }

  /** So many bytes more have arrived, in whatever order; `inOrder` were the application's to take before, in all. */
  arrive(bytes: number, inOrder: number): void {
    const { now, rtt, maximum, pressed } = this.#options;
    const time = now();
    const untaken = inOrder - this.#consumed;
    if (time - this.#arrivalsSince > 2 * rtt()) this.#beginArrivals(time);
    this.#arrived += bytes;
    if (this.#arrived < this.#size * ARRIVED_SHARE || untaken > this.#size * UNTAKEN_SHARE || pressed())
      return;
    this.#size = Math.min(this.#size * 2, maximum);
    this.#beginArrivals(time);
  }

  /** The application has taken `bytes` more. */
  consume(bytes: number): void {
    this.#consumed += bytes;
    this.#taken += bytes;
    const { now, rtt, pressed } = this.#options;
    if (pressed()) this.#size = INITIAL_CREDIT;
    const time = now();
    if (this.#taken * 2 >= this.#size) {
      this.#beginTaking(time);
    } else if (time - this.#takenSince > Math.max(SLOW_ROUNDS * rtt(), SLOW_TIME)) {
      if (this.#taken < this.#size * SLOW_SHARE) this.#size = Math.max(this.#size / 2, INITIAL_CREDIT);
      this.#beginTaking(time);
    }
  }

  #beginArrivals(time: number): void {
    this.#arrivalsSince = time;
    this.#arrived = 0;
  }

  #beginTaking(time: number): void {
    this.#takenSince = time;
    this.#taken = 0;
  }

  /** Whether the window has moved far enough for a CREDIT message. */
  get due(): boolean {
    return this.#consumed + this.#size - this.#granted >= Math.min(this.#size * GRANT_SHARE, MOST_UNGRANTED);
  }

  /** The limit for a CREDIT message that is sent now. */
  get offer(): number {
    return Math.max(this.#granted, this.#consumed + this.#size);
  }

  /** The sender has been told what was on offer. */
  grant(): void {
    this.#granted = this.offer;
  }
}
