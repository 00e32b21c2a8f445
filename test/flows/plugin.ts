import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ListedFlow, SteeringState } from "../../flows/index.js";
import type { TestSwitch } from "./ovs.js";
import type { PluginCommand, PluginOptions } from "./plugin-process.js";

export interface PluginEvent {
  readonly event: "state" | "repaired" | "port" | "list" | "explained" | "applied" | "translated";
  readonly state?: SteeringState;
  readonly reason?: string;
  readonly done?: boolean;
  readonly flows?: number | readonly ListedFlow[];
  readonly because?: readonly string[];
  readonly mac?: string;
  readonly ofport?: number;
  readonly ifindex?: number;
}

const PROGRAM = fileURLToPath(new URL("plugin-process.js", import.meta.url));

/** A plugin process on a test switch, as its test sees it. */
export class PluginProcess {
  readonly events: PluginEvent[] = [];
  readonly #child: ChildProcess;
  #waiting: (() => void) | undefined;

  constructor(ovs: TestSwitch, options: Omit<PluginOptions, "runDirectory">) {
    const argument = JSON.stringify({ runDirectory: ovs.directory, ...options } satisfies PluginOptions);
    this.#child = ovs.spawn(process.execPath, ["--enable-source-maps", PROGRAM, argument]);
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.events.push(JSON.parse(line) as PluginEvent);
      this.#waiting?.();
    });
  }

  get states(): (SteeringState | undefined)[] {
    return this.events.filter(({ event }) => event === "state").map(({ state }) => state);
  }

  /** Resolves with the first event after number `from` that is as asked for. */
  async event(
    wanted: (event: PluginEvent) => boolean,
    from = 0,
    milliseconds = 20_000,
  ): Promise<PluginEvent> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const found = this.events.slice(from).find(wanted);
      if (found) return found;
      if (Date.now() > end)
        throw new Error(`not seen in ${milliseconds} ms; events: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  /** Resolves when the state has become `state` after event number `from`. */
  async reaches(state: SteeringState, from = 0): Promise<PluginEvent> {
    return this.event((event) => event.state === state, from);
  }

  tell(command: PluginCommand): void {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
  }

  /** As an administrator does it: by asking, and if that takes too long, by force. */
  async stop(): Promise<void> {
    if (this.#over) return;
    this.tell({ do: "stop" });
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
    await once(this.#child, "exit");
    clearTimeout(force);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#over) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
