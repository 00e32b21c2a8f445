import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandResult, Lab } from "../../ovs-lab/index.js";
import { patience } from "../../ovs-lab/patience.js";
import { request } from "../../plugin/control.js";
import type { Status } from "../../plugin/status.js";

export const SERVER = "10.2.0.11";
export const SERVER6 = "fd00:2::11";

/** Kills a site's plugin, and gives the switch the time that it may take until new connections pass it by. */
export async function killPlugin(lab: Lab, site: string): Promise<void> {
  await lab.plugin(site).kill();
  await sleep(100 * patience);
}

/** nginx on a lab's node, with files to fetch and a log of who fetched them from which port. */
export class WebServer {
  readonly directory: string;
  readonly #process: ChildProcess;

  private constructor(directory: string, process: ChildProcess) {
    this.directory = directory;
    this.#process = process;
  }

  static async start(lab: Lab, node: string, ...addresses: string[]): Promise<WebServer> {
    const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-web-"));
    const configuration = [
      `daemon off; user root; pid ${directory}/nginx.pid; error_log ${directory}/error.log; worker_processes 1;`,
      "events { worker_connections 4096; }",
      `http { log_format who '$remote_addr:$remote_port $server_addr:$server_port $uri $status';`,
      ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (use) => `${use}_temp_path ${directory}/${use};`,
      ),
      `access_log ${directory}/access.log who;`,
      `server { ${addresses.map((address) => `listen ${inUrl(address)}:80; `).join("")}root ${directory}; } }`,
    ].join("\n");
    writeFileSync(join(directory, "nginx.conf"), configuration);
    const process = lab.spawn(
      node,
      ["nginx", "-e", `${directory}/error.log`, "-c", `${directory}/nginx.conf`],
      {
        stdio: "inherit",
      },
    );
    const server = new WebServer(directory, process);
    await until("nginx answers", async () => {
      const { status } = await lab.exec(node, [
        "curl",
        "-sf",
        "-o",
        "/dev/null",
        "-I",
        `http://${inUrl(addresses[0]!)}/nginx.conf`,
      ]);
      return status === 0;
    });
    return server;
  }

  /** Makes a file of random bytes to fetch; returns its SHA-256. */
  put(name: string, size: number): string {
    const bytes = randomBytes(size);
    writeFileSync(join(this.directory, name), bytes);
    return sha256(bytes);
  }

  /** Lines of the access log: client, server, path, status. */
  log(): string[] {
    return readFileSync(join(this.directory, "access.log"), "utf8").trim().split("\n");
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await ended;
    rmSync(this.directory, { recursive: true });
  }
}

/** An address as URLs have it. */
export function inUrl(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** What a site's plugin says of itself. */
export async function statusOf(lab: Lab, site: string): Promise<Status> {
  return (await request(`${lab.directory}/${site}/ovs-tpo.sock`, "status")) as Status;
}

/** How many connections it has carried. */
export async function carried(lab: Lab, site: string): Promise<number> {
  return (await statusOf(lab, site)).connections.total;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Waits for a condition that is on its way, for at most ten seconds, times the lab's patience. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  within = 10_000,
): Promise<void> {
  const limit = within * patience;
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await sleep(20);
  }
}

/** Waits until somebody listens at a TCP port of a node. */
export function listening(lab: Lab, node: string, port: number): Promise<void> {
  return until(`${node} listens at port ${port}`, async () => {
    const { stdout } = await lab.exec(node, ["ss", "-ltnH"]);
    return stdout.includes(`:${port} `);
  });
}

/** What crosses a node's device, by default a router's towards the WAN, as tcpdump tells it, from when this resolves. */
export class Capture {
  readonly #process: ChildProcess;
  #text = "";

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout?.on("data", (text) => {
      this.#text += text;
    });
  }

  static async start(lab: Lab, node: string, filter: string, device = "wan0"): Promise<Capture> {
    const process = lab.spawn(
      node,
      ["tcpdump", "-i", device, "-nn", "-q", "-l", "--immediate-mode", filter],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let said = "";
    process.stderr?.on("data", (text) => {
      said += text;
    });
    const capture = new Capture(process);
    await until("tcpdump captures", () => said.includes("listening on"));
    return capture;
  }

  /** A line for each packet so far. */
  get packets(): string[] {
    return this.#text.split("\n").filter((line) => / IP6? /.test(line));
  }

  /** Ends it; of the very last packets some may be missing. */
  async stop(): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill("SIGINT");
    await ended;
  }
}

/** Runs JavaScript on a node. `net` is there; what it prints is the result. */
export function script(lab: Lab, node: string, body: string, timeout = 30_000): Promise<CommandResult> {
  return lab.exec(node, [process.execPath, "-e", `const net = require("node:net");\n${body}`], { timeout });
}

/** What `ovs-ofctl` and `ovs-vsctl` say of a site's bridge, without what changes by itself: to compare before and after. */
export async function bridgeDump(lab: Lab, site: string, name = "br0"): Promise<string> {
  const runDirectory = `${lab.directory}/${site}`;
  const bridge = `${runDirectory}/${name}.mgmt`;
  const database = `--db=unix:${runDirectory}/db.sock`;
  const dumps = await Promise.all([
    ...[["dump-flows", "--no-stats"], ["dump-groups"], ["dump-meters"]].map(([command, ...options]) =>
      lab.exec(`${site}-switch`, ["ovs-ofctl", "-O", "OpenFlow15", ...options, command!, bridge]),
    ),
    lab.exec(`${site}-switch`, ["ovs-vsctl", database, "list-br"]),
    lab.exec(`${site}-switch`, ["ovs-vsctl", database, "list-ports", name]),
    lab.exec(`${site}-switch`, [
      ...["ovs-vsctl", database, "--columns=name,ofport,ofport_request,mtu_request,external_ids,options"],
      ...["list", "Interface"],
    ]),
  ]);
  return dumps.map(({ stdout }) => stdout.replaceAll(/ ?\(xid=[^)]*\)/g, "")).join("--\n");
}

/** The host's own rules where the plugin runs: nftables, policy rules, routes and addresses. */
export async function hostDump(lab: Lab, site: string): Promise<string> {
  const commands = [
    ["nft", "list", "ruleset"],
    ["ip", "rule"],
    ["ip", "-6", "rule"],
    ["ip", "route", "show", "table", "all"],
    ["ip", "-brief", "address"],
  ];
  const outputs = await Promise.all(commands.map((command) => lab.exec(`${site}-switch`, command)));
  return outputs.map(({ stdout }) => stdout).join("--\n");
}
