import { setTimeout as sleep } from "node:timers/promises";

/** How often it is looked at whether connections are still open, in milliseconds. */
const INTERVAL = 20;

export interface DepartureOptions {
  /** Has nothing new steered here, neither by our own switch nor by the peers'; resolves once that is so. */
  readonly withdraw: () => Promise<void>;
  /** Connections that are open. */
  readonly open: () => number;
}

export interface DepartureStatus {
  /** Connections that are waited for. */
  readonly open: number;
  /** Until they are reset. */
  readonly remaining_ms: number;
}

/**
 * The way to a stop that nobody notices who is not in the middle of something: new connections pass directly, then those
 * that are open get some time to come to their end. Whoever asks for less time than was given before, shortens it.
 */
export class Departure {
  readonly #options: DepartureOptions;
  #deadline = Number.POSITIVE_INFINITY;
  #withdrawn: Promise<void> | undefined;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  get begun(): boolean {
    return this.#withdrawn !== undefined;
  }

  /** Resolves to the number of connections that are open after `patience` milliseconds; at once when there are none. */
  async take(patience: number): Promise<number> {
    this.#deadline = Math.min(this.#deadline, performance.now() + patience);
    this.#withdrawn ??= this.#options.withdraw();
    await this.#withdrawn;
    while (this.#options.open() > 0 && performance.now() < this.#deadline) await sleep(INTERVAL);
    return this.#options.open();
  }

  /** Undefined while nobody is about to go. */
  status(): DepartureStatus | undefined {
    if (!this.begun) return undefined;
    const remaining = Math.max(0, Math.round(this.#deadline - performance.now()));
    return { open: this.#options.open(), remaining_ms: remaining };
  }
}
