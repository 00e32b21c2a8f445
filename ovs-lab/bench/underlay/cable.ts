import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { run, spawnCommand } from "../../command.js";
import { ip, namespacesOf, removeNamespaces } from "../../namespace.js";
import { BenchError } from "../error.js";
import type { Launch } from "../load-run.js";

const DEVICE = "wire";
const READY_WITHIN_MS = 20_000;
const POLL_MS = 50;
const LAST_WORDS = 400;

export const ends = { a: "10.77.0.1", b: "10.77.0.2" } as const;
export type End = keyof typeof ends;

function prefixOf(name: string): string {
  return `ovs-lab.${name}-cable.`;
}

/** Two namespaces that are joined by a plain veth: no switch, no WAN, nothing that is slower than the kernel. */
export class Cable {
  readonly #prefix: string;
  readonly #children: ChildProcess[] = [];

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What an earlier one of that name left goes first. */
  static async lay(name: string): Promise<Cable> {
    await Cable.remove(name);
    const cable = new Cable(prefixOf(name));
    const [a, b] = [cable.#space("a"), cable.#space("b")];
    await ip([`netns add ${a}`, `netns add ${b}`]);
    await ip([`link add ${DEVICE} netns ${a} type veth peer name ${DEVICE} netns ${b}`]);
    for (const end of ["a", "b"] as const) {
      const lines = ["link set lo up", `address add ${ends[end]}/24 dev ${DEVICE}`, `link set ${DEVICE} up`];
      await ip(lines, cable.#space(end));
    }
    return cable;
  }

  /** With every process that is still there. */
  static async remove(name: string): Promise<void> {
    await removeNamespaces(namespacesOf(prefixOf(name)));
  }

  launch(end: End): Launch {
    return (argv) => {
      const words = ["ip", "netns", "exec", this.#space(end), ...argv];
      const child = spawnCommand(words, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
      this.#children.push(child);
      return child;
    };
  }

  /** Starts a program that is to listen on a TCP port. @throws BenchError `CONTENDER_FAILED` */
  async serve(end: End, argv: readonly string[], port: number | undefined): Promise<ChildProcess> {
    const child = this.launch(end)(argv);
    let words = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        words = (words + text).slice(-LAST_WORDS);
      });
    }
    child.on("error", (error) => {
      words = error.message;
    });
    for (const until = Date.now() + READY_WITHIN_MS; port !== undefined; await sleep(POLL_MS)) {
      const ss = ["ip", "netns", "exec", this.#space(end), "ss", "-Hltn", "sport", "=", `:${port}`];
      if ((await run(ss)).stdout.trim() !== "") break;
      if (child.exitCode === null && Date.now() < until) continue;
      throw new BenchError("CONTENDER_FAILED", `${argv[0]} does not listen on port ${port}: ${words.trim()}`);
    }
    return child;
  }

  /** Ends what was started on it. */
  async clear(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
  }

  #space(end: End): string {
    return `${this.#prefix}${end}`;
  }
}
