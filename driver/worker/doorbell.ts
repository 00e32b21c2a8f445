import { drain, signal } from "../ffi/index.js";

/**
 * How the two threads wake each other, at the cost of one look at a word while the other is awake.
 *
 * Whoever goes to sleep first says so, then looks once more whether there is something to do. Whoever has put something
 * there first publishes it, then looks whether the other sleeps. Atomics are sequentially consistent: at least one of
 * them sees the other.
 */

/** Words. */
const WORKER_SLEEPS = 0;
const MAIN_SLEEPS = 16;
const MAIN_RUNG = 32;
const TURNS = 48;
const WORDS = 64;

export function doorbellMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * 4);
}

/** ECMAScript 2024, which Node has had since version 16 and our library of types has not. */
interface AtomicsWaitAsync {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { readonly async: true; readonly value: Promise<string> } | { readonly async: false };
}

export class Doorbell {
  readonly #words: Int32Array;
  readonly #fd: number;

  /** `fd`: the event descriptor that the worker polls. */
  constructor(memory: SharedArrayBuffer, fd: number) {
    this.#words = new Int32Array(memory);
    this.#fd = fd;
  }

  /** Turns of the worker's loop, as a sign of life. */
  get turns(): number {
    return Atomics.load(this.#words, TURNS);
  }

  /** Worker: counts a turn. */
  turn(): void {
    Atomics.add(this.#words, TURNS, 1);
  }

  /** Worker: from now on it wants to be woken. */
  workerSleeps(): void {
    Atomics.store(this.#words, WORKER_SLEEPS, 1);
  }

  /** Worker: it is awake. */
  workerAwake(): void {
    Atomics.store(this.#words, WORKER_SLEEPS, 0);
  }

  /** Worker: takes the ring back, after which the next one is seen. */
  answered(): void {
    drain(this.#fd);
  }

  /** Main: wakes the worker if it sleeps. */
  ringWorker(): void {
    if (Atomics.load(this.#words, WORKER_SLEEPS) === 0) return;
    if (Atomics.exchange(this.#words, WORKER_SLEEPS, 0) === 1) signal(this.#fd);
  }

  /** Main: wakes the worker, or keeps it from going to sleep, for a command. */
  callWorker(): void {
    signal(this.#fd);
  }

  /** Worker: wakes the main thread's `whenRung` if it waits. */
  ringMain(): void {
    if (Atomics.load(this.#words, MAIN_SLEEPS) === 0) return;
    if (Atomics.exchange(this.#words, MAIN_SLEEPS, 0) === 0) return;
    Atomics.add(this.#words, MAIN_RUNG, 1);
    Atomics.notify(this.#words, MAIN_RUNG);
  }

  /** Main: calls `rung` as soon as the worker rings, or `idle` says that it has something to do already. */
  whenRung(idle: () => boolean, rung: () => void): void {
    Atomics.store(this.#words, MAIN_SLEEPS, 1);
    const before = Atomics.load(this.#words, MAIN_RUNG);
    if (!idle()) {
      Atomics.store(this.#words, MAIN_SLEEPS, 0);
      setImmediate(rung);
      return;
    }
    const wait = (Atomics as unknown as AtomicsWaitAsync).waitAsync(this.#words, MAIN_RUNG, before);
    if (wait.async) void wait.value.then(rung);
    else setImmediate(rung);
  }
}
