import { LAST_PEER } from "../pipeline/index.js";
import type { LookupTable } from "../table/index.js";

/** More peers have been seen than the pipeline's register can tell apart. */
export class TooManyPeersError extends Error {
  readonly code = "too-many-peers";

  constructor() {
    super(`the look-up table names more than ${LAST_PEER} peers; restart with fewer`);
    this.name = "TooManyPeersError";
  }
}

/** Numbers for the peers of look-up tables, in the order in which they are first seen. A peer keeps its number. */
export class PeerNumbers {
  readonly #numbers = new Map<string, number>();

  get numbers(): ReadonlyMap<string, number> {
    return this.#numbers;
  }

  /** Throws `TooManyPeersError`. */
  add(table: LookupTable): void {
    for (const { action } of table.entries) {
      if (action.type !== "optimize" || this.#numbers.has(action.peer)) continue;
      if (this.#numbers.size >= LAST_PEER) throw new TooManyPeersError();
      this.#numbers.set(action.peer, this.#numbers.size + 1);
    }
  }
}
