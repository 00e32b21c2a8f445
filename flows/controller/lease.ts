import type { LearnAction } from "openflow-ts";
import { LEASE_SECONDS } from "../pipeline/index.js";

/** Signs of life in the time for which one of them counts. */
const RENEWALS = 5;

/** Renews the lease on new connections for as long as this process gets to run its timers. */
export class Lease {
  readonly #perform: (action: LearnAction) => void;
  #action: LearnAction | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `perform` has the switch carry out an action; it does nothing while there is no switch. */
  constructor(perform: (action: LearnAction) => void) {
    this.#perform = perform;
  }

  /** Renews at once and from now on, in this form. */
  hold(action: LearnAction): void {
    this.#action = action;
    this.#perform(action);
    this.#timer ??= setInterval(() => this.#perform(this.#action!), (LEASE_SECONDS * 1000) / RENEWALS);
  }

  /** Lets the lease run out. */
  drop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
