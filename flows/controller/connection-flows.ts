import { setTimeout as sleep } from "node:timers/promises";
import type { BridgeFlows } from "./bridge-flows.js";

/** Milliseconds between two counts. */
const INTERVAL = 1000;
/** Milliseconds between two sweeps: each has the switch list all its connections. */
const SWEEP_INTERVAL = 10_000;
/** Seconds that a connection whose SYN was taken has for its second packet. */
const PATIENCE = 10;

export interface ConnectionFlowsOptions {
  readonly flows: BridgeFlows;
  /** Connections that the switch may remember for us. */
  readonly limit: number;
  /** Whether the switch can be asked now. */
  readonly attached: () => boolean;
  /** `crowded` has changed. */
  readonly changed: (crowded: boolean) => void;
}

/**
 * Watches over the flows that the switch learns from SYNs: a flood of SYNs is a flood of flows, of which nobody but the
 * switch knows, since a SYN that is not followed up never reaches the plugin.
 *
 * From half of the limit on those are removed that nothing has followed; past the limit the switch is crowded, until it
 * is down to half.
 */
export class ConnectionFlows {
  readonly #options: ConnectionFlowsOptions;
  #count = 0;
  #crowded = false;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #stopped = new AbortController();

  constructor(options: ConnectionFlowsOptions) {
    this.#options = options;
  }

  /** As of the last count. */
  get count(): number {
    return this.#count;
  }

  /** Whether they are too many, and nothing new is to be taken. */
  get crowded(): boolean {
    return this.#crowded;
  }

  start(): void {
    this.#stopped = new AbortController();
    void this.#run(this.#stopped.signal);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const pause = () => sleep(INTERVAL, undefined, { signal, ref: false }).catch(() => undefined);
    for (await pause(); !signal.aborted; await pause()) {
      // A switch that does not answer is the steering's to tell of.
      if (this.#options.attached()) await this.#look().catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { flows, limit, changed } = this.#options;
    this.#count = await flows.countLearned();
    const crowded = this.#count > (this.#crowded ? limit / 2 : limit);
    if (crowded !== this.#crowded) {
      this.#crowded = crowded;
      changed(crowded);
    }
    const now = performance.now();
    if (this.#count <= limit / 2 || now - this.#sweptAt < SWEEP_INTERVAL) return;
    this.#sweptAt = now;
    await flows.removeBarren(PATIENCE);
  }
}
