/**
 * Who is asked next: the sources that have something to say, by priority, and by fair turns within one priority.
 *
 * Within a priority: deficit round robin. Each turn brings a source one quantum of bytes; what it leaves of it because
 * the next message is too long is added to its next turn, and what it takes beyond it is taken off the next ones.
 * A source that has been away for a round has its first turn before all that wait (as the new flows of RFC 8290 §4.1):
 * a question beside fifty downloads need not wait for a turn of each. Whoever comes back sooner goes behind the others,
 * so that nobody gets more than two turns in a round by coming and going.
 *
 * Between priorities: the highest that waits is served, but for one below it that has seen `PATIENCE` quanta go to
 * higher ones, which comes in between until it has had 1/`PATIENCE` of that. So each lower priority has about
 * 1/(PATIENCE + 1) of the bytes for as long as it waits, and delays a higher one by about a quantum at a time.
 */
import { type MessageSource, PRIORITIES } from "./message-source.js";

const PATIENCE = 16;

/** A source in the queue. Kept for the next use when it leaves, so that none is made for each message. */
class Turn {
  source: MessageSource | undefined;
  /** Bytes that it may still write in this turn; below zero what it owes. */
  deficit = 0;
  /** It was announced again while it was being asked. */
  again = false;
  /** It was asked again for that, and wrote nothing. */
  asked = false;
  next: Turn | undefined;
}

/** First in, first out. */
class Line {
  head: Turn | undefined;
  tail: Turn | undefined;

  push(turn: Turn): void {
    turn.next = undefined;
    if (this.tail === undefined) this.head = turn;
    else this.tail.next = turn;
    this.tail = turn;
  }

  shift(): Turn | undefined {
    const turn = this.head;
    if (turn === undefined) return undefined;
    this.head = turn.next;
    if (this.head === undefined) this.tail = undefined;
    return turn;
  }
}

/** The sources of one priority. */
class Level {
  readonly priority: number;
  /** Those that have their first turn, before … */
  readonly first = new Line();
  /** … those that have had one. */
  readonly others = new Line();
  /** Sources in both. */
  size = 0;
  /** Bytes that were written by sources of this priority. */
  written = 0;
  /** Bytes that went to higher priorities while this one waited. */
  passedOver = 0;

  constructor(priority: number) {
    this.priority = priority;
  }

  /** The line whose head is next. */
  get line(): Line {
    return this.first.head === undefined ? this.others : this.first;
  }
}

export class ReadyQueue {
  readonly #quantum: number;
  /** A turn below this many bytes is not worth asking for: it is saved up for the next one. */
  readonly #leastTurn: number;
  readonly #levels = Array.from({ length: PRIORITIES }, (_, priority) => new Level(priority));
  readonly #turns = new Map<MessageSource, Turn>();
  /** Until when a source is not away for long: what its level must have written by then. */
  readonly #away = new WeakMap<MessageSource, number>();
  #unused: Turn | undefined;
  /** The level, and the line in it, whose head is being asked. */
  #current: Level | undefined;
  #line: Line | undefined;

  /** `quantum`: bytes of one fair turn. */
  constructor(quantum: number) {
    this.#quantum = quantum;
    this.#leastTurn = quantum / 4;
  }

  /** Sources that wait. */
  get size(): number {
    return this.#turns.size;
  }

  /** Queues a source, before those of its priority if it has been away, else behind them; no change if it is queued already. */
  add(source: MessageSource): void {
    const queued = this.#turns.get(source);
    if (queued !== undefined) {
      queued.again = true;
      return;
    }
    const turn = this.#unused ?? new Turn();
    this.#unused = turn.next;
    turn.source = source;
    this.#turns.set(source, turn);
    const level = this.#level(source);
    level.size += 1;
    const wasAway = level.written >= (this.#away.get(source) ?? 0);
    (wasAway ? level.first : level.others).push(turn);
  }

  /** The source whose turn it is; undefined if none waits. `allowance` then says for how much. */
  next(): MessageSource | undefined {
    if (this.#turns.size === 0) return undefined;
    const level = this.#nextLevel();
    this.#current = level;
    let line = level.line;
    let turn = line.head!;
    while (turn.deficit < this.#leastTurn) {
      turn.deficit += this.#quantum;
      if (turn.deficit >= this.#leastTurn) break;
      level.others.push(line.shift()!);
      line = level.line;
      turn = line.head!;
    }
    this.#line = line;
    turn.again = false;
    return turn.source;
  }

  /** Whether the source given by `next` has its first turn after having been away. */
  get first(): boolean {
    return this.#line === this.#current!.first;
  }

  /** Bytes that the source given by `next` may write in its turn. One that is alone need not count them. */
  get allowance(): number {
    return this.#turns.size === 1 ? Number.MAX_SAFE_INTEGER : this.#line!.head!.deficit;
  }

  /**
   * Books what the source given by `next` has written. It stays at its place while it has more to say and its turn is
   * not used up, goes to the end when it is, and leaves when it has said everything.
   *
   * One that was announced while it was being asked stays for another turn, in case that was news; but not for a third
   * one if it writes nothing, or it would be asked for ever.
   */
  wrote(bytes: number, more: boolean): void {
    const level = this.#current!;
    const turn = this.#line!.head!;
    turn.deficit -= bytes;
    level.written += bytes;
    level.passedOver = Math.max(0, level.passedOver - PATIENCE * bytes);
    for (let lower = level.priority + 1; lower < PRIORITIES; lower += 1) {
      const waiting = this.#levels[lower]!;
      if (waiting.size > 0) waiting.passedOver += bytes;
    }
    if (bytes > 0) turn.asked = false;
    if (more) {
      if (turn.deficit < this.#leastTurn) this.#requeue();
    } else if (turn.again && !turn.asked) {
      turn.asked = bytes === 0;
      this.#requeue();
    } else {
      this.#remove();
    }
  }

  /** Takes the source given by `next` out, whatever it said. */
  drop(): void {
    this.#remove();
  }

  #nextLevel(): Level {
    const patience = PATIENCE * this.#quantum;
    let highest: Level | undefined;
    for (const level of this.#levels) {
      if (level.size === 0) continue;
      if (level.passedOver >= patience) return level;
      highest ??= level;
    }
    return highest!;
  }

  #level(source: MessageSource): Level {
    return this.#levels[source.priority]!;
  }

  /** Its priority may have changed meanwhile. */
  #requeue(): void {
    const turn = this.#line!.shift()!;
    this.#current!.size -= 1;
    const level = this.#level(turn.source!);
    level.others.push(turn);
    level.size += 1;
    this.#forgetPatience();
  }

  #remove(): void {
    const level = this.#current!;
    const turn = this.#line!.shift()!;
    const source = turn.source!;
    level.size -= 1;
    this.#forgetPatience();
    // A round: as many bytes as bring a turn to each that waits.
    this.#away.set(source, level.written + level.size * this.#quantum);
    this.#turns.delete(source);
    turn.source = undefined;
    turn.deficit = 0;
    turn.asked = false;
    turn.next = this.#unused;
    this.#unused = turn;
  }

  /** A level without sources waits for nothing. */
  #forgetPatience(): void {
    const level = this.#current!;
    if (level.size === 0) level.passedOver = 0;
  }
}
