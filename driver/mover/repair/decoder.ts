import { MAXIMUM_ENCODING_WINDOW, REPAIR_EQUATIONS, REPAIR_MEMORY } from "../constants.js";
import { addWords, isMember, symbolLength, symbolWords, writeSymbol } from "./symbol.js";

/** A sum of segments that are missing: a bit of `unknown` for each, by its column. */
interface Equation {
  readonly sum: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
  words: number;
  unknown: number;
  /** A column that no other equation has. */
  pivot: number;
}

/** A segment that was found, to be put in its place. */
export interface FoundSegment {
  logical: number;
  index: number;
  segments: number;
  bytes: Uint8Array;
  offset: number;
  length: number;
}

const FREE = -1;

/**
 * The receiving half of repair: keeps the segments that came last, and finds missing ones by what repair symbols say
 * of them. Symbols whose segments cannot be told yet are kept as equations in reduced form (Gauss-Jordan). While nothing
 * is lost, it keeps nothing and costs nothing.
 */
export class RepairDecoder {
  readonly #slotWords: number;
  /** Source symbols of the latest segments, by the logical number modulo the number of slots. */
  #kept: Uint32Array | undefined;
  #bytes = new Uint8Array(0);
  readonly #keptNumber = new Float64Array(MAXIMUM_ENCODING_WINDOW);
  readonly #keptWords = new Uint16Array(MAXIMUM_ENCODING_WINDOW);
  /** Segments since the latest reason to keep any. */
  #since = 0;
  readonly #equations: Equation[] = [];
  readonly #spare: Equation[] = [];
  /** Which segment a column stands for. */
  readonly #columns = new Float64Array(REPAIR_EQUATIONS).fill(FREE);
  readonly #found: FoundSegment = {
    ...{ logical: 0, index: 0, segments: 0 },
    ...{ bytes: this.#bytes, offset: 4, length: 0 },
  };

  /** `segmentSize`: no segment is longer, bytes. */
  constructor(segmentSize: number) {
    this.#slotWords = symbolWords(segmentSize);
  }

  /** There may be something to repair: from now on segments are kept. */
  expect(): void {
    this.#since = 0;
    this.#kept ??= this.#allocate();
  }

