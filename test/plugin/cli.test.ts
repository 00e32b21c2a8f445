import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { formatKey, readKeyFile, writeKeyFile } from "../../driver/security/index.js";
import { ControlServer } from "../../plugin/control.js";
import { overall, type Status } from "../../plugin/status.js";
import { formatBytes, formatSpan, formatStatus } from "../../plugin/status-text.js";

const command = new URL("../../../plugin/bin/ovs-tpo", import.meta.url).pathname;
const servicePath = new URL("./cli-service.js", import.meta.url).pathname;
/** Root without a single privilege: what files it may read does not change. */
const unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function finish(child: ChildProcess): Promise<Result> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (data) => {
    stdout += data;
  });
  child.stderr?.on("data", (data) => {
    stderr += data;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout, stderr };
}

/** Runs the command to its end, behind another one if there is a prefix. No output may ever hold a stack trace. */
async function ovsTpo(args: readonly string[], prefix: readonly string[] = []): Promise<Result> {
  const [program = "", ...rest] = [...prefix, process.execPath, command, ...args];
  const result = await finish(spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] }));
  assert.doesNotMatch(result.stdout + result.stderr, /^\s+at .*:\d+:\d+\)?$/m);
  return result;
}

function logLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const steering = {
  state: "in-sync",
  reason: "",
  bridge: "br0",
  port: "tpo0",
  ofport: 3,
  mac: "aa:bb:cc:00:11:22",
  flows: 12,
  repairs: 0,
  connections: 34,
};

const status: Status = {
  state: "peer-connecting",
  reason: "peer b: no answer yet",
  site: "a",
  version: "0.1.0",
  pid: 4711,
  uptime_ms: 3_725_000,
  steering,
  bridges: [steering],
  peers: {
    b: {
      state: "connecting",
      reason: "no answer yet",
      address: "10.2.0.2:4754",
      link: "udp",
      encryption: "off",
      rtt_ms: null,
      rate_bps: null,
      segment_bytes: null,
      sent_bytes: 480,
      received_bytes: 0,
      sent_segments: 10,
      retransmitted_segments: 0,
      spurious_segments: 0,
    },
    "site-c": {
      state: "up",
      reason: "",
      address: "10.3.0.2:4754",
      link: "tcp",
      encryption: "aes-256-gcm",
      rtt_ms: 100.04,
      rate_bps: 95_600_000,
      segment_bytes: 1472,
      sent_bytes: 5 * 2 ** 20,
      received_bytes: 1536,
      sent_segments: 4000,
      retransmitted_segments: 42,
      spurious_segments: 1,
    },
  },
  connections: { open: 2, total: 10, opening: 1, failed: 1 },
  held: { waiting: 3, taken: 20, refused: 4, direct: 0 },
  ceilings: [],
  draining: null,
  bytes: { taken: 5_000_000, delivered: 1000 },
  memory: {
    edge_bytes: 2 ** 20,
    edge_limit_bytes: 512 * 2 ** 20,
    shed_connections: 0,
    resident_bytes: 80 * 2 ** 20,
    heap_bytes: 20 * 2 ** 20,
  },
};

const statusText = `site         a
state        peer-connecting (peer b: no answer yet)
process      pid 4711, up 1h 2m, version 0.1.0
steering     in-sync
bridge       br0, 12 flows, 34 learned
port         tpo0 (port 3) aa:bb:cc:00:11:22
connections  2 open, 1 of them being opened, 10 in all, 1 failed
held SYNs    3 wait, 20 taken, 4 refused, 0 let go
ceilings     none is passed
bytes        4.8 MB taken, 1000 B delivered
memory       1.0 MB of 512.0 MB held by connections, 80.0 MB resident

PEER    STATE       ADDRESS        LINK  RTT       RATE         SENT    RECEIVED  RESENT  REASON
b       connecting  10.2.0.2:4754  udp   -         -            480 B   0 B       0       no answer yet
site-c  up          10.3.0.2:4754  tcp   100.0 ms  95.6 Mbit/s  5.0 MB  1.5 KB    42
`;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ovs-tpo-cli-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Writes a configuration; `more` may replace the sections. */
function config(
  name: string,
  more = "",
  ovs = `{ bridge: br0, database: unix:${folder}/db.sock, run_dir: ${folder} }`,
): string {
  const file = join(folder, `${name}.yaml`);
  const socket = join(folder, `${name}.sock`);
  const keyFile = join(folder, "key");
  if (!existsSync(keyFile)) writeKeyFile(keyFile);
  writeFileSync(
    file,
    `site: a
key_file: ${keyFile}
ovs: ${ovs}
port: { name: tpo0, addresses: [10.1.0.2/24] }
mover: { listen: "10.1.0.2:4754" }
peers: { b: { address: "10.2.0.2:4754", public_key: "Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=" } }
control: { socket: ${socket} }
${more}`,
  );
  return file;
}

