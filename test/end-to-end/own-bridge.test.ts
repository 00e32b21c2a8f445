import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import { bridgeDump, carried, hostDump, inUrl, killPlugin, SERVER, SERVER6, WebServer } from "./site.js";

let lab: Lab;
let web: WebServer;
let found: string[];

const run = async (node: string, ...words: string[]) => {
  const { status, stdout, stderr } = await lab.exec(node, words);
  assert.equal(status, 0, `${words.join(" ")}: ${stderr}`);
  return stdout;
};
const vsctl = (...words: string[]) =>
  run("a-switch", "ovs-vsctl", `--db=unix:${lab.directory}/a/db.sock`, ...words);
const ofctl = async (command: string, ...words: string[]) => {
  const bridge = `${lab.directory}/a/br0.mgmt`;
  return (await run("a-switch", "ovs-ofctl", "-O", "OpenFlow15", command, bridge, ...words)).replace(
    / \(xid=[^)]*\)/g,
    "",
  );
};

/** Of the bridge that somebody else owns: all that could have changed. */
async function everything(): Promise<string[]> {
  const columns = ["datapath_id", "datapath_type", "other_config", "external_ids", "fail_mode"].join();
  return [
    await bridgeDump(lab, "a"),
    await vsctl(`--columns=${columns}`, "list", "Bridge", "br0"),
    await vsctl("--columns=name,tag,trunks,vlan_mode,external_ids", "list", "Port"),
    await ofctl("show").then((text) => text.replace(/ (state|speed|curr): .*/g, "")),
    await hostDump(lab, "a"),
  ];
}

const flows = () => ofctl("dump-flows", "--no-stats");

const download = (node: string, server = SERVER) =>
  run(
    node,
    ...["curl", "-sSo", "/dev/null", "--max-time", "10"],
    "-w",
    "%{http_code}",
    `http://${inUrl(server)}/blob`,
  );

async function attach(): Promise<void> {
  await lab.plugin("a").start();
  await lab.plugin("a").ready();
}

before(async () => {
  lab = await Lab.up({
    name: "e2e-own",
    rate: "100mbit",
    rtt: "20ms",
    plugin: false,
    plugins: {
      a: {
        ovs: { own_bridge: "br-tpo", uplink: "router" },
        table: [
          {
            ...{ protocol: "tcp", action: "optimize", peer: "b" },
            source: ["10.1.0.11", "fd00:1::11"],
            destination: [SERVER, SERVER6],
          },
        ],
      },
    },
  });
  await lab.plugin("b").start();
  web = await WebServer.start(lab, "server", SERVER, SERVER6);
  web.put("blob", 300_000);
  // An owner that forwards by port numbers alone, and by nothing that learns.
  const ports = Object.fromEntries(
    await Promise.all(
      ["router", "host1", "host2"].map(async (name) => [
        name,
        (await vsctl("get", "Interface", name, "ofport")).trim(),
      ]),
    ),
  );
  await vsctl("set-fail-mode", "br0", "secure");
  await ofctl("del-flows");
  const mac = (host: number) => `02:00:01:00:00:${(10 + host).toString(16).padStart(2, "0")}`;
  for (const host of [1, 2]) {
    await ofctl("add-flow", `priority=10,in_port=${ports[`host${host}`]},actions=output:${ports["router"]}`);
    await ofctl("add-flow", `priority=20,dl_dst=${mac(host)},actions=output:${ports[`host${host}`]}`);
  }
  // ARP's broadcasts, and the multicasts of neighbour discovery.
  for (const group of ["ff:ff:ff:ff:ff:ff", "33:33:00:00:00:00/ff:ff:00:00:00:00"])
    await ofctl(
      "add-flow",
      `priority=30,in_port=${ports["router"]},dl_dst=${group},actions=output:${ports["host1"]},output:${ports["host2"]}`,
    );
  await ofctl("add-group", "group_id=7,type=all,bucket=actions=drop");
  await ofctl("add-meter", "meter=3,kbps,band=type=drop,rate=1000000");
  assert.equal(await download("client"), "200");
  found = await everything();
});
after(async () => {
  await web?.stop();
  await lab?.down();
});

test("attached, the other's bridge has the very flows that it had, and clients are carried", async () => {
  const theirs = await flows();
  await attach();
  assert.equal(await flows(), theirs);
  const before = await carried(lab, "a");
  for (const [index, [server, client]] of [
    [SERVER, /^10\.1\.0\.11:/],
    [SERVER6, /^fd00:1::11:/],
  ].entries() as Iterable<[number, [string, RegExp]]>) {
    assert.equal(await download("client", server), "200");
    assert.equal(await carried(lab, "a"), before + 1 + index);
    assert.match(web.log().at(-1) ?? "", client);
    assert.equal(await download("a-host2", server), "200");
    assert.equal(await carried(lab, "a"), before + 1 + index, "what is not in the table passes");
  }
  assert.match(await vsctl("list-ports", "br-tpo"), /^br-tpo-in\nrouter\ntpo0\ntpo0-alive\n$/);
});

test("detached, all is as it was found", async () => {
  await lab.plugin("a").stop();
  assert.deepEqual(await everything(), found);
  assert.equal(await download("client"), "200");
});

test("killed, everything passes; after a next start and stop all is as it was found", async () => {
  await attach();
  await killPlugin(lab, "a");
  assert.equal(await download("client"), "200");
  await attach();
  const before = await carried(lab, "a");
  assert.equal(await download("client"), "200");
  assert.equal(await carried(lab, "a"), before + 1);
  await lab.plugin("a").stop();
  assert.deepEqual(await everything(), found);
});
