import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const schema = "/usr/share/openvswitch/vswitch.ovsschema";

/** A real Open vSwitch of the test's own: a bridge of the dummy datapath, in a directory and a network of its own. */
export interface Switch {
  /** Where the bridge speaks OpenFlow. */
  readonly address: string;
  readonly directory: string;
  vsctl(...args: string[]): Promise<string>;
  ofctl(command: string, ...args: string[]): Promise<string>;
  /** Ends `ovs-vswitchd` without ceremony. */
  kill(): Promise<void>;
  /** Starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const settings = ["datapath_type=dummy", "fail_mode=secure"];

export async function startSwitch(): Promise<Switch> {
  if (!existsSync(schema)) throw new Error(`${schema} is missing: install openvswitch-switch`);
  const directory = await mkdtemp(join(tmpdir(), "openflow-ts-"));
  const database = join(directory, "conf.db");
  const socket = join(directory, "db.sock");
  const env = { ...process.env, OVS_RUNDIR: directory, OVS_LOGDIR: directory, OVS_DBDIR: directory };
  const daemons: ChildProcess[] = [];

  const start = async (program: string, args: string[], ready: string) => {
    const log = `--log-file=${join(directory, `${program}.log`)}`;
    // In a network of its own; and gone with this process, however that ends.
    const alone = ["--pdeathsig", "KILL", "unshare", "--net"];
    const child = spawn("setpriv", [...alone, program, ...args, "-vconsole:off", log], {
      env,
      stdio: "ignore",
    });
    daemons.push(child);
    for (let tries = 0; !existsSync(ready); tries++) {
      if (child.exitCode !== null || tries > 500)
        throw new Error(`${program} does not start, see ${directory}`);
      await sleep(10);
    }
    return child;
  };
  const vswitchd = () =>
    start(
      "ovs-vswitchd",
      [
        `unix:${socket}`,
        "--enable-dummy",
        "--disable-system",
        `--unixctl=${join(directory, "vs.ctl")}`,
        "--pidfile",
      ],
      join(directory, "ovs-vswitchd.pid"),
    );
  const end = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };

  await run("ovsdb-tool", ["create", database, schema]);
  await start(
    "ovsdb-server",
    [database, `--remote=punix:${socket}`, `--unixctl=${join(directory, "db.ctl")}`, "--pidfile"],
    socket,
  );
  let current = await vswitchd();
  const vsctl = async (...args: string[]) =>
    (await run("ovs-vsctl", [`--db=unix:${socket}`, ...args], { env })).stdout;
  const bridge = "br0";
  await vsctl("init");
  await vsctl("add-br", bridge, "--", "set", "bridge", bridge, ...settings);
  const address = `unix:${join(directory, `${bridge}.mgmt`)}`;

  return {
    address,
    directory,
    vsctl,
    async ofctl(command, ...args) {
      const { stdout } = await run("ovs-ofctl", ["-O", "OpenFlow15", command, address, ...args], { env });
      return stdout;
    },
    kill: () => end(current),
    async restart() {
      await end(current);
      await rm(join(directory, "ovs-vswitchd.pid"), { force: true });
      current = await vswitchd();
    },
    async stop() {
      for (const child of daemons) await end(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What `ovs-ofctl` prints, for its commands that need no switch; `input` goes to its standard input. */
export async function ofctl(args: readonly string[], input?: string): Promise<string> {
  const child = execFile("ovs-ofctl", args, { maxBuffer: 1 << 26 });
  let output = "";
  child.stdout?.on("data", (chunk: string) => {
    output += chunk;
  });
  child.stderr?.on("data", (chunk: string) => {
    output += chunk;
  });
  // A command that reads nothing may be gone before its input is closed.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input ?? "");
  await once(child, "close");
  return output;
}