describe("ovs-tpo", () => {
  it("tells its version, and how it is used", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await ovsTpo(["--version"]), { status: 0, stdout: `${version}\n`, stderr: "" });
    const help = await ovsTpo(["--help"]);
    assert.equal(help.status, 0);
    for (const name of ["run", "check", "status", "schema"])
      assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
  });

  for (const [args, message] of [
    [["walk"], /unknown command 'walk'/],
    [["run"], /required option '-c, --config <file>' not specified/],
    [["check", "--config"], /argument missing/],
    [["status", "--jason"], /unknown option '--jason'.*--json/s],
    [
      ["run", "--config", "/nowhere/a.yaml"],
      /^cannot read \/nowhere\/a\.yaml: there is no such file; give the path/,
    ],
    [["status", "--config", "/nowhere/a.yaml"], /^cannot read \/nowhere\/a\.yaml/],
  ] as const) {
    it(`refuses \`${args.join(" ")}\``, async () => {
      const { status, stdout, stderr } = await ovsTpo(args);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  it("tells every fault of a configuration, in lines", async () => {
    const file = config("faulty", "table: [{ protocol: tcp, action: optimize, peer: x }]\nlogs: {}\n");
    const { status, stdout, stderr } = await ovsTpo(["run", "--config", file]);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.deepEqual(
      stderr.split("\n").map((line) => line.replace(/(: found|;).*/, "")),
      [`${file}:8:50: table[0].peer`, `${file}:9:1: logs`, ""],
    );
  });

  it("prints the schema of the configuration", async () => {
    const { status, stdout } = await ovsTpo(["schema"]);
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout).required, ["site", "mover"]);
  });
});

describe("ovs-tpo keygen", () => {
  const folder = mkdtempSync(join(tmpdir(), "cli-keys-"));
  const file = join(folder, "site.key");
  after(() => rmSync(folder, { recursive: true }));

  it("makes a private key and prints the public one, which pubkey prints again", async () => {
    const made = await ovsTpo(["keygen", file]);
    assert.equal(made.status, 0);
    assert.match(made.stdout, /^[A-Za-z0-9+/]{43}=\n$/);
    assert.ok(!made.stdout.includes(readFileSync(file, "utf8").trim()));
    assert.deepEqual(await ovsTpo(["pubkey", file]), made);
  });

  it("leaves a file that is there as it is", async () => {
    const before = readFileSync(file, "utf8");
    const { status, stdout, stderr } = await ovsTpo(["keygen", file]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /site\.key is there already/);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("does not use a key that others may read, and says how to mend that", async () => {
    chmodSync(file, 0o644);
    const { status, stdout, stderr } = await ovsTpo(["pubkey", file]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`mode 0644.*chmod 600 ${file}`));
  });
});

describe("ovs-tpo status", () => {
  it("says that nothing runs", async () => {
    const { status, stderr } = await ovsTpo(["status", "--config", config("idle")]);
    assert.equal(status, 1);
    assert.match(stderr, /^cannot ask .*idle\.sock: there is no such socket; ovs-tpo is not running/);
  });

  it("prints tables and JSON, and says by its exit status whether all is in sync", async () => {
    let answer: Status = status;
    const server = await ControlServer.listen(join(folder, "busy.sock"), { status: () => answer });
    const file = config("busy");
    assert.deepEqual(await ovsTpo(["status", "--config", file]), {
      status: 3,
      stdout: statusText,
      stderr: "",
    });
    answer = { ...status, state: "in-sync", reason: "" };
    const json = await ovsTpo(["status", "--socket", server.path, "--json"]);
    assert.equal(json.status, 0);
    assert.deepEqual(JSON.parse(json.stdout), answer);
    await server.close();
  });

  it("names the first state that is not as wanted", () => {
    const wanted = { state: "up", reason: "" };
    const synced = { state: "in-sync", reason: "" };
    assert.deepEqual(overall({ state: "no-bridge", reason: "br0" }, { b: { state: "down", reason: "" } }), {
      state: "no-bridge",
      reason: "br0",
    });
    assert.deepEqual(
      overall(synced, { b: wanted, c: { state: "silent", reason: "" }, d: { state: "down", reason: "" } }),
      { state: "peer-silent", reason: "peer c" },
    );
    assert.deepEqual(overall(synced, { b: { state: "down", reason: "restart" } }), {
      state: "peer-down",
      reason: "peer b: restart",
    });
    assert.deepEqual(overall(synced, { b: wanted }), synced);
    assert.deepEqual(overall(synced, {}), synced);
  });

  it("writes times and amounts shortly", () => {
    assert.equal(formatStatus(status), statusText);
    assert.deepEqual([0, 999, 61_000, 3_600_000, 90_000_000].map(formatSpan), [
      "0s",
      "0s",
      "1m 1s",
      "1h 0m",
      "1d 1h",
    ]);
    assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 30, 2 ** 52].map(formatBytes), [
      "0 B",
      "1023 B",
      "1.0 KB",
      "1.5 GB",
      "4096.0 TB",
    ]);
  });
});

