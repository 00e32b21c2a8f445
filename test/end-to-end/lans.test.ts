import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { Lab } from "../../ovs-lab/index.js";
import { request } from "../../plugin/control.js";
import type { Status } from "../../plugin/status.js";
import { bridgeDump, Capture, hostDump, SERVER, WebServer } from "./site.js";

const run = promisify(execFile);

/** A lab whose site a has more than one LAN. */
class WideLab {
  readonly lab: Lab;
  readonly #prefix: string;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.#prefix = `ovs-lab.${lab.name}.`;
  }

  static async up(name: string, hosts: number): Promise<WideLab> {
    return new WideLab(await Lab.up({ name, hosts, rate: "100mbit", rtt: "20ms", plugin: false }));
  }

  async on(node: string, ...commands: string[]): Promise<string> {
    let text = "";
    for (const command of commands) {
      const { status, stdout, stderr } = await this.lab.exec(node, command.split(" "));
      assert.equal(status, 0, `${command}: ${stderr}`);
      text += stdout;
    }
    return text;
  }

  vsctl(...words: string[]): Promise<string> {
    return this.on(
      "a-switch",
      ["ovs-vsctl", `--db=unix:${this.lab.directory}/a/db.sock`, ...words].join(" "),
    );
  }

  namespace(node: string): string {
    return `${this.#prefix}${node}`;
  }

  /** A port of a bridge that leads to the site's router, which is the gateway of that LAN and makes it known. */
  async addLan(network: string, bridge: string, ...options: string[]): Promise<void> {
    const port = `to-${network.split(".").slice(0, 3).join("-")}`;
    await this.on(
      "a-switch",
      `ip link add ${port} type veth peer name ${port} netns ${this.namespace("a-router")}`,
      `ip link set ${port} up`,
    );
    await this.on("a-router", `ip address add ${network} dev ${port}`, `ip link set ${port} up`);
    await this.on("b-router", `ip route add ${networkOf(network)} via 192.0.2.1`);
    await this.vsctl("add-port", bridge, port, ...options);
  }

  /** Gives a host an address of another LAN. */
  async move(host: string, address: string): Promise<void> {
    const gateway = address.replace(/\d+\/\d+$/, "1");
    await this.on(
      host,
      "ip address flush dev eth0 scope global",
      `ip address add ${address} dev eth0`,
      `ip route replace default via ${gateway} advmss 1458`,
    );
  }

  configure(site: string, change: (configuration: Record<string, unknown>) => Record<string, unknown>): void {
    const file = `${this.lab.directory}/${site}/ovs-tpo.yaml`;
    writeFileSync(file, stringify(change(parse(readFileSync(file, "utf8")))));
  }

  async attach(): Promise<void> {
    await Promise.all(["a", "b"].map((site) => this.lab.plugin(site).start()));
    await Promise.all(["a", "b"].map((site) => this.lab.plugin(site).ready()));
  }

  async status(site = "a"): Promise<Status> {
    return (await request(`${this.lab.directory}/${site}/ovs-tpo.sock`, "status")) as Status;
  }

  /** Downloads a file in a namespace, through the plugins, and sees to it that the server knows its client. */
  async download(from: string, client: string, web: WebServer, server = SERVER): Promise<void> {
    const hash = web.put("blob", 1_000_000);
    const before = (await this.status()).connections.total;
    const port = 40_000 + Math.floor(Math.random() * 20_000);
    const curl = [
      "curl",
      "-sS",
      "--max-time",
      "20",
      "--local-port",
      `${port}`,
      "-o",
      "-",
      `http://${server}/blob`,
    ];
    const words = `ip netns exec ${this.namespace(from)} ${curl.join(" ")} | sha256sum`;
    const { stdout } = await run("sh", ["-c", words]);
    assert.equal(stdout.split(" ")[0], hash);
    assert.equal(web.log().at(-1), `${client}:${port} ${server}:80 /blob 200`);
    assert.equal((await this.status()).connections.total, before + 1, "it went through the plugin");
  }
}

function networkOf(address: string): string {
  return address.replace(/\d+\/24$/, "0/24");
}

