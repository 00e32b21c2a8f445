import { BlockPool } from "./byte-queue.js";

/** How much the connections of this process hold, of what they may: data on its way between the LAN and the driver. */
export class EdgeMemory {
  readonly blocks = new BlockPool();
  readonly limit: number;
  #used = 0;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Windows stop growing at half of the ceiling, so that those who have one can still use it. */
  get mayGrow(): boolean {
    return this.#used < this.limit / 2;
  }

  /** No new connection past the ceiling. */
  get full(): boolean {
    return this.#used >= this.limit;
  }

  /** Less is held where `bytes` is negative. */
  take(bytes: number): void {
    this.#used += bytes;
  }
}