/** The process's log and exit; `act` is called once it says "running". */
async function service(habit: string, act?: (child: ChildProcess) => Promise<void> | void): Promise<Result> {
  const child = spawn(process.execPath, [servicePath, habit, join(folder, `${habit}.sock`)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let acted = false;
  child.stdout.on("data", (data) => {
    if (acted || act === undefined || !/"msg":"(running|start)"/.test(String(data))) return;
    acted = true;
    void act(child);
  });
  return await finish(child);
}

describe("the life of the process", () => {
  const messages = (result: Result) => logLines(result.stdout).map(({ level, msg }) => `${level} ${msg}`);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`ends well at ${signal}`, async () => {
      const result = await service("plain", (child) => void child.kill(signal));
      assert.equal(result.status, 0);
      assert.equal(result.stderr, "");
      assert.deepEqual(
        messages(result).filter((line) => line !== "info started"),
        ["info start", "info running", "info stopping", "info stop", "info stopped"],
      );
      assert.ok(!existsSync(join(folder, "plain.sock")));
    });
  }

  it("stops only after a slow start", async () => {
    const result = await service("starts-slowly", (child) => void child.kill("SIGTERM"));
    assert.equal(result.status, 0);
    const order = messages(result);
    assert.ok(order.indexOf("info running") < order.indexOf("info stop"), order.join("; "));
  });

  it("leaves at once at a second signal", async () => {
    const result = await service("hangs", async (child) => {
      await sleep(100);
      child.kill("SIGTERM");
      await sleep(100);
      child.kill("SIGINT");
    });
    assert.equal(result.status, 130);
    assert.equal(messages(result).at(-1), "warn second signal, leaving without tidying up");
  });

  it("tells a failed start in one line, and undoes it", async () => {
    const result = await service("fails");
    assert.equal(result.status, 1);
    assert.equal(result.stderr, "");
    assert.deepEqual(messages(result), [
      "info start",
      "fatal the port is taken",
      "info stop",
      "info stopped",
    ]);
    assert.deepEqual(logLines(result.stdout)[1]?.["err"], {
      type: "Error",
      code: "PORT",
      message: "the port is taken",
    });
  });

  it("tells a failed stop", async () => {
    const result = await service("stops-badly", (child) => void child.kill("SIGTERM"));
    assert.equal(result.status, 1);
    assert.equal(messages(result).at(-1), "error stopping failed: a rule stays");
  });

  for (const [habit, message] of [
    ["throws", /JSON/],
    ["rejects", /^lost promise$/],
  ] as const) {
    it(`ends in one line when the code ${habit}`, async () => {
      const result = await service(habit);
      assert.equal(result.status, 1);
      assert.equal(result.stderr, "");
      const fatal = logLines(result.stdout).filter(({ level }) => level === "fatal");
      assert.equal(fatal.length, 1);
      assert.match(String(fatal[0]?.["msg"]), message);
      assert.doesNotMatch(result.stdout, /cli-service/);
      assert.ok(messages(result).includes("info stopped"));
    });
  }

  it("shows the stack at level debug only, and keys never", async () => {
    const result = await service("throws-verbosely");
    assert.match(result.stdout, /"stack":".*cli-service/);
    assert.doesNotMatch(result.stdout, /geheim/);
  });

  it("keeps its hands off when another one runs", async () => {
    const server = await ControlServer.listen(join(folder, "plain.sock"), {});
    const result = await service("plain");
    assert.equal(result.status, 1);
    const expected = `fatal ovs-tpo is already running at ${server.path}, pid ${process.pid}; stop it, or give this one a port and a control.socket of its own`;
    assert.deepEqual(messages(result), [expected]);
    await server.close();
  });
});

/** A real switch in a network namespace: databases and sockets in `folder`, a bridge without a data path. */
class Switch {
  readonly namespace = `ovstpocli-${randomBytes(3).toString("hex")}`;
  readonly #children: ChildProcess[] = [];

  async start(): Promise<void> {
    execFileSync("ip", ["netns", "add", this.namespace]);
    execFileSync("ip", ["-netns", this.namespace, "link", "set", "lo", "up"]);
    const database = join(folder, "conf.db");
    execFileSync("ovsdb-tool", ["create", database, "/usr/share/openvswitch/vswitch.ovsschema"]);
    const control = (name: string) => `--unixctl=${join(folder, `${name}.ctl`)}`;
    this.spawn("ovsdb-server", database, `--remote=punix:${folder}/db.sock`, control("db"));
    await until(() => existsSync(join(folder, "db.sock")));
    this.spawn("ovs-vswitchd", `unix:${folder}/db.sock`, "--enable-dummy", control("vswitchd"));
    this.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy");
  }

  get prefix(): string[] {
    return ["ip", "netns", "exec", this.namespace];
  }

  spawn(...args: string[]): ChildProcess {
    const [program = "", ...rest] = [...this.prefix, ...args];
    const env = { ...process.env, OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
    const child = spawn(program, rest, { stdio: "ignore", env });
    this.#children.push(child);
    return child;
  }

  vsctl(...args: string[]): void {
    execFileSync("ovs-vsctl", [`--db=unix:${folder}/db.sock`, "--timeout=10", ...args]);
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, "exit");
    }
    execFileSync("ip", ["netns", "delete", this.namespace]);
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return;
    await sleep(20);
  }
  assert.fail("waited for 10 s in vain");
}

