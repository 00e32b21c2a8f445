import { MAXIMUM_ENCODING_WINDOW, REPAIR_EQUATIONS, REPAIR_MEMORY } from "../constants.js";
import { addWords, factorOf, multiplyWords, symbolLength, symbolWords, writeSymbol } from "./symbol.js";

/** A sum of segments that are missing, each times a factor of two bits: one of `low`, one of `high`, by its column. */
interface Equation {
  readonly sum: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
  words: number;
  low: number;
  high: number;
  /** A column that no other equation has, and whose factor is 1. */
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
  /** Sums of what is to be multiplied by 2, and by 3. */
  readonly #multiples: readonly [Uint32Array, Uint32Array];
  /** Which segment a column stands for. */
  readonly #columns = new Float64Array(REPAIR_EQUATIONS).fill(FREE);
  readonly #found: FoundSegment = {
    ...{ logical: 0, index: 0, segments: 0 },
    ...{ bytes: this.#bytes, offset: 4, length: 0 },
  };

  /** `segmentSize`: no segment is longer, bytes. */
  constructor(segmentSize: number) {
    this.#slotWords = symbolWords(segmentSize);
    this.#multiples = [new Uint32Array(this.#slotWords), new Uint32Array(this.#slotWords)];
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
    let low = 0;
    let high = 0;
    for (let logical = first; logical < first + window; logical += 1) {
      const factor = factorOf(key, logical);
      if (factor === 0) continue;
      if (isMissing(logical)) {
        const column = this.#columnOf(logical);
        if (column < 0) return;
        low |= (factor & 1) << column;
        high |= (factor >>> 1) << column;
      } else {
        const slot = logical % MAXIMUM_ENCODING_WINDOW;
        if (this.#keptNumber[slot] !== logical || this.#keptWords[slot]! > words) return;
      }
    }
    if ((low | high) === 0) return;
    const equation = this.#spare.pop() ?? newEquation(this.#slotWords);
    equation.words = words;
    equation.low = low;
    equation.high = high;
    equation.sum.fill(0, words - 1);
    equation.bytes.set(from.subarray(offset, offset + length));
    // What has the same factor is summed up first, so as to multiply once.
    const sums = [equation.sum, equation.sum, ...this.#multiples];
    for (const sum of this.#multiples) sum.fill(0, 0, words);
    for (let logical = first; logical < first + window; logical += 1) {
      const factor = factorOf(key, logical);
      if (factor !== 0 && !isMissing(logical))
        this.#addKept(sums[factor]!, logical % MAXIMUM_ENCODING_WINDOW, 1);
    }
    if (key !== 0) for (const factor of [2, 3]) addWords(equation.sum, sums[factor]!, 0, words, factor);
    this.#add(equation);
  }

  /** A segment that can be told by now, once; valid until the next call of anything here. */
  next(): FoundSegment | undefined {
    if (this.#equations.length === 0) return undefined;
    const i = this.#equations.findIndex(({ low, high, pivot }) => (low | high) === 1 << pivot);
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
    for (const { low, high } of this.#equations) used |= low | high;
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

  #addKept(sum: Uint32Array, slot: number, factor: number): void {
    addWords(sum, this.#kept!, slot * this.#slotWords, this.#keptWords[slot]!, factor);
  }

  /** Adds an equation, and keeps all in reduced form. */
  #add(equation: Equation): void {
    for (const other of this.#equations) {
      const factor = factorAt(equation, other.pivot);
      if (factor !== 0) combine(equation, other, factor);
    }
    if ((equation.low | equation.high) === 0) {
      this.#spare.push(equation);
      return;
    }
    this.#choosePivot(equation);
    this.#equations.push(equation);
  }

  #choosePivot(equation: Equation): void {
    equation.pivot = 31 - Math.clz32(equation.low | equation.high);
    divide(equation, factorAt(equation, equation.pivot));
    for (const other of this.#equations) {
      const factor = factorAt(other, equation.pivot);
      if (other !== equation && factor !== 0) combine(other, equation, factor);
    }
  }

  /** The segment of that column has come otherwise. */
  #eliminate(column: number, slot: number): void {
    this.#columns[column] = FREE;
    for (const equation of this.#equations) {
      const factor = factorAt(equation, column);
      if (factor === 0) continue;
      this.#addKept(equation.sum, slot, factor);
      equation.low &= ~(1 << column);
      equation.high &= ~(1 << column);
      if (equation.pivot === column && (equation.low | equation.high) !== 0) this.#choosePivot(equation);
    }
    for (let i = this.#equations.length - 1; i >= 0; i -= 1) {
      const { low, high } = this.#equations[i]!;
      if ((low | high) === 0) this.#spare.push(...this.#equations.splice(i, 1));
    }
  }
}

function newEquation(words: number): Equation {
  const sum = new Uint32Array(words);
  return { sum, bytes: new Uint8Array(sum.buffer), words, low: 0, high: 0, pivot: 0 };
}

function factorAt({ low, high }: Equation, column: number): number {
  return ((low >>> column) & 1) | (((high >>> column) & 1) << 1);
}

/** Adds the other one, times `factor`. */
function combine(into: Equation, other: Equation, factor: number): void {
  // What lies behind the words of the shorter one is not zero, but nothing of it either.
  into.sum.fill(0, into.words, other.words);
  into.words = Math.max(into.words, other.words);
  addWords(into.sum, other.sum, 0, other.words, factor);
  const { low, high } = other;
  into.low ^= factor === 1 ? low : factor === 2 ? high : low ^ high;
  into.high ^= factor === 1 ? high : factor === 2 ? low ^ high : low;
}

function divide(equation: Equation, factor: number): void {
  if (factor === 1) return;
  // 2 and 3 are each other's inverse.
  const inverse = factor ^ 1;
  multiplyWords(equation.sum, equation.sum, equation.words, inverse);
  const { low, high } = equation;
  equation.low = inverse === 2 ? high : low ^ high;
  equation.high = inverse === 2 ? low ^ high : low;
}
