import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { Lab } from "../../ovs-lab/index.js";
import { bridgeDump, Capture, hostDump, SERVER, SERVER6, WebServer } from "./site.js";
import { WideLab } from "./wide-lab.js";

const run = promisify(execFile);

const SITE_A = ["10.1.0.0/16", "fd00:1::/32"];
/** Of site a, what is in no VLAN. */
const UNTAGGED = ["10.1.0.0/24", "10.1.5.0/24", "fd00:1::/64", "fd00:1:5::/64"];
const SITE_B = ["10.2.0.0/24", "fd00:2::/64"];

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
    await wide.addLan(10, "br0", "tag=10");
    await wide.addLan(20, "br0", "tag=20");
    const datapath = (await wide.vsctl("get", "bridge", "br0", "datapath_type")).trim();
    await wide.vsctl("set", "port", "host2", "tag=10");
    await wide.move("a-host2", 10, 12);
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
    await wide.move("a-host3", 20, 13);
    // Behind the first host, which is a router, there is another.
    const inner = wide.namespace("a-inner");
    await wide.on(
      "client",
      "ip address add 10.1.0.254/24 dev eth0",
      // Not for connections of its own.
      "ip address add fd00:1::254/64 dev eth0 preferred_lft 0",
      "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
    );
    await run("ip", ["netns", "add", inner]);
    for (const words of [
      "link set lo up",
      `link add eth0 type veth peer name inner0 netns ${wide.namespace("a-host1")}`,
      "address add 10.1.5.11/24 dev eth0",
      "address add fd00:1:5::11/64 dev eth0 nodad",
      "link set eth0 up",
    ])
      await run("ip", ["-n", inner, ...words.split(" ")]);
    await wide.on(
      "client",
      "ip address add 10.1.5.1/24 dev inner0",
      "ip address add fd00:1:5::1/64 dev inner0 nodad",
      "ip link set inner0 up",
    );
    for (const route of ["10.1.5.1 advmss 1458", "fd00:1:5::1 advmss 1438"])
      await run("ip", ["-n", inner, ...`route add default via ${route}`.split(" ")]);
    await wide.on(
      "a-router",
      "ip route add 10.1.5.0/24 via 10.1.0.254",
      "ip route add fd00:1:5::/64 via fd00:1::254",
    );
    await wide.announce(5);

    const { port, ...entry } = { port: {}, protocol: "tcp", action: "optimize" };
    wide.configure("a", (configuration) => ({
      ...configuration,
      port: {
        ...(configuration["port"] as object),
        ...port,
        routes: [
          { to: "10.1.5.0/24", via: "10.1.0.254" },
          { to: "fd00:1:5::/64", via: "fd00:1::254" },
        ],
        trunk: [
          { vlan: 10, addresses: ["10.1.10.2/24", "fd00:1:10::2/64"] },
          { vlan: 20, addresses: ["10.1.20.2/24", "fd00:1:20::2/64"] },
        ],
      },
      table: [
        ...[10, 20].map((vlan) => ({ ...entry, vlan, destination: SITE_B, peer: "b" })),
        { ...entry, source: UNTAGGED, destination: SITE_B, peer: "b" },
      ],
    }));
    wide.configure("b", (configuration) => ({
      ...configuration,
      table: [{ ...entry, source: SITE_B, destination: SITE_A, peer: "a" }],
    }));
    web = await WebServer.start(lab, "server", SERVER, SERVER6);
    found = await dumps();
    await wide.attach();
  });
  after(async () => {
    await web?.stop();
    await lab?.down();
  });

  for (const [what, node, address, address6] of [
    ["without a tag", "a-host1", "10.1.0.11", "fd00:1::11"],
    ["on an access port", "a-host2", "10.1.10.12", "fd00:1:10::12"],
    ["whose frames come tagged", "a-host3", "10.1.20.13", "fd00:1:20::13"],
    ["behind a router", "a-inner", "10.1.5.11", "fd00:1:5::11"],
  ] as const) {
    test(`a client ${what} is served, with its own address`, async () => {
      await wide.download(node, address, web);
      await wide.download(node, address6, web, SERVER6);
    });
  }

  test("servers in VLANs see their clients of the other site", async () => {
    for (const [node, address, address6] of [
      ["a-host2", "10.1.10.12", "fd00:1:10::12"],
      ["a-host3", "10.1.20.13", "fd00:1:20::13"],
    ] as const) {
      const there = await WebServer.start(lab, node, address, address6);
      try {
        await wide.download("b-host1", SERVER, there, address);
        await wide.download("b-host1", SERVER6, there, address6);
      } finally {
        await there.stop();
      }
    }
  });

  test("a server behind a router sees its client of the other site", async () => {
    const answer = `for (const own of ["10.1.5.11", "fd00:1:5::11"])
      require("http").createServer((q, a) => a.end(q.socket.remoteAddress)).listen(80, own)`;
    const argv = ["netns", "exec", wide.namespace("a-inner"), process.execPath, "-e", answer];
    const server = spawn("ip", argv, { stdio: "inherit" });
    try {
      for (const [address, client] of [
        ["10.1.5.11", SERVER],
        ["[fd00:1:5::11]", SERVER6],
      ]) {
        const before = (await wide.status()).connections.total;
        const said = await wide.on(
          "b-host1",
          `curl -sS --retry 20 --retry-all-errors --retry-delay 1 http://${address}`,
        );
        assert.equal(said, client);
        assert.ok((await wide.status()).connections.total > before);
      }
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("what goes to a host behind a router goes by way of that router, and of no other", async () => {
    const inside = "tcp and (net 10.1.5.0/24 or net fd00:1:5::/64)";
    const capture = await Capture.start(lab, "a-router", inside, "lan0");
    await wide.download("a-inner", "10.1.5.11", web);
    await wide.download("a-inner", "fd00:1:5::11", web, SERVER6);
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
    await wide.addLan(9, "br1");
    await wide.move("a-host2", 9, 12);
    wide.configure("a", ({ ovs, port, table: _, ...configuration }) => {
      const { bridge, ...rest } = ovs as { bridge: string };
      const entry = { protocol: "tcp", destination: SITE_B, action: "optimize", peer: "b" };
      return {
        ...configuration,
        ovs: rest,
        bridges: [
          { bridge, port, table: [{ ...entry, source: ["10.1.0.0/24", "fd00:1::/64"] }] },
          {
            bridge: "br1",
            port: { name: "tpo1", addresses: ["10.1.9.2/24", "fd00:1:9::2/64"] },
            table: [{ ...entry, source: ["10.1.9.0/24", "fd00:1:9::/64"] }],
          },
        ],
      };
    });
    wide.configure("b", (configuration) => ({
      ...configuration,
      table: [{ protocol: "tcp", destination: SITE_A, action: "optimize", peer: "a" }],
    }));
    web = await WebServer.start(lab, "server", SERVER, SERVER6);
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
    await wide.download("a-host1", "fd00:1::11", web, SERVER6);
    await wide.download("a-host2", "fd00:1:9::12", web, SERVER6);
  });

  test("a server on the second bridge sees its client from the other site", async () => {
    const there = await WebServer.start(lab, "a-host2", "10.1.9.12", "fd00:1:9::12");
    try {
      await wide.download("b-host1", SERVER, there, "10.1.9.12");
      await wide.download("b-host1", SERVER6, there, "fd00:1:9::12");
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
    const tuple6 = ["tcp", "[fd00:1:9::12]:40000", `[${SERVER6}]:80`, "--bridge", "br1"];
    assert.match(
      await ask("explain", ...tuple6),
      /^taken for peer b\n[\s\S]*eth_type=0x86dd,nw_proto=6,ipv6_src=fd00:1:9::\/64/,
    );
    assert.match(await ask("flows"), /^bridge br0\nSTATUS[\s\S]*^bridge br1\nSTATUS/m);
  });

  test("detached, both and the host are as they were found", async () => {
    await lab.plugin("a").stop();
    assert.deepEqual(await dumps(), found);
  });
});
