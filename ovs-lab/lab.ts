import type { ChildProcess, SpawnOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { type CommandOptions, type CommandResult, isInstalled, run, spawnCommand } from "./command.js";
import { LabError } from "./errors.js";
import { isRunning, namespacesOf, processId, removeNamespaces } from "./namespace.js";
import { buildSites, connectSites, setWanMtu } from "./network.js";
import { checkName, DEFAULT_NAME, type LabOptions, mergeWan, plan } from "./options.js";
import { patience } from "./patience.js";
import { SitePlugin } from "./plugin.js";
import { type LabState, labNames, StateDirectory } from "./state.js";
import { describe, type LabStatus, observe } from "./status.js";
import { availableDatapath, OvsSwitch } from "./switch.js";
import { namespacePrefix, type Site, Topology, WAN_DEVICE } from "./topology.js";
import { EmulatedWan } from "./wan/emulated.js";
import type { DirectedParameters } from "./wan/lane.js";
import { NetemWan } from "./wan/netem.js";
import { parseMtu, pipeParameters, type WanSettings } from "./wan/settings.js";
import type { Wan } from "./wan/wan.js";

const READY_WITHIN_MS = 60_000 * patience;

/** One direction of the WAN, by sites' names. */
export interface DirectionName {
  readonly from: string;
  readonly to: string;
}

/** What a site's plugin can be told; each returns when it is done. */
export interface PluginControl {
  /** Returns when it has the switch in hand. */
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Returns when its sessions with all peers are up as well. */
  ready(within?: number): Promise<void>;
}

/**
 * A running lab. Any process may {@link Lab.open} it. It outlives the process that started it, but unless it is `kept`,
 * nobody is thought to need it then: the next {@link Lab.up} of its name replaces it.
 * Everything throws {@link LabError}.
 */
export class Lab {
  readonly name: string;
  readonly topology: Topology;
  /** Of the lab's files. */
  readonly directory: string;
  readonly #store: StateDirectory;
  readonly #wan: Wan;
  #state: LabState;

  private constructor(store: StateDirectory, state: LabState) {
    const { name, sites, hosts, emulation, seed } = state.plan;
    this.name = name;
    this.topology = new Topology(name, sites, hosts);
    this.directory = store.path;
    this.#store = store;
    this.#state = state;
    const wan = {
      ends: this.topology.sites.map(({ router }) => ({
        namespace: router.namespace,
        hardwareAddress: router.wan.hardwareAddress,
      })),
      device: WAN_DEVICE,
      namespace: this.topology.wanNamespace,
      directory: store.path,
      seed,
    };
    this.#wan = emulation === "netem" ? new NetemWan(wan) : new EmulatedWan(wan);
  }

  /**
   * Builds a lab and starts everything in it. A start that fails leaves nothing behind.
   * @param progress told in short lines what is being done
   */
  static async up(options: LabOptions = {}, progress: (line: string) => void = () => {}): Promise<Lab> {
    const plan_ = plan(options);
    pipeParameters(plan_.wan); // a bad setting is better found before anything is built
    checkMachine();
    await clearLeftover(plan_.name, progress);
    const store = new StateDirectory(plan_.name);
    store.claim();
    try {
      const datapath = plan_.datapath === "auto" ? await availableDatapath() : plan_.datapath;
      const since = new Date().toISOString();
      const state: LabState = {
        phase: "starting",
        plan: plan_,
        directed: [],
        datapath,
        starter: processId(process.pid)!,
        since,
      };
      store.write(state);
      const lab = new Lab(store, state);
      await lab.#build(progress);
      return lab;
    } catch (error) {
      await removeLab(plan_.name);
      throw error;
    }
  }

  /** The lab of that name. @throws LabError `NO_LAB` */
  static open(name: string = DEFAULT_NAME): Lab {
    const store = new StateDirectory(checkName(name));
    const state = store.read();
    if (state === undefined) throw noLab(name, store.exists);
    return new Lab(store, state);
  }

  /** Removes the lab of that name, however much of it is left. @returns whether there was anything */
  static async down(name: string = DEFAULT_NAME): Promise<boolean> {
    checkName(name);
    checkRoot();
    return removeLab(name);
  }

  /** Removes every lab that gives way to the next of its name. */
  static async removeOrphans(progress: (line: string) => void = () => {}): Promise<void> {
    checkRoot();
    for (const name of labNames()) {
      const state = new StateDirectory(name).read();
      if (state !== undefined && !isWanted(state)) await clearLeftover(name, progress);
    }
  }

  /** Runs a command in a node's namespace to its end. */
  async exec(node: string, argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { words, env } = this.#within(node, argv);
    return run(words, { ...options, env: { ...env, ...options.env } });
  }

  /** Starts a command in a node's namespace; the child is the command itself. */
  spawn(node: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const { words, env } = this.#within(node, argv);
    return spawnCommand(words, { ...options, env: { ...env, ...options.env } });
  }

  /** Changes the WAN while it runs: both ways between all sites, or one direction only. The MTU is always for all. */
  async set(changes: Partial<WanSettings>, direction?: DirectionName): Promise<void> {
    const { plan, directed } = this.#state;
    const next = direction === undefined ? this.#forAll(changes) : this.#forOne(changes, direction);
    const before = { plan, directed };
    this.#state = { ...this.#state, ...next };
    try {
      await this.#wan.set(this.#pipes());
    } catch (error) {
      this.#state = { ...this.#state, ...before };
      throw error;
    }
    if (changes.mtu !== undefined) await setWanMtu(this.topology, parseMtu(this.#state.plan.wan));
    this.#store.write(this.#state);
  }

  link(up: boolean): Promise<void> {
    return this.#wan.link(up);
  }

  /** Lateness of the WAN counts anew from here on. */
  async resetLateness(): Promise<void> {
    await this.#wan.report(true);
  }

  status(): Promise<LabStatus> {
    const sites = this.topology.sites.map((site) => ({
      site,
      ovs: this.#switch(site),
      plugin: this.#plugin(site),
    }));
    return observe(this.topology, this.#state, this.directory, sites, this.#wan, (from, to) =>
      this.#settings(from, to),
    );
  }

  plugin(siteName: string): PluginControl {
    const plugin = this.#plugin(this.topology.site(siteName));
    const start = async () => {
      plugin.start();
      await plugin.ready("steering", READY_WITHIN_MS);
    };
    return {
      start,
      stop: () => plugin.stop(),
      kill: () => plugin.kill(),
      restart: async () => {
        await plugin.stop();
        await start();
      },
      ready: (within = READY_WITHIN_MS) => plugin.ready("all", within),
    };
  }

  /** Ends every process in the lab and removes everything that it had. */
  async down(): Promise<void> {
    await removeLab(this.name);
  }

  async #build(progress: (line: string) => void): Promise<void> {
    const { topology } = this;
    const { plan, datapath } = this.#state;
    progress(`${plan.sites} sites of ${plan.hosts} hosts, datapath ${datapath}`);
    await buildSites(topology);
    const switches = topology.sites.map((site) => this.#switch(site).start(datapath));
    const wan = this.#wan.start(this.#pipes()).then(() => connectSites(topology, parseMtu(plan.wan)));
    // Both to their end, whatever becomes of the other: what is still being built cannot be removed.
    const failed = (await Promise.allSettled([...switches, wan])).find((part) => part.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const publicKeys = new Map(topology.sites.map((site) => [site.name, this.#plugin(site).makeKey()]));
    for (const site of topology.sites) {
      this.#plugin(site).configure(topology, this.#switch(site).directory, publicKeys, plan.plugins);
    }
    if (plan.plugin) {
      progress("plugins");
      const plugins = topology.sites.map((site) => this.#plugin(site));
      for (const plugin of plugins) plugin.start();
      // Together: while one waits for its peer, that one may have failed.
      await Promise.all(plugins.map((plugin) => plugin.ready("all", READY_WITHIN_MS)));
    }
    this.#state = { ...this.#state, phase: "up" };
    this.#store.write(this.#state);
  }

  #within(nodeName: string, argv: readonly string[]) {
    const node = this.topology.node(nodeName);
    if (argv.length === 0) throw new LabError("BAD_OPTION", `no command to run in ${nodeName}`);
    if (!namespacesOf(node.namespace).includes(node.namespace)) throw noLab(this.name, this.#store.exists);
    const env = node.role === "switch" ? this.#switch(this.topology.site(node.site)).environment : {};
    return { words: ["ip", "netns", "exec", node.namespace, ...argv], env };
  }

  #switch(site: Site): OvsSwitch {
    return new OvsSwitch(site, `${this.directory}/${site.name}`);
  }

  #plugin(site: Site): SitePlugin {
    return new SitePlugin(site, `${this.directory}/${site.name}`);
  }

  #pipes(): DirectedParameters[] {
    const { sites } = this.topology;
    return sites.flatMap((source, from) =>
      sites.flatMap((destination, to) =>
        from === to
          ? []
          : [{ from, to, parameters: pipeParameters(this.#settings(source.name, destination.name)) }],
      ),
    );
  }

  #settings(from: string, to: string): WanSettings {
    const { plan, directed } = this.#state;
    const own = directed.find((one) => one.from === from && one.to === to);
    return mergeWan(plan.wan, own?.settings ?? {});
  }

  /** What is set for all replaces what any direction had of its own. */
  #forAll(changes: Partial<WanSettings>): Pick<LabState, "plan" | "directed"> {
    const { plan, directed } = this.#state;
    const kept = directed.map(({ settings, ...direction }) => ({
      ...direction,
      settings: Object.fromEntries(Object.entries(settings).filter(([name]) => !(name in changes))),
    }));
    return { plan: { ...plan, wan: mergeWan(plan.wan, changes) }, directed: kept };
  }

  #forOne(changes: Partial<WanSettings>, { from, to }: DirectionName): Pick<LabState, "plan" | "directed"> {
    const { plan, directed } = this.#state;
    if (changes.mtu !== undefined)
      throw new LabError("BAD_OPTION", "mtu: set it for all directions together");
    if (this.topology.site(from) === this.topology.site(to)) {
      throw new LabError("BAD_OPTION", `from ${from} to ${to}: two sites are needed`);
    }
    const isIt = (one: DirectionName) => one.from === from && one.to === to;
    const settings = { ...directed.find(isIt)?.settings, ...changes };
    return { plan, directed: [...directed.filter((one) => !isIt(one)), { from, to, settings }] };
  }
}

function noLab(name: string, isBroken: boolean): LabError {
  return isBroken
    ? new LabError(
        "NO_LAB",
        `lab "${name}" is broken, parts of it are gone; remove it with: ovs-lab down --name ${name}`,
      )
    : new LabError("NO_LAB", `there is no lab "${name}"; start it with: ovs-lab up --name ${name}`);
}

/** Its process is there, or it is kept and whole. */
function isWanted({ phase, plan, starter }: LabState): boolean {
  return isRunning(starter) || (phase === "up" && plan.kept);
}

/** A lab that is wanted stays; what a crash left of one goes. */
async function clearLeftover(name: string, progress: (line: string) => void): Promise<void> {
  const store = new StateDirectory(name);
  if (!store.exists && namespacesOf(namespacePrefix(name)).length === 0) return;
  const state = store.read();
  const isUp = state?.phase === "up";
  if (state !== undefined && isWanted(state)) {
    const what = isUp
      ? `is up already: ${describe(state)}; end it with: ovs-lab down --name ${name}`
      : `is being started by process ${state.starter.pid}`;
    throw new LabError("EXISTS", `lab "${name}" ${what}`);
  }
  progress(
    `removing lab "${name}", ${isUp ? "left by a process that is gone" : "whose start was interrupted"}`,
  );
  await removeLab(name);
}

async function removeLab(name: string): Promise<boolean> {
  const store = new StateDirectory(name);
  const namespaces = namespacesOf(namespacePrefix(name));
  const existed = store.exists || namespaces.length > 0;
  await removeNamespaces(namespaces);
  store.remove();
  return existed;
}

function checkRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new LabError("NOT_ROOT", "the lab needs root: namespaces and switches are made; try sudo");
}

function checkMachine(): void {
  checkRoot();
  const programs = ["ip", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ethtool"];
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    throw new LabError(
      "MISSING",
      `not installed: ${missing.join(", ")}; ovs-lab/bootstrap installs what is needed`,
    );
  }
  if (!existsSync("/dev/net/tun")) {
    throw new LabError("MISSING", "/dev/net/tun is not there: this kernel or container gives no tap devices");
  }
}
