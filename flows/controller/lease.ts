import type { LearnAction } from "openflow-ts";
import { type Flow, LEASE_SECONDS, type Pipeline } from "../pipeline/index.js";

const LEASE = LEASE_SECONDS * 1000;
/** Signs of life in the time for which one of them counts. */
const RENEWALS = 5;

/** What the switch is asked for; it does nothing while there is no switch. */
export interface LeaseActs {
  /** Has the switch put the flow there. */
  readonly grant: (flow: Flow) => void;
  /** Has the switch carry out the action, which renews the flow. */
  readonly renew: (action: LearnAction) => void;
}

/** Holds the lease on new connections for as long as this process gets to run its timers. */
export class Lease {
  readonly #acts: LeaseActs;
  #pipeline: Pipeline | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewed = Number.NEGATIVE_INFINITY;

  constructor(acts: LeaseActs) {
    this.#acts = acts;
  }

  /** Renews at once and from now on, in this form. */
  hold(pipeline: Pipeline): void {
    this.#pipeline = pipeline;
    this.#renew();
    this.#timer ??= setInterval(() => this.#renew(), LEASE / RENEWALS);
  }

  /** The switch may have none: it is granted anew. */
  forget(): void {
    this.#renewed = Number.NEGATIVE_INFINITY;
  }

  /** Lets the lease run out. */
  drop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #renew(): void {
    const now = performance.now();
    const lapsed = now - this.#renewed > LEASE / 2;
    this.#renewed = now;
    if (lapsed) this.#acts.grant(this.#pipeline!.leaseFlow);
    else this.#acts.renew(this.#pipeline!.lease);
  }
}
