/** Two network namespaces: `host`, with a device that stands in for the switch's port, and `lan` at its other end. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface, type Interface } from "node:readline";
import { promisify } from "node:util";
import type { HostRulesOptions } from "../../plugin/host/index.js";

const execute = promisify(execFile);

/** What a host process answered with an error. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A process of `host-process.ts` in a namespace. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((line: string) => void)[] = [];

  constructor(namespace: string, options?: HostRulesOptions) {
    const program = new URL("./host-process.js", import.meta.url).pathname;
    const args = ["netns", "exec", namespace, process.execPath, program, JSON.stringify(options ?? null)];
    const child = spawn("ip", args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#lines.on("line", (line) => this.#waiting.shift()?.(line));
  }

  async ask(verb: string, ...args: (string | number)[]): Promise<string> {
    const answer = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin?.write(`${JSON.stringify([verb, ...args.map(String)])}\n`);
    const { result, error } = JSON.parse(await answer);
    if (error !== undefined) throw new Refusal(error.code, error.message);
    return result;
  }

  /** `ip netns exec` becomes the program that it runs, so this is the process itself. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill(signal);
    await exit;
  }
}

export class HostLab {
  readonly host: string;
  readonly lan: string;
  readonly #processes: HostProcess[] = [];

  private constructor(tag: string) {
    this.host = `hostrules-${tag}-host`;
    this.lan = `hostrules-${tag}-lan`;
  }

  static async create(): Promise<HostLab> {
    const lab = new HostLab(randomBytes(3).toString("hex"));
    for (const namespace of [lab.host, lab.lan]) {
      await execute("ip", ["netns", "add", namespace]);
      await lab.in(namespace, "ip link set lo up");
    }
    await lab.connect();
    return lab;
  }

  /** Makes the switch's port, anew if it has vanished. */
  async connect(): Promise<void> {
    await this.in(this.host, `ip link add tpo0 type veth peer name eth0 netns ${this.lan}`);
    await this.in(
      this.lan,
      `ip link set eth0 up
       ip address add 10.1.0.11/24 dev eth0
       ip address add fd00:1::b/64 dev eth0 nodad
       ip route add default via 10.1.0.2 dev eth0
       ip -6 route add default via fd00:1::2 dev eth0`,
    );
  }

  async in(namespace: string, script: string): Promise<string> {
    return (await execute("ip", ["netns", "exec", namespace, "sh", "-ec", script])).stdout;
  }

  start(namespace: string, options?: HostRulesOptions): HostProcess {
    const started = new HostProcess(namespace, options);
    this.#processes.push(started);
    return started;
  }

  /** All that the host rules could change, line by line: rules, routes, nftables, sysctls, addresses and links. */
  async dump(): Promise<string[]> {
    const text = await this.in(
      this.host,
      `for f in -4 -6; do ip $f rule | sort; ip $f route show table all | sort; done
       nft list ruleset
       ip -o link show
       ip -o address show scope global
       cd /proc/sys/net; grep -r . ipv4/conf ipv6/conf ipv4/fwmark_reflect ipv6/fwmark_reflect ipv4/ip_forward | sort`,
    );
    return text
      .split("\n")
      .map((line) => line.replace(/ (state|qdisc) \w+/g, ""))
      .filter((line) => !/stable_secret|(fe80|ff00|anycast).* dev tpo0/.test(line));
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end("SIGKILL")));
    for (const namespace of [this.host, this.lan]) await execute("ip", ["netns", "delete", namespace]);
  }
}
