/**
 * Who is asked next: the sources that have something to say, by priority, and by fair turns within one priority.
 *
 * Within a priority: deficit round robin. Each turn brings a source one quantum of bytes; what it leaves of it because
 * the next message is too long is added to its next turn, and what it takes beyond it is taken off the next ones.
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

/** The sources of one priority, first in, first out. */
class Level {
  readonly priority: number;
  head: Turn | undefined;
  tail: Turn | undefined;
  /** Bytes that went to higher priorities while this one waited. */
  passedOver = 0;

  constructor(priority: number) {
    this.priority = priority;
  }

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

export class ReadyQueue {
  readonly #quantum: number;
  /** A turn below this many bytes is not worth asking for: it is saved up for the next one. */
  readonly #leastTurn: number;
  readonly #levels = Array.from({ length: PRIORITIES }, (_, priority) => new Level(priority));
  readonly #turns = new Map<MessageSource, Turn>();
  #unused: Turn | undefined;
  /** The level whose head is being asked. */
  #current: Level | undefined;

  /** `quantum`: bytes of one fair turn. */
  constructor(quantum: number) {
    this.#quantum = quantum;
    this.#leastTurn = quantum / 4;
  }

  /** Sources that wait. */
  get size(): number {
    return this.#turns.size;
  }

  /** Queues a source behind those of its priority; no change if it is queued already. */
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
    this.#level(source).push(turn);
  }

  /** The source whose turn it is; undefined if none waits. `allowance` then says for how much. */
  next(): MessageSource | undefined {
    if (this.#turns.size === 0) return undefined;
    const level = this.#nextLevel();
    this.#current = level;
    let turn = level.head!;
    while (turn.deficit < this.#leastTurn) {
      turn.deficit += this.#quantum;
      if (turn.deficit >= this.#leastTurn) break;
      level.push(level.shift()!);
      turn = level.head!;
    }
    turn.again = false;
    return turn.source;
  }

  /** Bytes that the source given by `next` may write in its turn. One that is alone need not count them. */
  get allowance(): number {
    return this.#turns.size === 1 ? Number.MAX_SAFE_INTEGER : this.#current!.head!.deficit;
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
    const turn = level.head!;
    turn.deficit -= bytes;
    level.passedOver = Math.max(0, level.passedOver - PATIENCE * bytes);
    for (let lower = level.priority + 1; lower < PRIORITIES; lower += 1) {
      const waiting = this.#levels[lower]!;
      if (waiting.head !== undefined) waiting.passedOver += bytes;
    }
    if (bytes > 0) turn.asked = false;
    if (more) {
      if (turn.deficit < this.#leastTurn) this.#requeue(level);
    } else if (turn.again && !turn.asked) {
      turn.asked = bytes === 0;
      this.#requeue(level);
    } else {
      this.#remove(level);
    }
  }

  /** Takes the source given by `next` out, whatever it said. */
  drop(): void {
    this.#remove(this.#current!);
  }

  #nextLevel(): Level {
    const patience = PATIENCE * this.#quantum;
    let highest: Level | undefined;
    for (const level of this.#levels) {
      if (level.head === undefined) continue;
      if (level.passedOver >= patience) return level;
      highest ??= level;
    }
    return highest!;
  }

  #level(source: MessageSource): Level {
    return this.#levels[source.priority]!;
  }

  #requeue(level: Level): void {
    const turn = level.shift()!;
    this.#level(turn.source!).push(turn);
    if (level.head === undefined) level.passedOver = 0;
  }

  #remove(level: Level): void {
    const turn = level.shift()!;
    if (level.head === undefined) level.passedOver = 0;
    this.#turns.delete(turn.source!);
    turn.source = undefined;
    turn.deficit = 0;
    turn.asked = false;
    turn.next = this.#unused;
    this.#unused = turn;
  }
}
