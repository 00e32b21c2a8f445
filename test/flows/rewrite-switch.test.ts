import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { EntrySpec } from "../../flows/index.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";

const run = promisify(execFile);
const skip = await unavailable();

const table: EntrySpec[] = [
  {
    protocol: "tcp",
    source: "10.1.0.0/16",
    destination: ["10.1.9.11", "10.1.9.12"],
    ports: [80, 443],
    action: "optimize",
    peer: "b",
  },
];

/** Connects from a fixed port, reads to the end, and prints what came and from whom. */
const CLIENT = `
const [, host, port, localPort] = process.argv;
const socket = require("node:net").connect({ host, port: Number(port), localPort: Number(localPort) });
let text = "";
socket.on("data", (data) => (text += data)).on("error", (error) => console.log(error.code));
socket.on("connect", () => (text += socket.remoteAddress + " " + socket.remotePort + ": "));
socket.on("end", () => console.log(text));
`;

describe("form rewrite on a real switch", { skip, timeout: 120_000 }, () => {
  let ovs: TestSwitch;
  let host: string;
  let plugin: PluginProcess;

  before(async () => {
    ovs = await TestSwitch.start();
    host = await ovs.addHost("client", "10.1.0.11/16");
    // The destinations do not exist: only that their addresses are on the link has to be believed.
    for (const address of ["10.1.9.11", "10.1.9.12"]) {
      await run("ip", [
        "-n",
        host,
        "neighbour",
        "add",
        address,
        "lladdr",
        "02:00:00:00:09:01",
        "dev",
        "eth0",
      ]);
    }
    plugin = new PluginProcess(ovs, { table, edgeAddress: "10.1.0.2/16" });
    await plugin.reaches("in-sync");
    plugin.tell({ do: "peers", up: ["b"] });
    await plugin.event(({ event }) => event === "applied");
  });
  after(async () => {
    await plugin?.stop();
    await ovs?.stop();
  });

  async function connect(address: string, port: number, localPort: number): Promise<string> {
    const args = [
      "netns",
      "exec",
      host,
      process.execPath,
      "-e",
      CLIENT,
      address,
      String(port),
      String(localPort),
    ];
    return (await run("ip", args, { timeout: 20_000 })).stdout.trim();
  }

  test("a client's connections reach the edge, which knows their destinations, and seem to reach these", async () => {
    // From one and the same port of the client: only their destinations tell them apart.
    assert.equal(await connect("10.1.9.11", 80, 40_000), "10.1.9.11 80: for 10.1.9.11 80");
    assert.equal(await connect("10.1.9.12", 443, 40_000), "10.1.9.12 443: for 10.1.9.12 443");
  });

  test("on the wire towards the edge, the destination is the edge's own address", async () => {
    const trace = await ovs.trace(
      "in_port=client,tcp,nw_src=10.1.0.11,nw_dst=10.1.9.12,nw_ttl=64,tcp_src=41000,tcp_dst=443,tcp_flags=syn",
    );
    assert.match(
      trace.actions,
      /set\(eth\(dst=.*\)\),set\(ipv4\(dst=10\.1\.0\.2\)\),set\(tcp\(dst=\d+\)\),\d+$/,
    );
  });
});
