import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { listening, SERVER, statusOf } from "../end-to-end/site.js";

const PORT = 9000;
const SITES = ["a", "b"] as const;
/** Milliseconds. */
const LOOK_INTERVAL = 50;

/** What the clients say of a task. */
export interface Outcome {
  readonly well: number;
  /** By their codes. */
  readonly errors: Readonly<Record<string, number>>;
  readonly milliseconds: number;
}

/** How one site's plugin is. */
export interface Sample {
  readonly site: string;
  readonly connections: Status["connections"];
  /** Bytes. */
  readonly resident: number;
  readonly heap: number;
  readonly held: number;
  readonly descriptors: number;
  /** Seconds on the CPU since its start, of the main thread and of all others. */
  readonly mainTime: number;
  readonly otherTime: number;
}

/** The most of a plugin's memory, in bytes. */
export interface Most {
  readonly site: string;
  resident: number;
  held: number;
}

/** Two sites with plugins, one server, and one process of clients that opens as many connections as it is told to. */
export class Soak {
  readonly lab: Lab;
  readonly #server: ChildProcess;
  readonly #clients: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(lab: Lab, server: ChildProcess, clients: ChildProcess) {
    this.lab = lab;
    this.#server = server;
    this.#clients = clients;
    this.#answers = createInterface({ input: clients.stdout! })[Symbol.asyncIterator]();
  }

  static async begin(name: string): Promise<Soak> {
    const lab = await Lab.up({ name, rate: "200mbit", rtt: "20ms" });
    try {
      // One client's ports would be used up by those of the last minute.
      const settings = ["net.ipv4.ip_local_port_range=1024 65535", "net.ipv4.tcp_tw_reuse=1"];
      await lab.exec("client", ["sysctl", "-qw", ...settings]);
      const program = (name: string) => [
        process.execPath,
        join(import.meta.dirname, `${name}.js`),
        SERVER,
        `${PORT}`,
      ];
      const server = lab.spawn("server", program("server"), { stdio: ["ignore", "inherit", "inherit"] });
      await listening(lab, "server", PORT);
      const clients = lab.spawn("client", program("clients"), { stdio: ["pipe", "pipe", "inherit"] });
      return new Soak(lab, server, clients);
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** Has the clients do something; see clients.ts. */
  async task(task: Readonly<Record<string, number | boolean>>): Promise<Outcome> {
    this.#clients.stdin!.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the clients have ended");
    return JSON.parse(value as string) as Outcome;
  }

  /** The same, with the most that each plugin's process has had resident, and has held for connections, meanwhile. */
  async watch(
    task: Readonly<Record<string, number | boolean>>,
  ): Promise<Outcome & { readonly most: Most[] }> {
    const most = (await this.samples()).map(({ site, resident, held }) => ({ site, resident, held }));
    const looking = new AbortController();
    const looks = (async () => {
      while (!looking.signal.aborted) {
        for (const [i, { resident, held }] of (await this.samples()).entries()) {
          most[i]!.resident = Math.max(most[i]!.resident, resident);
          most[i]!.held = Math.max(most[i]!.held, held);
        }
        await sleep(LOOK_INTERVAL);
      }
    })();
    const outcome = await this.task(task);
    looking.abort();
    await looks;
    return { ...outcome, most };
  }

  samples(): Promise<Sample[]> {
    return Promise.all(SITES.map((site) => this.#sample(site)));
  }

  async #sample(site: string): Promise<Sample> {
    const status = await statusOf(this.lab, site);
    const { pid, connections, memory } = status;
    const times = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      return { isMain: thread === `${pid}`, seconds: Number(nanoseconds) / 1e9 };
    });
    const sum = (main: boolean) =>
      times.filter(({ isMain }) => isMain === main).reduce((total, { seconds }) => total + seconds, 0);
    return {
      site,
      connections,
      resident: memory.resident_bytes,
      heap: memory.heap_bytes,
      held: memory.edge_bytes,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      mainTime: sum(true),
      otherTime: sum(false),
    };
  }

  async end(): Promise<void> {
    const children = [this.#clients, this.#server].filter(({ exitCode }) => exitCode === null);
    const ended = children.map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(ended);
    await this.lab.down();
  }
}
