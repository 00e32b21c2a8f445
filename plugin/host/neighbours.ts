/**
 * Neighbours on the LAN that do not answer.
 *
 * To a socket that is bound to one of the host's own addresses the kernel reports such a neighbour (EHOSTUNREACH), by an
 * ICMP error to itself. A transparent socket has the client's address, and would hear nothing before its time-out.
 */

import { lansOf, nextHop, type PortConfig } from "../config/index.js";
import { run } from "./command.js";

const INTERVAL = 500;

interface Watch {
  readonly neighbour: string;
  readonly since: number;
  readonly lost: () => void;
}

/** Of `ip -json neigh show`. */
interface ShownNeighbour {
  readonly dst: string;
}

/** Watches for neighbours to fail, for as long as somebody waits for one. */
export class Neighbours {
  readonly #port: PortConfig;
  readonly #watches = new Set<Watch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(port: PortConfig) {
    this.#port = port;
  }

  /** Calls `lost` once if the neighbour towards `destination` fails before the function that this returns is called. */
  watch(destination: string, lost: () => void): () => void {
    const neighbour = this.#towards(destination);
    if (neighbour === undefined) return () => {};
    const watch = { neighbour, since: performance.now(), lost };
    this.#watches.add(watch);
    this.#schedule();
    return () => {
      this.#watches.delete(watch);
    };
  }

  #towards(destination: string): string | undefined {
    return nextHop(this.#port, { family: destination.includes(":") ? 6 : 4, address: destination })?.address;
  }

  #schedule(): void {
    if (this.#watches.size === 0) return;
    this.#timer ??= setTimeout(() => void this.#look(), INTERVAL).unref();
  }

  async #look(): Promise<void> {
    const asked = performance.now();
    // What was known of a neighbour before somebody sent something there may have been long ago. Where most are answered
    // at once, nobody has waited long enough, and there is nothing to ask: to start a program holds up everything else.
    const waiting = [...this.#watches].filter(({ since }) => asked - since >= INTERVAL / 2);
    // Where the device is gone, sockets end by themselves.
    const failed = waiting.length === 0 ? [] : await this.#failed().catch(() => []);
    this.#timer = undefined;
    for (const watch of waiting) {
      if (failed.includes(watch.neighbour) && this.#watches.delete(watch)) watch.lost();
    }
    this.#schedule();
  }

  async #failed(): Promise<string[]> {
    const shown = lansOf(this.#port).map(({ name }) =>
      run("ip", ["-json", "neigh", "show", "dev", name, "nud", "failed"]),
    );
    return (await Promise.all(shown)).flatMap((output) =>
      (JSON.parse(output) as ShownNeighbour[]).map(({ dst }) => dst),
    );
  }
}
