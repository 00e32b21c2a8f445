import { ACK_REPEATS, MAXIMUM_PHYSICAL_JUMP } from "./constants.js";

/** Physical numbers below the highest of which a record is kept; a power of two. */
const MEMORY = MAXIMUM_PHYSICAL_JUMP * 2;

export const Arrival = {
  /** Received before, or too old to tell. */
  REPEATED: 0,
  /** The one that was to come. */
  NEXT: 1,
  /** Some before it are missing: a new gap. */
  AHEAD: 2,
  /** One that was missing. */
  LATE: 3,
  /** Not plausible. */
  ABSURD: 4,
} as const;

/**
 * Which physical numbers have been received: a ring of bits below the highest. It also knows how far down
 * an acknowledgement's bitmap must reach so that each number is in several of them.
 */
export class ReceivedLog {
  highest = 0;
  readonly #bits = new Uint8Array(MEMORY / 8);
  /** The lowest number received since each of the last acknowledgements; the last is since the latest. */
  readonly #lowest = new Float64Array(ACK_REPEATS).fill(Number.POSITIVE_INFINITY);

  /** What a datagram of this number would be. */
  arrival(physical: number): number {
    if (physical > this.highest + MAXIMUM_PHYSICAL_JUMP) return Arrival.ABSURD;
    if (physical === this.highest + 1) return Arrival.NEXT;
    if (physical > this.highest) return Arrival.AHEAD;
    // The ring's oldest byte may already hold bits of the newest.
    if (physical <= this.highest - MEMORY + 8) return Arrival.REPEATED;
    const byte = this.#bits[(physical % MEMORY) >>> 3]!;
    return (byte & (1 << (physical & 7))) === 0 ? Arrival.LATE : Arrival.REPEATED;
  }

  /** Records a number whose arrival is NEXT, AHEAD or LATE. */
  add(physical: number): void {
    if (physical > this.highest) this.#advance(physical);
    this.#bits[(physical % MEMORY) >>> 3]! |= 1 << (physical & 7);
    const newest = ACK_REPEATS - 1;
    if (physical < this.#lowest[newest]!) this.#lowest[newest] = physical;
  }

  /** Bytes of bitmap that the next acknowledgement should have. */
  bitmapLength(): number {
    let lowest = this.highest;
    for (const number of this.#lowest) if (number < lowest) lowest = number;
    return this.highest === 0 ? 0 : Math.floor(this.highest / 8) - Math.floor(lowest / 8) + 1;
  }

  /** Writes `length` bytes of bitmap from byte number `top` downwards. */
  write(out: Uint8Array, at: number, top: number, length: number): void {
    const mask = MEMORY / 8 - 1;
    const first = top % (mask + 1);
    for (let i = 0; i < length; i += 1) out[at + i] = this.#bits[(first - i) & mask]!;
  }

  /** An acknowledgement has been sent. */
  acknowledged(): void {
    this.#lowest.copyWithin(0, 1);
    this.#lowest[ACK_REPEATS - 1] = Number.POSITIVE_INFINITY;
  }

  /** Clears what the ring held of the numbers from the old highest to the new one. */
  #advance(physical: number): void {
    for (let byte = Math.floor(this.highest / 8) + 1; byte <= Math.floor(physical / 8); byte += 1) {
      this.#bits[byte % (MEMORY / 8)] = 0;
    }
    this.highest = physical;
  }
}
