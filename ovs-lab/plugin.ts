import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { formatKey, writeKeyFile } from "../driver/security/index.js";
import { request } from "../plugin/control.js";
import { spawnCommand } from "./command.js";
import { LabError } from "./errors.js";
import { commandLine, kill, parentOf, processesIn } from "./namespace.js";
import type { PluginOverlays } from "./options.js";
import { patience } from "./patience.js";
import { BRIDGE, type Site, type Topology } from "./topology.js";

const program = fileURLToPath(new URL("../../plugin/bin/ovs-tpo", import.meta.url));

const MOVER_PORT = 4754;
const STOPPED_WITHIN_MS = 10_000 * patience;
const STATUS_WITHIN_MS = 10_000;
const STATUS_EVERY_MS = 100;
const LOG_TAIL_LINES = 10;

/** "steering": the switch is in the plugin's hands. "all": its sessions with all peers are up as well. */
export type Readiness = "steering" | "all";

/** What the lab needs of the plugin's status. */
interface PluginStatus {
  readonly state: string;
  readonly reason?: string;
  readonly steering?: { readonly state: string; readonly reason?: string };
}

/** One site's ovs-tpo: its configuration, and its process in the switch's namespace. */
export class SitePlugin {
  readonly config: string;
  readonly keyFile: string;
  readonly log: string;
  readonly socket: string;
  readonly #site: Site;
  /** The process that was started here, if one was. */
  #started: { ended: boolean } | undefined;

  /** @param directory the switch's, where OVS's own files are as well */
  constructor(site: Site, directory: string) {
    this.#site = site;
    this.config = `${directory}/ovs-tpo.yaml`;
    this.keyFile = `${directory}/ovs-tpo.key`;
    this.log = `${directory}/ovs-tpo.log`;
    this.socket = `${directory}/ovs-tpo.sock`;
  }

  /** The running process, or undefined. It is looked for, not remembered: it may have ended by itself, or been started anew. */
  get pid(): number | undefined {
    const { namespace } = this.#site.switch;
    const found = processesIn([namespace])
      .get(namespace)!
      .filter((pid) => {
        const words = commandLine(pid);
        return words.includes(program) && words.includes("run") && words.includes(this.config);
      });
    // Between fork and exec, a program that the plugin runs looks like the plugin.
    return found.find((pid) => !found.includes(parentOf(pid) ?? -1));
  }

  /** @returns the public key, as the other sites are told it */
  makeKey(): string {
    return formatKey(writeKeyFile(this.keyFile).publicKey);
  }

