import { existsSync } from "node:fs";
import { namespacePath, processesIn, transmitDrops } from "./namespace.js";
import type { SitePlugin } from "./plugin.js";
import type { LabState } from "./state.js";
import type { OvsSwitch } from "./switch.js";
import { BRIDGE, type Role, type Site, type Topology, WAN_DEVICE } from "./topology.js";
import type { PipeReport } from "./wan/lane.js";
import { pipeParameters, type WanSettings } from "./wan/settings.js";
import type { Wan, WanReport } from "./wan/wan.js";

/** What is known of a lab. Sizes are bytes, times milliseconds. */
export interface LabStatus {
  readonly name: string;
  /** "broken": a part is gone. */
  readonly state: "starting" | "up" | "broken";
  /** What is gone. */
  readonly broken: readonly string[];
  readonly since: string;
  readonly directory: string;
  readonly datapath: string;
  readonly sites: readonly SiteStatus[];
  readonly nodes: readonly NodeStatus[];
  readonly wan: WanStatus;
}

export interface SiteStatus {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly runDirectory: string;
  readonly database: string;
  readonly bridge: string;
  readonly ovsdbServer: number | null;
  readonly vswitchd: number | null;
  readonly plugin: { readonly pid: number | null; readonly config: string; readonly log: string };
}

export interface NodeStatus {
  readonly name: string;
  readonly alias?: string;
  readonly site: string;
  readonly role: Role;
  readonly namespace: string;
  readonly addresses: readonly string[];
  /** Of every process in the namespace. */
  readonly pids: readonly number[];
}

export interface WanStatus {
  readonly emulation: string;
  readonly seed: number;
  /** Of what carries the frames; null when it is gone, or is the kernel. */
  readonly pid: number | null;
  /** Whether the link is up; null when nobody knows. */
  readonly up: boolean | null;
  readonly directions: readonly DirectionStatus[];
}

export interface DirectionStatus {
  readonly from: string;
  readonly to: string;
  readonly settings: WanSettings;
  /** What may wait for the rate; null is any amount. */
  readonly queueBytes: number | null;
  readonly counters: Omit<PipeReport, "from" | "to"> | null;
  /** Frames that the sending router's device dropped because the emulator was too slow to take them. */
  readonly deviceDrops: number;
}

interface SiteParts {
  readonly site: Site;
  readonly ovs: OvsSwitch;
  readonly plugin: SitePlugin;
}

export async function observe(
  topology: Topology,
  state: LabState,
  directory: string,
  parts: readonly SiteParts[],
  wan: Wan,
  settings: (from: string, to: string) => WanSettings,
): Promise<LabStatus> {
  const missing = topology.namespaces.filter((name) => !existsSync(namespacePath(name)));
  const broken = missing.map((name) => `namespace ${name}`);
  const there = topology.namespaces.filter((name) => !missing.includes(name));
  const processes = processesIn(there);
  const alive = new Set([...processes.values()].flat());
  const living = (pid: number | undefined) => (pid !== undefined && alive.has(pid) ? pid : null);

  const sites = parts.map(({ site, ovs, plugin }): SiteStatus => {
    const ovsdbServer = living(ovs.pids.ovsdbServer);
    const vswitchd = living(ovs.pids.vswitchd);
    if (ovsdbServer === null) broken.push(`ovsdb-server of site ${site.name}`);
    if (vswitchd === null) broken.push(`ovs-vswitchd of site ${site.name}`);
    const { config, log } = plugin;
    return {
      name: site.name,
      prefixes: [site.ipv4Prefix, site.ipv6Prefix],
      runDirectory: ovs.directory,
      database: ovs.database,
      bridge: BRIDGE,
      ovsdbServer,
      vswitchd,
      plugin: { pid: there.includes(site.switch.namespace) ? (plugin.pid ?? null) : null, config, log },
    };
  });
  const nodes = topology.nodes.map(({ name, alias, site, role, namespace, addresses }): NodeStatus => {
    const pids = processes.get(namespace) ?? [];
    return { name, ...(alias === undefined ? {} : { alias }), site, role, namespace, addresses, pids };
  });

  const report = await wan.report().catch(() => undefined);
  if (report === undefined) broken.push("the WAN");
  const wanPid = processes.get(topology.wanNamespace)?.[0] ?? null;
  return {
    name: topology.name,
    state: state.phase === "up" && broken.length > 0 ? "broken" : state.phase,
    broken: state.phase === "up" ? broken : [],
    since: state.since,
    directory,
    datapath: state.datapath,
    sites,
    nodes,
    wan: {
      emulation: state.plan.emulation,
      seed: state.plan.seed,
      pid: report === undefined ? null : wanPid,
      up: report?.up ?? null,
      directions: directions(topology, report, settings, there),
    },
  };
}

function directions(
  { sites }: Topology,
  report: WanReport | undefined,
  settings: (from: string, to: string) => WanSettings,
  namespaces: readonly string[],
): DirectionStatus[] {
  return sites.flatMap((source, from) => {
    const { namespace } = source.router;
    const deviceDrops = namespaces.includes(namespace) ? transmitDrops(namespace, WAN_DEVICE) : 0;
    return sites.flatMap((destination, to) => {
      if (from === to) return [];
      const own = settings(source.name, destination.name);
      const found = report?.pipes.find((pipe) => pipe.from === from && pipe.to === to);
      const { from: _from, to: _to, ...counters } = found ?? { from, to };
      return {
        from: source.name,
        to: destination.name,
        settings: own,
        queueBytes: pipeParameters(own).queue ?? null,
        counters: "frames" in counters ? (counters as Omit<PipeReport, "from" | "to">) : null,
        deviceDrops,
      };
    });
  });
}

/** One line: what a lab is, as it was planned. */
export function describe({ plan, datapath, since }: LabState): string {
  const { sites, hosts, wan } = plan;
  const loss = wan.loss === "0%" ? "" : `, loss ${wan.loss}`;
  return `${sites} sites of ${hosts} hosts, ${wan.rate}, RTT ${wan.rtt}${loss}, datapath ${datapath}, since ${since}`;
}
