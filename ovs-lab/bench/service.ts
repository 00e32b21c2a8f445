import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isInstalled } from "../command.js";
import type { Lab } from "../lab.js";
import { BenchError } from "./error.js";

const READY_WITHIN_MS = 20_000;
const STOPPED_WITHIN_MS = 3_000;
const POLL_MS = 50;
const LAST_WORDS = 400;

export interface ServiceOptions {
  readonly lab: Lab;
  readonly node: string;
  readonly argv: readonly string[];
  /** It is ready once it listens on this TCP port; without one, at once. */
  readonly listensOn?: number;
}

/** A program that runs in a node of the lab for as long as it is needed. */
export class Service {
  readonly child: ChildProcess;
  readonly #options: ServiceOptions;
  #words = "";

  private constructor(options: ServiceOptions) {
    this.#options = options;
    // Of a process group of its own: an interrupt at the keyboard is ours to handle.
    this.child = options.lab.spawn(options.node, options.argv, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const listen = (text: string) => {
      this.#words = (this.#words + text).slice(-LAST_WORDS);
    };
    this.child.stdout!.setEncoding("utf8").on("data", listen);
    this.child.stderr!.setEncoding("utf8").on("data", listen);
    this.child.on("error", (error) => listen(error.message));
  }

  /** @throws BenchError `NOT_INSTALLED`, `CONTENDER_FAILED` */
  static async start(options: ServiceOptions): Promise<Service> {
    const [program = ""] = options.argv;
    if (!program.startsWith("/") && !isInstalled(program)) {
      throw new BenchError("NOT_INSTALLED", `${program} is not installed; \`npm run bench\` installs it`);
    }
    const service = new Service(options);
    await service.#ready();
    return service;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGTERM");
    const stubborn = setTimeout(() => this.child.kill("SIGKILL"), STOPPED_WITHIN_MS);
    await exit;
    clearTimeout(stubborn);
  }

  async #ready(): Promise<void> {
    const { lab, node, argv, listensOn } = this.#options;
    if (listensOn === undefined) return;
    for (const until = Date.now() + READY_WITHIN_MS; ; await sleep(POLL_MS)) {
      const { stdout } = await lab.exec(node, ["ss", "-Hltn", "sport", "=", `:${listensOn}`]);
      if (stdout.trim() !== "") return;
      if (!this.ended && Date.now() < until) continue;
      const what = this.ended ? "has ended" : `does not listen on port ${listensOn}`;
      const words = this.#words.trim().split("\n").at(-1);
      await this.stop();
      throw new BenchError("CONTENDER_FAILED", `${argv[0]} on ${node} ${what}${words ? `: ${words}` : ""}`);
    }
  }
}
