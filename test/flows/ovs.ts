import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { TapPort } from "./tap-port.js";

const run = promisify(execFile);
let count = 0;

/** A real Open vSwitch of its own, in a network namespace of its own: bridge `br0` with ports `p1` and `p2`. */
export class TestSwitch {
  readonly namespace: string;
  readonly directory: string;
  /** The hosts at ports `p1` and `p2`. */
  readonly taps: TapPort[] = [];
  readonly #hosts: string[] = [];
  #server: ChildProcess | undefined;
  #vswitchd: ChildProcess | undefined;

  private constructor(namespace: string, directory: string) {
    this.namespace = namespace;
    this.directory = directory;
  }

  static async start(): Promise<TestSwitch> {
    const namespace = `flows-test-${process.pid}-${++count}`;
    const ovs = new TestSwitch(namespace, await mkdtemp(join(tmpdir(), "flows-test-")));
    try {
      await run("ip", ["netns", "add", namespace]);
      await ovs.ip("link", "set", "lo", "up");
      await run("ovsdb-tool", [
        "create",
        join(ovs.directory, "conf.db"),
        "/usr/share/openvswitch/vswitch.ovsschema",
      ]);
      await ovs.startDatabase();
      await ovs.vsctl("--no-wait", "init");
      await ovs.startVswitchd();
      await ovs.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev");
      for (const [i, name] of ["p1", "p2"].entries()) {
        ovs.taps.push(new TapPort(namespace, name));
        await ovs.ip("link", "set", name, "up", "mtu", "9000");
        await ovs.vsctl("add-port", "br0", name, "--", "set", "interface", name, `ofport_request=${i + 1}`);
      }
    } catch (error) {
      await ovs.stop();
      throw error;
    }
    return ovs;
  }

  get database(): string {
    return `unix:${join(this.directory, "db.sock")}`;
  }

  /** A host with a network stack of its own behind a new port of the bridge; gives the name of its namespace. */
  async addHost(name: string, address: string): Promise<string> {
    const host = `${this.namespace}-${name}`;
    await run("ip", ["netns", "add", host]);
    this.#hosts.push(host);
    await this.ip("link", "add", name, "mtu", "9000", "type", "veth", "peer", "name", "eth0", "netns", host);
    await this.ip("link", "set", name, "up");
    for (const args of [
      ["link", "set", "eth0", "up", "mtu", "9000"],
      ["address", "add", address, "dev", "eth0"],
    ]) {
      await run("ip", ["-n", host, ...args]);
    }
    // Without offloads in the switch, what it rewrites needs its checksums complete.
    await run("ip", ["netns", "exec", host, "ethtool", "-K", "eth0", "tx", "off"]);
    await this.vsctl("add-port", "br0", name);
    return host;
  }

  async startDatabase(): Promise<void> {
    const file = join(this.directory, "conf.db");
    this.#server = this.#daemon("ovsdb-server", [file, `--remote=p${this.database}`]);
    await this.#until(() => this.vsctl("--timeout=5", "--no-wait", "show"));
  }

  async startVswitchd(): Promise<void> {
    this.#vswitchd = this.#daemon("ovs-vswitchd", [this.database]);
    await this.#until(() => this.appctl("version"));
  }

  /** As `kill -9`. */
  async killVswitchd(): Promise<void> {
    await kill(this.#vswitchd);
  }

  async killDatabase(): Promise<void> {
    await kill(this.#server);
  }

  async stop(): Promise<void> {
    await this.killVswitchd();
    await this.killDatabase();
    for (const tap of this.taps) tap.close();
    for (const namespace of [this.namespace, ...this.#hosts]) {
      await run("ip", ["netns", "delete", namespace]).catch(() => undefined);
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Runs a command in the switch's namespace; resolves to what it prints. */
  async exec(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await run("ip", ["netns", "exec", this.namespace, command, ...args]);
    return stdout;
  }

  /** A long-running command in the namespace. */
  spawn(command: string, args: readonly string[]): ChildProcess {
    return spawn("ip", ["netns", "exec", this.namespace, command, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  async ip(...args: string[]): Promise<string> {
    return (await run("ip", ["-n", this.namespace, ...args])).stdout;
  }

  async vsctl(...args: string[]): Promise<string> {
    return (await run("ovs-vsctl", [`--db=${this.database}`, "--timeout=10", ...args])).stdout.trim();
  }

  async ofctl(command: string, ...args: string[]): Promise<string> {
    const bridge = `unix:${join(this.directory, "br0.mgmt")}`;
    return (await run("ovs-ofctl", ["-O", "OpenFlow15", command, bridge, ...args])).stdout;
  }

  async appctl(...args: string[]): Promise<string> {
    return (await run("ovs-appctl", ["-t", join(this.directory, "vswitchd.ctl"), ...args])).stdout;
  }

  /** What vswitchd would do with a packet, and the cached flow that it would make for it. */
  async trace(flow: string): Promise<Trace> {
    const text = await this.appctl("ofproto/trace", "br0", flow);
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
    return { text, megaflow: field("Megaflow"), actions: field("Datapath actions") };
  }

  /** Flows and groups without what changes by itself, and the configuration: to be compared before and after. */
  async dump(): Promise<string> {
    const flows = await this.ofctl("dump-flows", "--no-stats");
    const groups = await this.ofctl("dump-groups");
    const ports = await this.ofctl("dump-ports-desc");
    const tables = [
      ["Bridge", "name,ports,external_ids,other_config,flow_tables,fail_mode,controller"],
      ["Port", "name,interfaces,external_ids,other_config,tag,trunks"],
      ["Interface", "name,type,external_ids,options,mac,mtu,mtu_request,ofport,ofport_request"],
    ] as const;
    const rows = await Promise.all(
      tables.map(([table, columns]) => this.vsctl("--columns", columns, "--format=csv", "list", table)),
    );
    const lines = [flows, groups, ports.replaceAll(/^ +(current|speed):.*$/gm, ""), ...rows].join("\n");
    return lines
      .replaceAll(/\(xid=0x[0-9a-f]+\)/g, "")
      .split("\n")
      .sort()
      .join("\n");
  }

  async log(): Promise<string> {
    return readFile(join(this.directory, "ovs-vswitchd.log"), "utf8");
  }

  #daemon(program: string, args: string[]): ChildProcess {
    const log = join(this.directory, `${program}.log`);
    const control = join(this.directory, program === "ovs-vswitchd" ? "vswitchd.ctl" : "ovsdb.ctl");
    const child = spawn(
      "ip",
      [
        "netns",
        "exec",
        this.namespace,
        program,
        ...args,
        `--unixctl=${control}`,
        `--log-file=${log}`,
        "-vconsole:off",
      ],
      { stdio: "ignore", env: { ...process.env, OVS_RUNDIR: this.directory, OVS_DBDIR: this.directory } },
    );
    return child;
  }

  async #until(attempt: () => Promise<unknown>): Promise<void> {
    for (const end = Date.now() + 10_000; ; ) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(50);
      }
    }
  }
}

export interface Trace {
  readonly text: string;
  readonly megaflow: string;
  readonly actions: string;
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Whether this machine can run the tests: root, and Open vSwitch installed. Otherwise the reason to skip them. */
export async function unavailable(): Promise<string | false> {
  if (process.getuid?.() !== 0) return "needs root";
  return run("ovs-vswitchd", ["--version"]).then(
    () => false,
    () => "Open vSwitch is not installed",
  );
}
