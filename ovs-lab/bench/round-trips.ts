import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Lab } from "../lab.js";

const INTERVAL_SECONDS = 0.05;

/** Pings from router to router while a load is on: what they take longer than the idle way is the queue's. */
export class RoundTrips {
  readonly #child: ChildProcess;
  readonly #times: number[] = [];

  constructor(lab: Lab) {
    const [a, b] = lab.topology.sites;
    const argv = ["ping", "-n", "-i", `${INTERVAL_SECONDS}`, b!.router.wan.ipv4];
    this.#child = lab.spawn(a!.router.name, argv, { detached: true, stdio: ["ignore", "pipe", "ignore"] });
    this.#child.on("error", () => {}); // then there are no times
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const time = / time=([\d.]+) ms/.exec(line)?.[1];
      if (time !== undefined) this.#times.push(Number(time));
    });
  }

  /** @returns milliseconds, of those that were answered */
  async end(): Promise<readonly number[]> {
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exit;
    }
    return this.#times;
  }
}
