import {
  BATCH_SIZE,
  MAXIMUM_ENCODING_WINDOW,
  REPAIR_BUDGET,
  REPAIR_BUDGET_LIMIT,
  REPAIR_DELAY,
  REPAIR_LEAST_DELAY,
  REPAIR_LEAST_LOSS,
  REPAIR_MOST_DELAY,
  REPAIR_RATE,
  REPAIR_SYMBOLS,
} from "../constants.js";
import { Progress, type SendWindow } from "../send-window.js";
import {
  addWords,
  factorOf,
  multiplyWords,
  SYMBOL_HEADER_BYTES,
  symbolWords,
  writeSymbol,
} from "./symbol.js";

const KEYS = 256;
/** Symbols that are kept: what has been taken may have to wait in a batch for being sent. */
const KEPT = BATCH_SIZE + REPAIR_SYMBOLS;
/** So many more symbols than losses it takes in the mean. */
const SPARE_SYMBOLS = 0.4;

/** What there is to know of the path. */
export interface PathKnowledge {
  /** Bytes per millisecond. */
  readonly rate: number;
  /** 0 … 1 */
  readonly lossRate: number;
}

/**
 * The sending half of repair. When the source has nothing more to say, what is still under way is followed by as many
 * repair symbols as losses are to be expected, so that these need no round trip more; and so is what is said briefly
 * beside bulk. It goes as far as a budget does, which is a part of what is sent and of what could be, and whatever
 * repair saves of being sent again. Pure; times in milliseconds.
 */
export class RepairEncoder {
  /** What the symbols are made of that are to be sent now, for `writeRepair`. */
  first = 0;
  window = 0;
  /** Bytes of each of them. */
  length = 0;
  /** Of the one taken last. */
  key = 0;
  bytes: Uint8Array = new Uint8Array(0);
  /** Until then, what is found lost of them may well be with the peer, and need not be sent again. */
  outcomeAt = Number.NEGATIVE_INFINITY;
  readonly #segments: SendWindow;
  #budget = 0;
  #earnedAt = Number.NaN;
  #dryAt = Number.POSITIVE_INFINITY;
  /** All below have been followed by symbols, or are not worth them. */
  #covered = 0;
  /** Of the symbols that are kept, those from `#start` on, around the end, are to be sent. */
  #start = 0;
  #count = 0;
  #taken = 0;
  /** There are so many that they will most likely do. */
  #ample = false;
  readonly #keys = new Uint8Array(KEPT);
  #newestKey = 0;
  #sums: Uint32Array[] = [];
  /** The same memory. */
  #bytes: Uint8Array[] = [];
  /** A source symbol; and its multiples, by the factor. */
  #source = new Uint32Array(0);
  #multiples: Uint32Array[] = [];
  #sourceBytes = new Uint8Array(0);

  constructor(segments: SendWindow) {
    this.#segments = segments;
  }

  /** A segment has been sent, in `bytes` on the wire; `again`: not for the first time. */
  onSent(bytes: number, again: boolean): void {
    this.#earn(bytes * REPAIR_BUDGET);
    if (again) return;
    this.#dryAt = Number.POSITIVE_INFINITY;
    this.#count = 0;
  }

  /** A transmission was lost, and its segment need not be sent again. */
  onSaved(bytes: number): void {
    this.#earn(bytes);
  }

  /** The source has nothing to say, and all that it said has been sent. */
  onDry(now: number): void {
    this.#dryAt = Math.min(this.#dryAt, now);
  }

  /** When `prepare` is due for all that is under way. */
  dueAt(lossRate: number, roundTrip: number): number {
    const worthwhile = this.#covered < this.#segments.next && lossRate >= REPAIR_LEAST_LOSS;
    if (!worthwhile) return Number.POSITIVE_INFINITY;
    const delay = Math.max(roundTrip * REPAIR_DELAY, REPAIR_LEAST_DELAY);
    return this.#dryAt + Math.min(delay, REPAIR_MOST_DELAY);
  }

  /** Symbols have been made that are to be taken. */
  get ready(): boolean {
    return this.#taken < this.#count;
  }