describe("ovs-tpo check", () => {
  let lab: Switch;
  before(async () => {
    lab = new Switch();
    await lab.start();
  });
  after(() => lab.stop());

  /** Findings by subject. */
  async function findings(file: string, prefix = lab.prefix) {
    const { status, stdout, stderr } = await ovsTpo(["check", "--config", file], prefix);
    assert.equal(stderr, "");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => /^(ok|note|FAILED) +(\S+(?: port)?) +(.*)$/.exec(line) ?? assert.fail(line));
    return {
      status,
      lines: lines.map(([, outcome, subject, detail]) => ({ outcome, subject, detail: detail ?? "" })),
    };
  }

  async function failures(file: string, prefix = lab.prefix) {
    const { status, lines } = await findings(file, prefix);
    const failed = lines.filter(({ outcome }) => outcome === "FAILED");
    assert.equal(status, failed.length === 0 ? 0 : 1);
    return failed.map(({ subject, detail }) => `${subject}: ${detail}`);
  }

  it("finds everything in order", async () => {
    const { status, lines } = await findings(config("good"));
    assert.deepEqual(
      lines.map(({ outcome, subject }) => `${outcome} ${subject}`),
      [
        "ok configuration",
        "ok ip",
        "ok nft",
        "ok privileges",
        "ok tun",
        "ok descriptors",
        "ok keys",
        "ok database",
        "ok bridge",
        "ok port",
        "ok openflow",
        "ok mover port",
        "ok stream port",
        "ok edge port",
      ],
    );
    assert.equal(status, 0);
  });

  it("notes entries that never decide", async () => {
    const table =
      "table: [{ protocol: tcp, action: pass, name: all }, { protocol: tcp, source: 10.1.0.1, action: pass }]\n";
    const { status, lines } = await findings(config("shadow", table));
    assert.equal(status, 0);
    assert.deepEqual(lines[1], {
      outcome: "note",
      subject: "configuration",
      detail: "entry #2 never decides: all take all of it",
    });
  });

  it("tells what is wrong with the configuration, and looks at the host all the same", async () => {
    const failed = await failures(config("bad", "logs: {}\n"));
    assert.match(
      failed.join("\n"),
      /^configuration: .*bad\.yaml:8:1: logs: found an unknown field.*did you mean "log"\?$/,
    );
    assert.match((await failures("/nowhere/a.yaml"))[0] ?? "", /cannot read/);
  });

  it("tells a key that is missing, or that others may read, or is the peer's as well", async () => {
    const file = config("keys");
    const text = readFileSync(file, "utf8");
    const key = join(folder, "of-keys");
    writeFileSync(file, text.replace(/^key_file: .*$/m, `key_file: ${key}`));
    assert.deepEqual(await failures(file), [
      `keys: there is no key file ${key}; make one: ovs-tpo keygen ${key}`,
    ]);
    writeKeyFile(key);
    assert.deepEqual(await failures(file), []);
    chmodSync(key, 0o640);
    assert.match((await failures(file)).join("\n"), /^keys: others than its owner .*mode 0640.*chmod 600/);
    chmodSync(key, 0o600);
    const own = formatKey(readKeyFile(key).publicKey);
    writeFileSync(file, readFileSync(file, "utf8").replace(/public_key: [^ ]*/, `public_key: ${own}`));
    assert.match((await failures(file)).join("\n"), /^keys: peers\.b\.public_key is .*this site's own/);
  });

  it("notes that encryption is off", async () => {
    const file = config("open");
    const text = readFileSync(file, "utf8").replace('4754" }\npeers', '4754", encryption: off }\npeers');
    writeFileSync(file, text);
    const { status, lines } = await findings(file);
    assert.equal(status, 0);
    const { outcome, detail } = lines.find(({ subject }) => subject === "keys") ?? assert.fail();
    assert.equal(outcome, "note");
    assert.match(detail, /^mover\.encryption is off: /);
  });

  it("tells missing privileges", async () => {
    const failed = await failures(config("good"), [...lab.prefix, ...unprivileged]);
    assert.deepEqual(failed, [
      "privileges: missing CAP_NET_ADMIN (for transparent sockets, routes, nftables and the canary port) and " +
        "CAP_NET_BIND_SERVICE (for sockets at a client's own port below 1024); run ovs-tpo as root or give it these",
    ]);
  });

  it("tells missing programs", async () => {
    const failed = await failures(config("good"), [
      ...lab.prefix,
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount -t tmpfs none /usr/sbin; exec "$@"',
      "sh",
    ]);
    assert.deepEqual(failed, ["nft: the program nft is not installed; install the package nftables"]);
  });

  it("tells a missing switch, and where it looked", async () => {
    const missing = config(
      "missing",
      "",
      "{ bridge: br0, database: unix:/nowhere/db.sock, run_dir: /nowhere }",
    );
    const failed = await failures(missing);
    assert.match(
      failed.join("\n"),
      /^database: no answer within 5 s \(.*\/nowhere\/db\.sock.*ENOENT.*\); see whether ovsdb-server runs/,
    );
  });

  it("tells a missing bridge, and which there are", async () => {
    const other = config(
      "other",
      "",
      `{ bridge: br7, database: "unix:${folder}/db.sock", run_dir: ${folder} }`,
    );
    const failed = await failures(other);
    assert.equal(
      failed[0],
      "bridge: there is no bridge br7 (there are: br0); make it, or correct ovs.bridge",
    );
    assert.match(
      failed[1] ?? "",
      /^openflow: cannot connect to .*\/br7\.mgmt: .*; see whether ovs-vswitchd runs/,
    );
  });

  it("tells whose the local port's name is", async () => {
    lab.vsctl("add-port", "br0", "tpo0", "--", "set", "interface", "tpo0", "type=dummy");
    assert.match(
      (await failures(config("good"))).join(),
      /^port: tpo0 is a port of type "dummy" already, not ours/,
    );
    lab.vsctl("set", "interface", "tpo0", "type=internal");
    assert.deepEqual(await failures(config("good")), []);
    lab.vsctl("del-port", "br0", "tpo0");
    execFileSync("ip", [
      "-netns",
      lab.namespace,
      "link",
      "add",
      "tpo0",
      "type",
      "veth",
      "peer",
      "name",
      "other",
    ]);
    assert.match(
      (await failures(config("good"))).join(),
      /^port: there is a network device tpo0 that is no port/,
    );
    execFileSync("ip", ["-netns", lab.namespace, "link", "delete", "tpo0"]);
  });

  it("tells ports that are taken", async () => {
    const program =
      'require("net").createServer().listen(4755); require("dgram").createSocket("udp4").bind(4754, () => console.log("up"))';
    const [ip = "", ...prefix] = lab.prefix;
    const taker = spawn(ip, [...prefix, process.execPath, "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(taker.stdout, "data");
    const failed = await failures(config("good"));
    taker.kill();
    await once(taker, "exit");
    assert.deepEqual(failed, [
      "mover port: port 4754/udp is taken by another process (see `ss -lpn`); set mover.listen, and the peers' addresses of it, to another",
      "edge port: port 4755/tcp is taken by another process (see `ss -lpn`); set edge.tcp.port to another",
    ]);
  });

  it("sees that the plugin runs already", async () => {
    const server = await ControlServer.listen(join(folder, "good.sock"), {});
    const { status, lines } = await findings(config("good"));
    await server.close();
    assert.equal(status, 0);
    assert.match(lines.at(-1)?.detail ?? "", new RegExp(`pid ${process.pid}; its ports are not looked at`));
  });
});

describe("ovs-tpo run", () => {
  const namespace = `ovstporun-${randomBytes(3).toString("hex")}`;
  const prefix = ["ip", "netns", "exec", namespace];
  before(() => {
    execFileSync("ip", ["netns", "add", namespace]);
  });
  after(() => {
    execFileSync("ip", ["netns", "delete", namespace]);
  });

  it("says in one line which privilege it lacks", async () => {
    const { status, stdout, stderr } = await ovsTpo(
      ["run", "--config", config("unprivileged")],
      [...prefix, ...unprivileged],
    );
    assert.equal(status, 1);
    assert.equal(stderr, "");
    const fatal = logLines(stdout).filter(({ level }) => level === "fatal");
    assert.equal(fatal.length, 1);
    assert.match(String(fatal[0]?.["msg"]), /CAP_NET_ADMIN/);
    assert.ok(!existsSync(join(folder, "unprivileged.sock")));
  });

  it("waits for a switch that is not there, in a named state, and leaves nothing behind", async () => {
    const file = config("waiting", "", "{ bridge: br0, database: unix:/nowhere/db.sock, run_dir: /nowhere }");
    const seen = () => execFileSync("ip", ["-netns", namespace, "-o", "link"], { encoding: "utf8" });
    const found = seen();
    const [ip = "", ...rest] = prefix;
    const child = spawn(ip, [...rest, process.execPath, command, "run", "--config", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = finish(child);
    await until(() => existsSync(join(folder, "waiting.sock")));
    const asked = await ovsTpo(["status", "--config", file]);
    assert.equal(asked.status, 3);
    assert.match(asked.stdout, /^state +connecting-ovsdb/m);
    const second = await ovsTpo(["run", "--config", file], prefix);
    assert.equal(second.status, 1);
    assert.match(
      String(logLines(second.stdout)[0]?.["msg"]),
      new RegExp(`already running at .*, pid ${child.pid};`),
    );
    assert.equal((await ovsTpo(["status", "--config", file])).status, 3);
    child.kill("SIGTERM");
    const { status, stderr } = await ended;
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.equal(seen(), found);
  });
});
