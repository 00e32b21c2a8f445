import { randomOf } from "../edge/pair.js";

/** Prime to the lengths of messages and buffers, and longer than what a compressor looks back at. */
const PERIOD = 131_101;

const random = randomOf(1);
const UNIT = Buffer.from(Array.from({ length: PERIOD }, () => Math.floor(random() * 256)));
const TWICE = Buffer.concat([UNIT, UNIT]);

/** What one application says: bytes without an end, the same for the same number, another for each direction. */
export class Content {
  readonly #start: number;

  constructor(number: number, speaker: "client" | "server") {
    this.#start = (number * 7919 + (speaker === "client" ? 0 : 65_537)) % PERIOD;
  }

  /** The bytes from a place on. */
  at(place: number, length: number): Buffer {
    const first = (this.#start + place) % PERIOD;
    if (length <= PERIOD) return TWICE.subarray(first, first + length);
    const repeated = Buffer.alloc(first + length);
    for (let filled = 0; filled < repeated.length; filled += PERIOD) UNIT.copy(repeated, filled);
    return repeated.subarray(first);
  }

  /** Whether `bytes` are those from a place on. */
  is(bytes: Uint8Array, place: number): boolean {
    return this.at(place, bytes.length).equals(bytes);
  }
}
