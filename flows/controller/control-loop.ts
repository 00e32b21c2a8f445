import { Pause } from "./pause.js";

export interface ControlLoopOptions {
  /** Milliseconds between two looks, if nothing changes before. */
  readonly interval: number;
  /** Milliseconds until the next look after a failure: doubled with each, from the first to the last. */
  readonly retry: { readonly first: number; readonly last: number };
  /** Looks at how things stand and does the next thing. */
  readonly step: () => Promise<void>;
  /** What `step` has thrown, as text. */
  readonly failed: (reason: string) => void;
}

/** Looks whenever something has changed, or it is time to look again. */
export class ControlLoop {
  readonly #options: ControlLoopOptions;
  readonly #pause = new Pause();
  #interval: number;
  #run: Promise<void> | undefined;
  #stopping = false;

  constructor(options: ControlLoopOptions) {
    this.#options = options;
    this.#interval = options.interval;
  }

  get running(): boolean {
    return this.#run !== undefined;
  }

  /** From a call to `stop` until the next to `start`. */
  get stopping(): boolean {
    return this.#stopping;
  }

  start(): void {
    this.#stopping = false;
    this.#run ??= this.#turn();
  }

  /** Resolves when the step that is being done, if any, is done. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.look();
    await this.#run;
    this.#run = undefined;
  }

  /** Something has changed. */
  look(): void {
    this.#pause.cut();
  }

  /** For a step: the next look is so many milliseconds from now. */
  nextIn(milliseconds: number): void {
    this.#interval = milliseconds;
  }

  async #turn(): Promise<void> {
    const { interval, retry, step, failed } = this.#options;
    let failures = 0;
    while (!this.#stopping) {
      this.#pause.forget();
      this.#interval = interval;
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (this.#stopping) return;
        this.#interval = Math.min(retry.last, retry.first * 2 ** failures++);
        failed(error instanceof Error ? error.message : String(error));
      }
      // After a failure it is whole, lest the same comes again at once.
      await this.#pause.take(this.#interval, () => failures === 0 || this.#stopping);
    }
  }
}