  /**
   * Makes symbols for what is under way from the segment `from` on, as many as are worthwhile and affordable. `rate`: the
   * path's, bytes per millisecond; `framing`: bytes on the wire beside a symbol; `room`: a longer symbol has none.
   */
  prepare(now: number, from: number, { rate, lossRate }: PathKnowledge, framing: number, room: number): void {
    const segments = this.#segments;
    this.#earn((now - this.#earnedAt || 0) * rate * REPAIR_RATE);
    this.#earnedAt = now;
    this.#start = (this.#start + this.#taken) % KEPT;
    this.#taken = 0;
    this.#count = 0;
    this.#covered = segments.next;
    if (lossRate < REPAIR_LEAST_LOSS) return;
    this.first = segments.next;
    let missing = 0;
    let longest = 0;
    const lowest = Math.max(segments.lowest, from);
    while (this.first > lowest && segments.next - this.first < MAXIMUM_ENCODING_WINDOW) {
      // What the peer has wholly been given is not here any more.
      if (!segments.holds(this.first - 1)) break;
      this.first -= 1;
      segments.locate(this.first);
      longest = Math.max(longest, segments.length);
      if (segments.progressOf(this.first) !== Progress.RECEIVED) missing += 1;
    }
    this.window = segments.next - this.first;
    this.length = SYMBOL_HEADER_BYTES + longest;
    if (this.length > room) return;
    const losses = lossRate * missing;
    const wanted = Math.ceil(losses + 2 * Math.sqrt(losses));
    this.#count = Math.min(wanted, REPAIR_SYMBOLS, Math.floor(this.#budget / (this.length + framing)));
    this.#ample = this.#count >= Math.min(wanted, losses + Math.sqrt(losses) + SPARE_SYMBOLS);
    this.#budget -= this.#count * (this.length + framing);
    if (this.#count > 0) this.#encode(symbolWords(longest));
  }

  /** The next symbol is sent, which is in `key` and `bytes` from now on. An answer comes within `roundTrip`. */
  take(now: number, roundTrip: number): void {
    if (this.#ample) this.outcomeAt = now + roundTrip;
    const i = (this.#start + this.#taken) % KEPT;
    this.key = this.#keys[i]!;
    this.bytes = this.#bytes[i]!;
    this.#taken += 1;
  }

  /** When a segment that looks lost at `lostAt` is to be sent again. */
  patience(logical: number, lostAt: number): number {
    const covered = logical >= this.first && logical < this.first + this.window;
    return covered ? Math.max(lostAt, this.outcomeAt) : lostAt;
  }

  #earn(bytes: number): void {
    this.#budget = Math.min(this.#budget + bytes, REPAIR_BUDGET_LIMIT);
  }

  #encode(words: number): void {
    this.#makeRoom(words);
    const segments = this.#segments;
    for (let n = 0; n < this.#count; n += 1) {
      const i = (this.#start + n) % KEPT;
      // The first one finds any single loss; of the others, no two that are about the same segments are alike.
      if (n > 0) this.#newestKey = (this.#newestKey % (KEYS - 1)) + 1;
      this.#keys[i] = n === 0 ? 0 : this.#newestKey;
      this.#sums[i]!.fill(0, 0, words);
    }
    for (let logical = this.first; logical < this.first + this.window; logical += 1) {
      segments.locate(logical);
      const { index, buffer, offset, length } = segments;
      const used = writeSymbol(this.#sourceBytes, 0, index, segments.segments, buffer, offset, length);
      for (let factor = 2; factor <= 3; factor += 1)
        multiplyWords(this.#multiples[factor]!, this.#source, used, factor);
      for (let n = 0; n < this.#count; n += 1) {
        const i = (this.#start + n) % KEPT;
        const factor = factorOf(this.#keys[i]!, logical);
        if (factor !== 0) addWords(this.#sums[i]!, this.#multiples[factor]!, 0, used);
      }
    }
  }

  #makeRoom(words: number): void {
    if (this.#source.length >= words) return;
    this.#source = new Uint32Array(words);
    this.#sourceBytes = new Uint8Array(this.#source.buffer);
    this.#multiples = [new Uint32Array(0), this.#source, new Uint32Array(words), new Uint32Array(words)];
    this.#sums = Array.from({ length: KEPT }, () => new Uint32Array(words));
    this.#bytes = this.#sums.map(({ buffer }) => new Uint8Array(buffer));
  }
}
