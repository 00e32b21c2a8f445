/** Bytes over which losses are looked at. */
const SPAN = 400_000;
/** More than this part above what is known, and so many datagrams beside (losses come in bursts), is something new. */
const MARGIN = 1.5;
const MARGIN_DATAGRAMS = 10;
/** Milliseconds. All sessions of a process look for a queue at the same times, or they would hide it from each other. */
const SLOT = 8000;
/** On a longer way, milliseconds, a second look would cost more than it is worth. */
const LONG_TRIP = 250;
/** Less loss than this is not worth a look. */
const TOLERANCE = 0.004;

/**
 * Whether it may be believed that what is lost is lost by the link itself. It may when it has been seen that hardly
 * sending does not shorten the way, until a queue is met: before that it may have been one that others keep full.
 */
export class Doubt {
  readonly #margin: number;
  #sent = 0;
  #lost = 0;
  #settled = false;
  #settledSlot = Number.NaN;

  /** `datagram`: a full one's bytes on the wire. */
  constructor(datagram: number) {
    this.#margin = MARGIN_DATAGRAMS * datagram;
  }

  trusts(now: number): boolean {
    return this.#settled || slot(now) === this.#settledSlot;
  }

  /** There is no queue. Once may be chance, twice is believed. */
  settle(now: number, roundTrip: number): void {
    this.#settled = slot(now) > this.#settledSlot || roundTrip > LONG_TRIP;
    this.#settledSlot = slot(now);
    this.clear();
  }

  /** There is one. */
  raise(): void {
    this.#settled = false;
    this.#settledSlot = Number.NaN;
    this.clear();
  }

  clear(): void {
    this.#sent = 0;
    this.#lost = 0;
  }

  /** So much was sent and lost in a round. True if that is more than the link's own loss (0 … 1) can be. */
  onRound(sent: number, lost: number, ownLoss: number): boolean {
    if (this.#sent > SPAN) {
      this.#sent /= 2;
      this.#lost /= 2;
    }
    this.#sent += sent;
    this.#lost += lost;
    return this.#lost > this.#sent * (ownLoss * MARGIN + TOLERANCE) + this.#margin;
  }
}

/** The number of the time slot. */
export function slot(now: number): number {
  return Math.floor(now / SLOT);
}
