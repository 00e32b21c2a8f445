import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { SystemError } from "../driver/ffi/index.js";
import { must, run } from "./command.js";
import { LabError } from "./errors.js";
import { enlargePacketSockets } from "./packet-socket.js";
import { hurry } from "./priority.js";
import { BRIDGE, type Site } from "./topology.js";

export type Datapath = "kernel" | "netdev";

/** 3,500 full frames a port, 40 ms at 1 Gbit/s. */
const PACKET_SOCKET_BYTES = 4 << 20;

/**
 * mallopt(3), in bytes. With segments handled in user space vswitchd takes 64 KiB for each frame that it receives, and the C
 * library would give that back to the kernel, and have it cleared anew, frame by frame.
 */
const KEPT_MEMORY = { MALLOC_TRIM_THRESHOLD_: `${256 << 20}`, MALLOC_TOP_PAD_: `${16 << 20}` };

/** One site's Open vSwitch: a database server and a vswitchd of its own, both in the switch's namespace, all its files in one directory. */
export class OvsSwitch {
  readonly directory: string;
  readonly database: string;
  readonly #site: Site;

  constructor(site: Site, directory: string) {
    this.#site = site;
    this.directory = directory;
    this.database = `unix:${directory}/db.sock`;
  }

  /** For OVS's programs: what they would otherwise look for where the machine's own OVS is, and their memory. */
  get environment(): Readonly<Record<string, string>> {
    const { directory } = this;
    return {
      ...{ OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory, OVS_SYSCONFDIR: directory },
      ...KEPT_MEMORY,
    };
  }

  /** Returns when the bridge forwards. @throws LabError `OVS_FAILED` */
  async start(datapath: Datapath): Promise<void> {
    const { directory, database, environment: env } = this;
    const daemon = ["--pidfile", "--log-file", "--detach", "--no-chdir"];
    try {
      mkdirSync(directory, { recursive: true });
      await must(["ovsdb-tool", "create", `${directory}/conf.db`], { env });
      const remotes = [`--remote=p${database}`, "--remote=db:Open_vSwitch,Open_vSwitch,manager_options"];
      await this.#inside(["ovsdb-server", `${directory}/conf.db`, ...remotes, ...daemon]);
      await must(["ovs-vsctl", "--no-wait", ...this.#configuration(datapath)], { env });
      // Detaches when it has applied the configuration that it found.
      await this.#inside(["ovs-vswitchd", database, ...daemon]);
      if (!existsSync(`${directory}/${BRIDGE}.mgmt`))
        throw new Error(`vswitchd has not made bridge ${BRIDGE}`);
      if (datapath === "netdev") await this.#serveNetdev();
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new LabError("OVS_FAILED", `site ${this.#site.name}: ${said}${this.#complaint()}`);
    }
  }

  /** The pids of the two daemons, from their pid files; undefined where there is none. */
  get pids(): { readonly ovsdbServer: number | undefined; readonly vswitchd: number | undefined } {
    return { ovsdbServer: this.#pid("ovsdb-server"), vswitchd: this.#pid("ovs-vswitchd") };
  }

  #configuration(datapath: Datapath): string[] {
    const { name, router, hosts } = this.#site;
    const type = datapath === "netdev" ? "netdev" : "system";
    const ports = [router, ...hosts].map(({ port }) => port);
    return [
      "init",
      ...["--", "set", "Open_vSwitch", ".", `external_ids:system-id=ovs-lab-${name}`],
      ...(datapath === "netdev" ? ["other_config:userspace-tso-enable=true"] : []),
      ...["--", "add-br", BRIDGE, "--", "set", "bridge", BRIDGE, `datapath_type=${type}`],
      ...ports.flatMap((port) => ["--", "add-port", BRIDGE, port]),
    ];
  }

  #inside(argv: readonly string[]): Promise<string> {
    return must(["ip", "netns", "exec", this.#site.switch.namespace, ...argv], { env: this.environment });
  }

  /**
   * The netdev datapath forwards in vswitchd's main thread, and what arrives meanwhile waits in the sockets that it reads:
   * by default 90 frames, which is 1 ms at 1 Gbit/s. So it gets the room of a switch, and its turn soon.
   */
  async #serveNetdev(): Promise<void> {
    if (!this.#segmentsItself()) await this.#withoutOffloads();
    const pid = this.pids.vswitchd;
    if (pid === undefined) throw new Error("ovs-vswitchd has left no pid file");
    hurry(pid);
    try {
      enlargePacketSockets(pid, PACKET_SOCKET_BYTES);
    } catch (error) {
      // A container may forbid it, an old kernel not have it: then bursts are lost, as they are in such a switch anyway.
      if (!(error instanceof SystemError && ["EPERM", "ENOSYS"].includes(error.code))) throw error;
    }
  }

  /** Whether vswitchd took the offer to handle large segments in user space, which also takes care of checksums. */
  #segmentsItself(): boolean {
    return /userspace.*segmentation offload.* enabled/i.test(this.#log());
  }

  /** Without it, veth devices hand on large and unfinished packets that the netdev datapath would forward as they are. */
  async #withoutOffloads(): Promise<void> {
    const { hosts, router } = this.#site;
    const off = ["tx", "off", "tso", "off", "gso", "off"];
    for (const { namespace } of hosts)
      await must(["ip", "netns", "exec", namespace, "ethtool", "-K", "eth0", ...off]);
    await must(["ip", "netns", "exec", router.namespace, "ethtool", "-K", "lan0", ...off]);
  }

  #log(): string {
    const path = `${this.directory}/ovs-vswitchd.log`;
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  #complaint(): string {
    const lines = this.#log()
      .split("\n")
      .filter((line) => /\|(EMER|ERR)\|/.test(line));
    return lines.length === 0 ? "" : `; vswitchd: ${lines.at(-1)}`;
  }

  #pid(daemon: string): number | undefined {
    const path = `${this.directory}/${daemon}.pid`;
    return existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
  }
}

/** The kernel's datapath where its module is there or can be loaded. */
export async function availableDatapath(): Promise<Datapath> {
  if (existsSync("/sys/module/openvswitch")) return "kernel";
  try {
    const { status } = await run(["modprobe", "openvswitch"]);
    return status === 0 ? "kernel" : "netdev";
  } catch {
    return "netdev"; // no modprobe: no modules either
  }
}
