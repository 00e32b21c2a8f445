import type { EdgeMemory } from "./edge/tcp/index.js";
import { formatBytes } from "./status-text.js";

export interface AdmissionOptions {
  readonly memory: EdgeMemory;
  /** Connections that the process has descriptors for. */
  readonly capacity: number;
  /** Connections that are open. */
  readonly open: () => number;
}

/**
 * Whether there is room for new connections, beside those that are open.
 *
 * | state | left by                                                                                        |
 * |-------|------------------------------------------------------------------------------------------------|
 * | room  | memory at its mark, or as many connections as there are descriptors for (→ full)               |
 * | full  | half of the memory is free, and a tenth of the connections that there are descriptors for (→ room) |
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #reason = "";

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Why there is no room; empty where there is. */
  get reason(): string {
    return this.#reason;
  }

  /** Looks again; returns whether anything has changed. */
  look(): boolean {
    const before = this.#reason;
    const now = this.#look();
    if ((now === "") === (before === "")) return false;
    this.#reason = now;
    return true;
  }

  #look(): string {
    const { memory, capacity, open } = this.#options;
    const wasFull = this.#reason !== "";
    const count = open();
    if (wasFull ? memory.pressed : memory.full) {
      return `connections hold ${formatBytes(memory.used)} of the ${formatBytes(memory.limit)} that they may`;
    }
    if (count >= (wasFull ? 0.9 : 1) * capacity) {
      return `${count} connections are open, there are descriptors for ${capacity}`;
    }
    return "";
  }
}