  /** A segment is no longer missing. */
  onSegment(
    logical: number,
    index: number,
    segments: number,
    from: Uint8Array,
    offset: number,
    length: number,
  ): void {
    if (this.#kept === undefined) return;
    this.#since += 1;
    if (this.#since > REPAIR_MEMORY) {
      this.#forget();
      return;
    }
    const slot = logical % MAXIMUM_ENCODING_WINDOW;
    const at = 4 * slot * this.#slotWords;
    this.#keptNumber[slot] = logical;
    this.#keptWords[slot] = writeSymbol(this.#bytes, at, index, segments, from, offset, length);
    if (this.#equations.length === 0) return;
    const column = this.#columns.indexOf(logical);
    if (column >= 0) this.#eliminate(column, slot);
  }

  /**
   * A repair symbol has come: `length` bytes from `offset` on, of the segments from `first` on. Whether what is missing
   * can be told now, `next` says.
   */
  onRepair(
    first: number,
    window: number,
    key: number,
    from: Uint8Array,
    offset: number,
    length: number,
    isMissing: (logical: number) => boolean,
  ): void {
    this.expect();
    const words = (length + 3) >>> 2;
    if (words > this.#slotWords) return;
    this.#freeColumns();
    let unknown = 0;
    for (let logical = first; logical < first + window; logical += 1) {
      if (!isMember(key, logical)) continue;
      if (isMissing(logical)) {
        const column = this.#columnOf(logical);
        if (column < 0) return;
        unknown |= 1 << column;
      } else {
        const slot = logical % MAXIMUM_ENCODING_WINDOW;
        if (this.#keptNumber[slot] !== logical || this.#keptWords[slot]! > words) return;
      }
    }
    if (unknown === 0) return;
    const equation = this.#spare.pop() ?? newEquation(this.#slotWords);
    equation.words = words;
    equation.unknown = unknown;
    equation.sum.fill(0, words - 1);
    equation.bytes.set(from.subarray(offset, offset + length));
    for (let logical = first; logical < first + window; logical += 1) {
      if (isMember(key, logical) && !isMissing(logical))
        this.#subtract(equation, logical % MAXIMUM_ENCODING_WINDOW);
    }
    this.#add(equation);
  }

  /** A segment that can be told by now, once; valid until the next call of anything here. */
  next(): FoundSegment | undefined {
    if (this.#equations.length === 0) return undefined;
    const i = this.#equations.findIndex(({ unknown, pivot }) => unknown === 1 << pivot);
    if (i < 0) return undefined;
    const [equation] = this.#equations.splice(i, 1) as [Equation];
    this.#spare.push(equation);
    const found = this.#found;
    found.logical = this.#columns[equation.pivot]!;
    this.#columns[equation.pivot] = FREE;
    found.bytes = equation.bytes;
    found.index = equation.bytes[0]!;
    found.segments = equation.bytes[1]!;
    found.length = symbolLength(equation.bytes, 0, 4 * equation.words);
    return found.length > 0 ? found : this.next();
  }

  #allocate(): Uint32Array {
    const kept = new Uint32Array(MAXIMUM_ENCODING_WINDOW * this.#slotWords);
    this.#bytes = new Uint8Array(kept.buffer);
    this.#keptNumber.fill(FREE);
    return kept;
  }

  #forget(): void {
    this.#kept = undefined;
    this.#bytes = new Uint8Array(0);
    this.#equations.length = 0;
    this.#spare.length = 0;
    this.#columns.fill(FREE);
  }

  /** Symbols that were of no use have left columns that no equation speaks of. */
  #freeColumns(): void {
    let used = 0;
    for (const { unknown } of this.#equations) used |= unknown;
    for (let i = 0; i < REPAIR_EQUATIONS; i += 1) if ((used & (1 << i)) === 0) this.#columns[i] = FREE;
  }

  /** The column of a missing segment, a new one if it has none; -1 if there are no more. */
  #columnOf(logical: number): number {
    const known = this.#columns.indexOf(logical);
    if (known >= 0) return known;
    const free = this.#columns.indexOf(FREE);
    if (free >= 0) this.#columns[free] = logical;
    return free;
  }

  #subtract(equation: Equation, slot: number): void {
    addWords(equation.sum, this.#kept!, slot * this.#slotWords, this.#keptWords[slot]!);
  }

  /** Adds an equation, and keeps all in reduced form. */
  #add(equation: Equation): void {
    for (const other of this.#equations) {
      if ((equation.unknown & (1 << other.pivot)) !== 0) combine(equation, other);
    }
    if (equation.unknown === 0) {
      this.#spare.push(equation);
      return;
    }
    this.#choosePivot(equation);
    this.#equations.push(equation);
  }

  #choosePivot(equation: Equation): void {
    equation.pivot = 31 - Math.clz32(equation.unknown);
    for (const other of this.#equations) {
      if (other !== equation && (other.unknown & (1 << equation.pivot)) !== 0) combine(other, equation);
    }
  }

  /** The segment of that column has come otherwise. */
  #eliminate(column: number, slot: number): void {
    this.#columns[column] = FREE;
    for (const equation of this.#equations) {
      if ((equation.unknown & (1 << column)) === 0) continue;
      this.#subtract(equation, slot);
      equation.unknown &= ~(1 << column);
      if (equation.pivot === column && equation.unknown !== 0) this.#choosePivot(equation);
    }
    for (let i = this.#equations.length - 1; i >= 0; i -= 1) {
      if (this.#equations[i]!.unknown === 0) this.#spare.push(...this.#equations.splice(i, 1));
    }
  }
}

function newEquation(words: number): Equation {
  const sum = new Uint32Array(words);
  return { sum, bytes: new Uint8Array(sum.buffer), words, unknown: 0, pivot: 0 };
}

function combine(into: Equation, other: Equation): void {
  // What lies behind the words of the shorter one is not zero, but nothing of it either.
  into.sum.fill(0, into.words, other.words);
  into.words = Math.max(into.words, other.words);
  addWords(into.sum, other.sum, 0, other.words);
  into.unknown ^= other.unknown;
}
