import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { Lab, type LabOptions } from "../../ovs-lab/index.js";
import { request } from "../../plugin/control.js";
import type { Status } from "../../plugin/status.js";
import { listening, until } from "../end-to-end/site.js";
import { Openings } from "./openings.js";

/** Greets whoever connects, and ends when the client does. */
export const GREETER = 9100;
/** Says again what it hears. */
export const ECHO = 9101;

const SERVERS = `
const net = require("node:net");
net.createServer((s) => s.on("error", () => {}).on("data", () => {}).write("ok")).listen(${GREETER});
net.createServer((s) => s.on("error", () => {}).pipe(s)).listen(${ECHO});`;

/** The first hosts' connections are taken, the second hosts' are not. */
export const hosts = {
  client: "10.1.0.11",
  server: "10.2.0.11",
  foreignServer: "10.2.0.12",
};

/** A lab with both plugins, servers on all hosts of site b and on the client, and hands to break things with. */
export class Ground {
  readonly lab: Lab;
  readonly #servers: ChildProcess[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async up(name: string, options: LabOptions = {}): Promise<Ground> {
    const ground = new Ground(await Lab.up({ rate: "100mbit", rtt: "20ms", ...options, name }));
    try {
      for (const node of ["client", "server", "b-host2"]) {
        ground.#servers.push(ground.lab.spawn(node, [process.execPath, "-e", SERVERS], { stdio: "inherit" }));
        await listening(ground.lab, node, ECHO);
      }
      return ground;
    } catch (error) {
      await ground.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    for (const server of this.#servers) {
      const ended = once(server, "exit");
      if (server.kill("SIGKILL")) await ended;
    }
    await this.lab.down();
  }

  /** What `ovs-tpo status` says at a site; undefined where nobody answers within so many milliseconds. */
  async status(site = "a", within = 1000): Promise<Status | undefined> {
    const socket = `${this.lab.directory}/${site}/ovs-tpo.sock`;
    return (await request(socket, "status", undefined, within).catch(() => undefined)) as Status | undefined;
  }

  /** Until the state at a site is that. */
  async reaches(state: string, site = "a", within?: number): Promise<void> {
    let last: string | undefined;
    await until(
      `site ${site} is ${state}`,
      async () => {
        last = (await this.status(site))?.state;
        return last === state;
      },
      within,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${last ?? "silent"}`);
    });
  }

  /** The states that the steering at site a entered from a time on, as its log has them. */
  states(since: number): string[] {
    const path = `${this.lab.directory}/a/ovs-tpo.log`;
    const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    return lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { time: number | string; state?: string })
      .filter(({ time, state }) => state !== undefined && new Date(time).getTime() >= since)
      .map(({ state }) => state!);
  }

  async pid(site = "a"): Promise<number> {
    const status = await this.lab.status();
    const { pid } = status.sites.find(({ name }) => name === site)!.plugin;
    assert.ok(pid !== null, `the plugin of site ${site} runs`);
    return pid;
  }

  /** Runs a command where site a's switch is; it must succeed. */
  async inSwitch(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.lab.exec("a-switch", words);
    assert.equal(status, 0, `${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  vsctl(...words: string[]): Promise<string> {
    return this.inSwitch("ovs-vsctl", `--db=unix:${this.lab.directory}/a/db.sock`, ...words);
  }

  ofctl(command: string, ...words: string[]): Promise<string> {
    const bridge = `${this.lab.directory}/a/br0.mgmt`;
    return this.inSwitch("ovs-ofctl", "-O", "OpenFlow15", command, bridge, ...words);
  }

  /** The client's connections to the server, one every 20 ms; `through` waits until they are taken. */
  async openings({ through = true } = {}): Promise<Openings> {
    const openings = await Openings.start(this.lab, "client", hosts.server, GREETER);
    if (through) await openings.first("optimized", Date.now() - 1000, 15_000);
    return openings;
  }
}

/** Milliseconds from a time, for people. */
export function told(t: TestContext, what: string, from: number, to: number): void {
  t.diagnostic(`${what}: ${Math.round(to - from)} ms`);
}