  /** @param publicKeys by the sites' names */
  configure(
    topology: Topology,
    directory: string,
    publicKeys: ReadonlyMap<string, string>,
    overlays: PluginOverlays,
  ): void {
    const { keyFile, socket } = this;
    const configuration = defaultConfiguration(this.#site, topology, {
      directory,
      keyFile,
      socket,
      publicKeys,
    });
    const overlaid = [overlays["all"], overlays[this.#site.name]].reduce<Mapping>(overlay, configuration);
    writeFileSync(this.config, stringify(overlaid));
  }

  /** Does not wait for it to be ready; see {@link ready}. @throws LabError `PLUGIN_FAILED` if it runs already */
  start(): void {
    const { namespace, site } = this.#site.switch;
    const running = this.pid;
    if (running !== undefined) {
      throw new LabError("PLUGIN_FAILED", `site ${site}: the plugin is running already (pid ${running})`);
    }
    const log = openSync(this.log, "a");
    const argv = [
      "ip",
      "netns",
      "exec",
      namespace,
      process.execPath,
      program,
      "run",
      "--config",
      this.config,
    ];
    // Each has its own: the exit of one may be heard of after the next has been started.
    const started = { ended: false };
    this.#started = started;
    const end = () => {
      started.ended = true;
    };
    spawnCommand(argv, { detached: true, stdio: ["ignore", log, log] })
      .on("error", end)
      .on("exit", end)
      .unref();
    closeSync(log);
  }

  /** Ends it in good order; returns when it is gone. Without one running there is nothing to do. @throws LabError `PLUGIN_FAILED` */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** @param within milliseconds @throws LabError `PLUGIN_FAILED` if it ends, `NOT_READY` if the time does; both with the log's last lines */
  async ready(readiness: Readiness, within: number): Promise<void> {
    const { name } = this.#site;
    const started = Date.now();
    let last = "it does not answer";
    for (;;) {
      const status = await this.#status();
      if (status !== undefined) {
        const part = readiness === "steering" ? (status.steering ?? status) : status;
        if (part.state === "in-sync") return;
        last = `state ${part.state}${part.reason ? ` (${part.reason})` : ""}`;
      }
      const waited = Date.now() - started;
      if (this.#started?.ended ?? this.pid === undefined) {
        throw new LabError("PLUGIN_FAILED", `site ${name}: the plugin has ended${this.#tail()}`);
      }
      if (waited > within) {
        const seconds = Math.round(within / 1000);
        throw new LabError(
          "NOT_READY",
          `site ${name}: after ${seconds} s the plugin is not in sync: ${last}${this.#tail()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, STATUS_EVERY_MS));
    }
  }

  /** Undefined while it says nothing. Asked for directly: a process for each question would slow what it asks about. */
  async #status(): Promise<PluginStatus | undefined> {
    const answer = request(this.socket, "status", undefined, STATUS_WITHIN_MS);
    return (await answer.catch(() => undefined)) as PluginStatus | undefined;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    kill(pid, signal);
    const until = Date.now() + STOPPED_WITHIN_MS;
    while (commandLine(pid).length > 0) {
      if (Date.now() > until) {
        const seconds = STOPPED_WITHIN_MS / 1000;
        throw new LabError(
          "PLUGIN_FAILED",
          `site ${this.#site.name}: the plugin (pid ${pid}) does not end within ${seconds} s of ${signal}${this.#tail()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #tail(): string {
    if (!existsSync(this.log)) return "";
    const lines = readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES);
    return `; the last lines of its log:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  }
}

type Mapping = Readonly<Record<string, unknown>>;

/** Mappings are merged, everything else is replaced. */
function overlay(under: Mapping, over: Mapping = {}): Mapping {
  const merged = Object.entries(over).map(([key, value]) => {
    const below = under[key];
    return [key, isMapping(below) && isMapping(value) ? overlay(below, value) : value];
  });
  return { ...under, ...Object.fromEntries(merged) };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface OwnFiles {
  readonly directory: string;
  readonly keyFile: string;
  readonly socket: string;
  readonly publicKeys: ReadonlyMap<string, string>;
}

/** All TCP between the sites' first hosts, either way round, goes through the plugins; other hosts are the control. */
function defaultConfiguration(site: Site, topology: Topology, own: OwnFiles): Mapping {
  const { directory, keyFile, socket, publicKeys } = own;
  const others = topology.sites.filter((other) => other !== site);
  const firstHost = ({ hosts }: Site) => hosts[0]!.addresses[0]!.replace(/\/.*/, "");
  const mover = ({ plugin }: Site) => `${plugin.ipv4}:${MOVER_PORT}`;
  return {
    site: site.name,
    key_file: keyFile,
    ovs: { bridge: BRIDGE, database: `unix:${directory}/db.sock`, run_dir: directory },
    port: {
      name: "tpo0",
      addresses: [`${site.plugin.ipv4}/24`, `${site.plugin.ipv6}/64`],
      gateways: [site.gateways.ipv4, site.gateways.ipv6],
    },
    mover: { listen: mover(site) },
    peers: Object.fromEntries(
      others.map((other) => [other.name, { address: mover(other), public_key: publicKeys.get(other.name) }]),
    ),
    table: others.map((other) => ({
      protocol: "tcp",
      source: firstHost(site),
      destination: firstHost(other),
      action: "optimize",
      peer: other.name,
    })),
    control: { socket },
    log: { level: "info" },
  };
}