describe("a site with VLANs, and with a LAN behind a router", { timeout: 180_000 }, () => {
  let wide: WideLab;
  let lab: Lab;
  let web: WebServer;
  let found: string[];
  const dumps = () => Promise.all([bridgeDump(lab, "a"), hostDump(lab, "a")]);

  before(async () => {
    wide = await WideLab.up("e2e-lans", 3);
    lab = wide.lab;
    // VLAN 10 has an access port of the bridge, VLAN 20 a switch of its own, from which frames come with their tag.
    await wide.addLan("10.1.10.1/24", "br0", "tag=10");
    await wide.addLan("10.1.20.1/24", "br0", "tag=20");
    const datapath = (await wide.vsctl("get", "bridge", "br0", "datapath_type")).trim();
    await wide.vsctl("set", "port", "host2", "tag=10");
    await wide.move("a-host2", "10.1.10.12/24");
    await wide.vsctl(
      ...[
        "del-port",
        "host3",
        "--",
        "add-br",
        "access",
        "--",
        "set",
        "bridge",
        "access",
        `datapath_type=${datapath}`,
      ],
      ...["--", "add-port", "access", "host3", "tag=20"],
      ...[
        "--",
        "add-port",
        "access",
        "up",
        "--",
        "set",
        "interface",
        "up",
        "type=patch",
        "options:peer=down",
      ],
      ...[
        "--",
        "add-port",
        "br0",
        "down",
        "trunks=20",
        "--",
        "set",
        "interface",
        "down",
        "type=patch",
        "options:peer=up",
      ],
    );
    await wide.move("a-host3", "10.1.20.13/24");
    // Behind the first host, which is a router, there is another.
    const inner = wide.namespace("a-inner");
    await wide.on("client", "ip address add 10.1.0.254/24 dev eth0", "sysctl -qw net.ipv4.ip_forward=1");
    await run("ip", ["netns", "add", inner]);
    for (const words of [
      "link set lo up",
      `link add eth0 type veth peer name inner0 netns ${wide.namespace("a-host1")}`,
      "address add 10.1.5.11/24 dev eth0",
      "link set eth0 up",
    ])
      await run("ip", ["-n", inner, ...words.split(" ")]);
    await wide.on("client", "ip address add 10.1.5.1/24 dev inner0", "ip link set inner0 up");
    await run("ip", ["-n", inner, ..."route add default via 10.1.5.1 advmss 1458".split(" ")]);
    await wide.on("a-router", "ip route add 10.1.5.0/24 via 10.1.0.254");
    await wide.on("b-router", "ip route add 10.1.5.0/24 via 192.0.2.1");

    const { port, ...entry } = { port: {}, protocol: "tcp", action: "optimize" };
    wide.configure("a", (configuration) => ({
      ...configuration,
      port: {
        ...(configuration["port"] as object),
        ...port,
        routes: [{ to: "10.1.5.0/24", via: "10.1.0.254" }],
        trunk: [
          { vlan: 10, addresses: ["10.1.10.2/24"] },
          { vlan: 20, addresses: ["10.1.20.2/24"] },
        ],
      },
      table: [{ ...entry, source: "10.1.0.0/16", destination: "10.2.0.0/24", peer: "b" }],
    }));
    wide.configure("b", (configuration) => ({
      ...configuration,
      table: [{ ...entry, source: "10.2.0.0/24", destination: "10.1.0.0/16", peer: "a" }],
    }));
    web = await WebServer.start(lab, "server", SERVER);
    found = await dumps();
    await wide.attach();
  });
  after(async () => {
    await web?.stop();
    await lab?.down();
  });

  for (const [what, node, address] of [
    ["without a tag", "a-host1", "10.1.0.11"],
    ["on an access port", "a-host2", "10.1.10.12"],
    ["whose frames come tagged", "a-host3", "10.1.20.13"],
    ["behind a router", "a-inner", "10.1.5.11"],
  ] as const) {
    test(`a client ${what} is served, with its own address`, () => wide.download(node, address, web));
  }

  test("servers in VLANs see their clients of the other site", async () => {
    for (const [node, address] of [
      ["a-host2", "10.1.10.12"],
      ["a-host3", "10.1.20.13"],
    ] as const) {
      const there = await WebServer.start(lab, node, address);
      try {
        await wide.download("b-host1", "10.2.0.11", there, address);
      } finally {
        await there.stop();
      }
    }
  });

  test("a server behind a router sees its client of the other site", async () => {
    const answer = `require("http").createServer((q, a) => a.end(q.socket.remoteAddress)).listen(80, "10.1.5.11")`;
    const argv = ["netns", "exec", wide.namespace("a-inner"), process.execPath, "-e", answer];
    const server = spawn("ip", argv, { stdio: "inherit" });
    try {
      const before = (await wide.status()).connections.total;
      const said = await wide.on(
        "b-host1",
        "curl -sS --retry 20 --retry-all-errors --retry-delay 1 10.1.5.11",
      );
      assert.equal(said, "10.2.0.11");
      assert.ok((await wide.status()).connections.total > before);
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("what goes to a host behind a router goes by way of that router, and of no other", async () => {
    const capture = await Capture.start(lab, "a-router", "tcp and net 10.1.5.0/24", "lan0");
    await wide.download("a-inner", "10.1.5.11", web);
    await capture.stop();
    assert.deepEqual(capture.packets, []);
  });

  test("each port answers in its own VLAN", async () => {
    for (const [port, node, address, tagged] of [
      ["tpo0-10", "a-host2", "10.1.10.12", false],
      ["tpo0-20", "a-host3", "10.1.20.13", true],
    ] as const) {
      const mac = (await wide.on(node, "cat /sys/class/net/eth0/address")).trim();
      const flow = `in_port=${port},tcp,dl_dst=${mac},nw_src=${SERVER},nw_dst=${address},nw_ttl=64,tcp_flags=ack`;
      const trace = await wide.on("a-switch", `ovs-appctl ofproto/trace br0 ${flow}`);
      assert.match(trace, /^Datapath actions: \d+$/m);
      assert.equal(trace.includes('bridge("access")'), tagged, trace);
      assert.doesNotMatch(trace, /flood/);
    }
  });

  test("detached, bridge and host are as they were found", async () => {
    await lab.plugin("a").stop();
    assert.deepEqual(await dumps(), found);
  });
});

describe("two bridges, one plugin", { timeout: 120_000 }, () => {
  let wide: WideLab;
  let lab: Lab;
  let web: WebServer;
  let found: string[];
  const dumps = () => Promise.all([bridgeDump(lab, "a"), bridgeDump(lab, "a", "br1"), hostDump(lab, "a")]);

  before(async () => {
    wide = await WideLab.up("e2e-bridges", 2);
    lab = wide.lab;
    const datapath = (await wide.vsctl("get", "bridge", "br0", "datapath_type")).trim();
    await wide.vsctl(
      ...[
        "del-port",
        "host2",
        "--",
        "add-br",
        "br1",
        "--",
        "set",
        "bridge",
        "br1",
        `datapath_type=${datapath}`,
      ],
      ...["--", "add-port", "br1", "host2"],
    );
    await wide.addLan("10.1.9.1/24", "br1");
    await wide.move("a-host2", "10.1.9.12/24");
    wide.configure("a", ({ ovs, port, table: _, ...configuration }) => {
      const { bridge, ...rest } = ovs as { bridge: string };
      const entry = { protocol: "tcp", destination: "10.2.0.0/24", action: "optimize", peer: "b" };
      return {
        ...configuration,
        ovs: rest,
        bridges: [
          { bridge, port, table: [{ ...entry, source: "10.1.0.0/24" }] },
          {
            bridge: "br1",
            port: { name: "tpo1", addresses: ["10.1.9.2/24"] },
            table: [{ ...entry, source: "10.1.9.0/24" }],
          },
        ],
      };
    });
    wide.configure("b", (configuration) => ({
      ...configuration,
      table: [{ protocol: "tcp", destination: "10.1.0.0/16", action: "optimize", peer: "a" }],
    }));
    web = await WebServer.start(lab, "server", SERVER);
    found = await dumps();
    await wide.attach();
  });
  after(async () => {
    await web?.stop();
    await lab?.down();
  });

  test("clients on both are served", async () => {
    await wide.download("a-host1", "10.1.0.11", web);
    await wide.download("a-host2", "10.1.9.12", web);
  });

  test("a server on the second bridge sees its client from the other site", async () => {
    const there = await WebServer.start(lab, "a-host2", "10.1.9.12");
    try {
      await wide.download("b-host1", "10.2.0.11", there, "10.1.9.12");
    } finally {
      await there.stop();
    }
  });

  test("status, explain and flows tell of each", async () => {
    const { bridges } = await wide.status();
    assert.deepEqual(
      bridges.map(({ bridge, port, state }) => [bridge, port, state]),
      [
        ["br0", "tpo0", "in-sync"],
        ["br1", "tpo1", "in-sync"],
      ],
    );
    const ask = async (...words: string[]) => {
      const argv = [process.execPath, "plugin/bin/ovs-tpo", ...words];
      const { status, stdout, stderr } = await lab.exec("a-switch", [
        ...argv,
        "--socket",
        `${lab.directory}/a/ovs-tpo.sock`,
      ]);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    const tuple = ["tcp", "10.1.9.12:40000", `${SERVER}:80`];
    assert.match(
      await ask("explain", ...tuple),
      /^bridge br0\nnot taken\n[\s\S]*^bridge br1\ntaken for peer b\n/m,
    );
    assert.match(await ask("explain", ...tuple, "--bridge", "br1"), /^taken for peer b\n/);
    assert.match(await ask("flows"), /^bridge br0\nSTATUS[\s\S]*^bridge br1\nSTATUS/m);
  });

  test("detached, both and the host are as they were found", async () => {
    await lab.plugin("a").stop();
    assert.deepEqual(await dumps(), found);
  });
});
