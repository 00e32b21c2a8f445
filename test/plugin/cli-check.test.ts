import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatKey, readKeyFile, writeKeyFile } from "../../driver/security/index.js";
import { ControlServer } from "../../plugin/control.js";
import { config, folder, ovsTpo, unprivileged, until } from "./cli.js";

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

  it("tells a congestion control that the host has not, and which it has", async () => {
    const classes = "classes: { bulk: { congestion_control: nosuch }, web: { congestion_control: reno } }\n";
    const { lines } = await findings(config("classes", classes));
    const [bulk, web] = lines.filter(({ subject }) => subject === "class");
    assert.equal(bulk!.outcome, "FAILED");
    assert.match(
      bulk!.detail,
      /^classes\.bulk\.congestion_control: cannot use "nosuch": .*\(there are: .*reno.*\); load its module \(`modprobe tcp_nosuch`\), or name another$/,
    );
    assert.deepEqual(web, {
      outcome: "ok",
      subject: "class",
      detail: "web: congestion control reno is there",
    });
  });

  it("notes what it goes without where CAP_NET_RAW is missing", async () => {
    const prefix = [...lab.prefix, "setpriv", "--bounding-set=-net_raw"];
    const { status, lines } = await findings(config("raw"), prefix);
    assert.equal(status, 0);
    assert.deepEqual(
      lines.filter(({ subject }) => subject === "privileges").map(({ outcome }) => outcome),
      ["ok", "note"],
    );
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

  it("tells that the bridge may not speak OpenFlow 1.5, and how it may", async () => {
    lab.vsctl("set", "bridge", "br0", "protocols=OpenFlow13");
    assert.deepEqual(await failures(config("good")), [
      "openflow: br0 does not speak OpenFlow 1.5: allow it with `ovs-vsctl add bridge br0 protocols OpenFlow15`",
    ]);
    lab.vsctl("clear", "bridge", "br0", "protocols");
  });

  it("tells that somebody else has flows where the plugin's are to be", async () => {
    const ofctl = (...args: string[]) =>
      execFileSync("ovs-ofctl", [args[0]!, `unix:${folder}/br0.mgmt`, ...args.slice(1)]);
    ofctl("add-flow", "table=203,cookie=0x77,actions=drop");
    assert.deepEqual(await failures(config("good")), [
      "openflow: table 203 is taken by somebody else's flows (cookie 0x77): set steering.first_table to the first of 7 tables that nobody uses",
    ]);
    ofctl("del-flows", "table=203");
  });

  it("tells whose the local port's name is", async () => {
    lab.vsctl("add-port", "br0", "tpo0", "--", "set", "interface", "tpo0", "type=dummy");
    assert.match(
      (await failures(config("good"))).join(),
      /^port: tpo0 is a port of type "dummy" already, not ours/,
    );
    lab.vsctl("set", "interface", "tpo0", "type=internal");
    assert.match(
      (await failures(config("good"))).join(),
      /^port: tpo0 is a port of type "internal" already, not ours/,
    );
    lab.vsctl("set", "port", "tpo0", "external_ids:ovs-tpo=1");
    assert.match(
      (await failures(config("good"))).join(),
      /^port: tpo0 is the port of an ovs-tpo with instance 1; set port\.name to another name/,
    );
    lab.vsctl("set", "port", "tpo0", "external_ids:ovs-tpo=0");
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
