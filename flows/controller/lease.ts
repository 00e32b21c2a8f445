import type { LearnAction } from "openflow-ts";
import { type Flow, LEASE_SECONDS, type Pipeline } from "../pipeline/index.js";

const LEASE = LEASE_SECONDS * 1000;
/** Signs of life in the time for which one of them counts. */
const RENEWALS = 5;
/** After so long without one the lease may have run out; the switch does not do at once what it is told. Milliseconds. */
const DOUBTFUL = (LEASE * 3) / 4;

const NEVER = Number.NEGATIVE_INFINITY;

/** What the switch is asked for; it does nothing while there is no switch. */
export interface LeaseActs {
  /** Has the switch put the flow there. */
  readonly grant: (flow: Flow) => void;
  /** Has the switch carry out the action, which renews the flow. */
  readonly renew: (action: LearnAction) => void;
  /** New connections may have gone direct; the lease is not renewed before `hold`. */
  readonly lapsed: () => void;
}

/** Holds the lease on new connections for as long as this process gets to run its timers. */
export class Lease {
  readonly #acts: LeaseActs;
  #pipeline: Pipeline | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewed = NEVER;

  constructor(acts: LeaseActs) {
    this.#acts = acts;
  }

  /** Renews at once and from now on, in this form. */
  hold(pipeline: Pipeline): void {
    this.#pipeline = pipeline;
    this.#timer ??= setInterval(() => this.#renew(), LEASE / RENEWALS);
    this.#renew();
  }

  /** The switch may have none: it is granted anew. */
  forget(): void {
    this.#renewed = NEVER;
  }

  /** Lets the lease run out. */
  drop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #renew(): void {
    const now = performance.now();
    const silent = now - this.#renewed;
    if (silent > DOUBTFUL && this.#renewed !== NEVER) {
      this.forget();
      this.drop();
      this.#acts.lapsed();
      return;
    }
    this.#renewed = now;
    if (silent > LEASE / 2) this.#acts.grant(this.#pipeline!.leaseFlow);
    else this.#acts.renew(this.#pipeline!.lease);
  }
}
