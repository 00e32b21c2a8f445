import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spawnCommand } from "../command.js";
import { LabError } from "../errors.js";
import { namespacePath } from "../namespace.js";
import { patience } from "../patience.js";
import { askControl } from "./control.js";
import type { EmulatorConfiguration } from "./emulator.js";
import type { DirectedParameters } from "./lane.js";
import type { Wan, WanEnd, WanReport } from "./wan.js";

const READY_WITHIN_MS = 60_000 * patience;
const program = fileURLToPath(new URL("./emulator.js", import.meta.url));

export interface EmulatedWanOptions {
  readonly ends: readonly WanEnd[];
  /** The interface's name in each end's namespace. */
  readonly device: string;
  /** The namespace that the emulator's process is in; it needs none of its own, but there it is found. */
  readonly namespace: string;
  /** For its control socket and its log. */
  readonly directory: string;
  readonly seed: number;
}

/** The WAN as a process of our own, `emulator.ts`, that outlives whoever started it. */
export class EmulatedWan implements Wan {
  readonly #options: EmulatedWanOptions;
  readonly #control: string;
  readonly #log: string;

  constructor(options: EmulatedWanOptions) {
    this.#options = options;
    this.#control = `${options.directory}/wan.sock`;
    this.#log = `${options.directory}/wan.log`;
  }

  async start(pipes: readonly DirectedParameters[]): Promise<void> {
    const { ends, device, namespace, seed } = this.#options;
    const configuration: EmulatorConfiguration = {
      control: this.#control,
      seed,
      device,
      routers: ends.map((end) => ({
        namespace: namespacePath(end.namespace),
        address: end.hardwareAddress,
      })),
      pipes,
    };
    const log = openSync(this.#log, "a");
    const argv = ["ip", "netns", "exec", namespace, process.execPath, program, JSON.stringify(configuration)];
    const child = spawnCommand(argv, { detached: true, stdio: ["ignore", log, log] });
    closeSync(log);
    let ended = false;
    child.on("exit", () => {
      ended = true;
    });
    child.on("error", () => {
      ended = true;
    });
    child.unref();
    for (const until = Date.now() + READY_WITHIN_MS; ; ) {
      try {
        await this.report();
        return;
      } catch (error) {
        if (ended) throw new LabError("WAN_GONE", `the WAN emulator ended: ${this.#lastWords()}`);
        if (Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async set(pipes: readonly DirectedParameters[]): Promise<void> {
    await askControl(this.#control, { op: "set", pipes });
  }

  async link(up: boolean): Promise<void> {
    await askControl(this.#control, { op: "link", up });
  }

  report(reset = false): Promise<WanReport> {
    return askControl(this.#control, { op: "report", reset });
  }

  #lastWords(): string {
    const lines = readFileSync(this.#log, "utf8").trim().split("\n");
    return lines.find((line) => line.includes("Error")) ?? lines.at(-1) ?? "";
  }
}
