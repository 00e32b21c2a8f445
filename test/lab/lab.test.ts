import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { formatKey, readKeyFile } from "../../driver/security/index.js";
import { defaultWan, Lab } from "../../ovs-lab/index.js";
import { commandLine } from "../../ovs-lab/namespace.js";
import { hasCode, leaveNothing, names, ping, up } from "./ground.js";

/** Returns once a TCP port of a node is listened at. */
async function listening(lab: Lab, node: string, port: number): Promise<void> {
  while (!(await lab.exec(node, ["ss", "-ltnH"])).stdout.includes(`:${port} `)) await sleep(10);
}

leaveNothing();

describe("two labs side by side", () => {
  let one: Lab;
  let two: Lab;
  before(async () => {
    [one, two] = await Promise.all([
      up(names.one, { rtt: "40ms", rate: "20mbit", seed: 1 }),
      up(names.two, { rtt: "10ms", sites: 3, hosts: 1 }),
    ]);
  });
  after(() => Promise.all([one.down(), two.down()]));

  it("have the same addresses and each its own way between them", async () => {
    const [slow, fast] = await Promise.all([
      ping(one, "client", "10.2.0.11", 10),
      ping(two, "client", "10.2.0.11", 10),
    ]);
    assert.equal(slow.length, 10);
    assert.equal(fast.length, 10);
    assert.ok(Math.min(...slow) >= 40 && Math.min(...slow) < 60, `${slow}`);
    assert.ok(Math.min(...fast) >= 10 && Math.min(...fast) < 30, `${fast}`);
  });

  it("reach every site, from every host, over IPv4 and IPv6", async () => {
    for (const [from, to] of [
      ["a-host2", "10.2.0.12"],
      ["server", "fd00:1::12"],
      ["a-router", "10.2.0.11"],
    ] as const) {
      assert.ok((await ping(one, from, to, 5)).length > 0, `${from} to ${to}`);
    }
    for (const [from, to] of [
      ["a-host1", "10.3.0.11"],
      ["c-host1", "fd00:2::11"],
      ["b-host1", "10.3.0.1"],
    ] as const) {
      assert.ok((await ping(two, from, to, 5)).length > 0, `${from} to ${to}`);
    }
  });

  it("forward by their own switches, which know the hosts as ports", async () => {
    const { stdout } = await one.exec("a-switch", ["ovs-vsctl", "list-ports", "br0"]);
    assert.deepEqual(stdout.trim().split("\n"), ["host1", "host2", "router"]);
    const flows = await two.exec("c-switch", ["ovs-ofctl", "dump-flows", "br0"]);
    assert.match(flows.stdout, /priority=0 actions=NORMAL/);
  });

  it("carry TCP within their rate, whole", async () => {
    const sent = randomBytes(1.5e6).toString("hex");
    const server = one.exec("server", ["nc", "-l", "5000"], { timeout: 60_000 });
    await listening(one, "server", 5000);
    const started = process.hrtime.bigint();
    await one.exec("client", ["nc", "-N", "10.2.0.11", "5000"], { input: sent, timeout: 60_000 });
    assert.ok((await server).stdout === sent);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    assert.ok((sent.length * 8) / seconds < 20e6, `${seconds} s`);
    const { counters } = (await one.status()).wan.directions[0]!;
    assert.ok(counters!.bytes > sent.length);
  });

  it("leave a host's TCP segments as they are", async () => {
    // Else a sender that counts by its own segments would repeat more than was lost.
    await one.set({ rate: "100mbit", queue: "unlimited", rtt: "10ms" });
    const framesTo = async () => (await one.status()).wan.directions[0]!.counters!.frames;
    const before = await framesTo();
    const server = one.exec("server", ["nc", "-l", "5000"], { timeout: 60_000 });
    await listening(one, "server", 5000);
    const input = "x".repeat(6e6);
    await one.exec("client", ["nc", "-N", "10.2.0.11", "5000"], { input, timeout: 60_000 });
    assert.equal((await server).stdout.length, input.length);
    const needed = input.length / 1446;
    const sent = (await framesTo()) - before;
    assert.ok(sent < 1.05 * needed, `${sent} frames where ${needed} would have done`);
  });

  it("give each plugin a configuration of its own site", async () => {
    const text = readFileSync(`${two.directory}/b/ovs-tpo.yaml`, "utf8");
    const directory = `/run/ovs-lab/${names.two}/b`;
    const entry = (destination: string, peer: string) => ({
      protocol: "tcp",
      source: "10.2.0.11",
      destination,
      action: "optimize",
      peer,
    });
    const publicKey = (site: string) =>
      formatKey(readKeyFile(`/run/ovs-lab/${names.two}/${site}/ovs-tpo.key`).publicKey);
    assert.deepEqual(parse(text), {
      site: "b",
      key_file: `${directory}/ovs-tpo.key`,
      ovs: { bridge: "br0", database: `unix:${directory}/db.sock`, run_dir: directory },
      port: { name: "tpo0", addresses: ["10.2.0.2/24", "fd00:2::2/64"], gateways: ["10.2.0.1", "fd00:2::1"] },
      mover: { listen: "10.2.0.2:4754" },
      peers: {
        a: { address: "10.1.0.2:4754", public_key: publicKey("a") },
        c: { address: "10.3.0.2:4754", public_key: publicKey("c") },
      },
      table: [entry("10.1.0.11", "a"), entry("10.3.0.11", "c")],
      control: { socket: `${directory}/ovs-tpo.sock` },
      log: { level: "info" },
    });
  });

  it("end one without the other", async () => {
    await two.down();
    assert.equal((await ping(one, "client", "10.2.0.11", 2)).length, 2);
    await hasCode("NO_LAB", two.exec("client", ["true"]));
    two = await up(names.two);
  });
});

describe("the WAN of a running lab", () => {
  let lab: Lab;
  const counters = async (from: string) =>
    (await lab.status()).wan.directions.find((direction) => direction.from === from)!.counters!;
  before(async () => {
    lab = await up(names.one);
  });
  beforeEach(async () => {
    await lab.set({ ...defaultWan, rtt: "10ms" });
    await lab.link(true);
  });
  after(() => lab.down());

  it("takes another round trip, and one direction's own", async () => {
    await lab.set({ rtt: "80ms" });
    const symmetric = await ping(lab, "client", "10.2.0.11", 5);
    assert.ok(Math.min(...symmetric) >= 80, `${symmetric}`);
    await lab.set({ rtt: "10ms" }, { from: "a", to: "b" });
    const mixed = await ping(lab, "client", "10.2.0.11", 10);
    assert.ok(Math.min(...mixed) >= 45 && Math.min(...mixed) < 80, `${mixed}`);
    const { directions } = (await lab.status()).wan;
    assert.deepEqual(
      directions.map(({ from, settings }) => [from, settings.rtt]),
      [
        ["a", "10ms"],
        ["b", "80ms"],
      ],
    );
    await lab.set({ rtt: "20ms" });
    assert.ok(Math.min(...(await ping(lab, "client", "10.2.0.11", 10))) < 45);
  });

  it("is the same for whoever opens the lab again", async () => {
    const again = Lab.open(names.one);
    await again.set({ rtt: "30ms", loss: "0%" });
    assert.ok(Math.min(...(await ping(again, "client", "10.2.0.11", 3))) >= 30);
    assert.equal((await Lab.open(names.one).status()).wan.directions[1]!.settings.rtt, "30ms");
    lab = again;
  });

  it("loses what it is told to lose, and counts it", async () => {
    const before = await counters("a");
    await lab.set({ loss: "100%" }, { from: "a", to: "b" });
    assert.deepEqual(await ping(lab, "client", "10.2.0.11", 20), []);
    const after = await counters("a");
    assert.ok(after.lost - before.lost >= 20);
    assert.ok(after.delivered - before.delivered <= before.inFlight);
    await lab.set({ loss: "0%" });
    assert.equal((await ping(lab, "client", "10.2.0.11", 5)).length, 5);
  });

  it("doubles frames", async () => {
    await lab.set({ duplicate: "100%" }, { from: "a", to: "b" });
    const { stdout } = await lab.exec("client", ["ping", "-c", "3", "-i", "0.05", "10.2.0.11"]);
    assert.match(stdout, /DUP!/);
  });

  it("has routers that tell of its MTU", async () => {
    const large = ["-M", "do", "-s", "1400"];
    assert.equal((await ping(lab, "client", "10.2.0.11", 1, ...large)).length, 1);
    await lab.set({ mtu: "1300" });
    const { stdout } = await lab.exec("client", ["ping", "-c", "1", "-W", "1", ...large, "10.2.0.11"]);
    assert.match(stdout, /Frag needed.*mtu = 1300/);
    await lab.set({ mtu: "1500" });
    // What a host has learnt of a path it keeps; another host has not learnt it.
    assert.equal((await ping(lab, "a-host2", "10.2.0.12", 1, ...large)).length, 1);
  });

  it("goes down, with what is on it, and comes up again", async () => {
    await lab.set({ rtt: "1s" });
    const pinging = lab.exec("client", ["ping", "-c", "1", "-W", "2", "10.2.0.11"]);
    await sleep(250);
    await lab.link(false);
    assert.equal((await lab.status()).wan.up, false);
    await lab.link(true);
    assert.equal((await pinging).status, 1, "the ping on its way was lost");
    await lab.set({ rtt: "10ms" });
    await lab.link(false);
    assert.deepEqual(await ping(lab, "client", "10.2.0.11", 3), []);
    assert.ok((await counters("a")).linkDown >= 4);
    await lab.link(true);
    assert.equal((await ping(lab, "client", "10.2.0.11", 3)).length, 3);
  });

  it("refuses what makes no sense and stays as it was", async () => {
    await hasCode("BAD_OPTION", lab.set({ rate: "fast" }));
    await hasCode("BAD_OPTION", lab.set({ rtt: "1ms" }, { from: "a", to: "a" }));
    await hasCode("BAD_OPTION", lab.set({ mtu: "1400" }, { from: "a", to: "b" }));
    await hasCode("NO_NODE", lab.set({ rtt: "1ms" }, { from: "a", to: "z" }));
    const { directions } = (await lab.status()).wan;
    assert.ok(directions.every(({ settings }) => settings.rate === "100mbit" && settings.rtt === "10ms"));
  });

  it("says how late it was, from the start or from a reset", async () => {
    const before = (await counters("a")).lateness;
    assert.ok(before.frames > 0 && before.mean > 0 && before.p99 <= before.max, JSON.stringify(before));
    await lab.resetLateness();
    const { delivered, lateness } = await counters("a");
    assert.ok(lateness.frames < before.frames && delivered > 0);
  });
});

describe("commands in a lab", () => {
  let lab: Lab;
  before(async () => {
    lab = await up(names.one, { hosts: 1 });
  });
  after(() => lab.down());

  it("give back what they print and how they end", async () => {
    assert.deepEqual(await lab.exec("client", ["sh", "-c", "echo out; echo err >&2; exit 7"]), {
      status: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    assert.equal((await lab.exec("client", ["sh", "-c", "kill -TERM $$"])).status, 128 + 15);
    assert.equal((await lab.exec("client", ["cat"], { input: "to be copied" })).stdout, "to be copied");
  });

  it("are ended when their time is over", async () => {
    await hasCode("COMMAND_FAILED", lab.exec("client", ["sleep", "60"], { timeout: 100 }));
  });

  it("know only nodes that there are", async () => {
    const { message } = await hasCode("NO_NODE", (async () => lab.exec("c-host1", ["true"]))());
    assert.match(
      message,
      /no node "c-host1"; there are a-host1 \(client\), a-switch, a-router, b-host1 \(server\)/,
    );
  });

  it("are found by status, and gone with the lab", async () => {
    const child = lab.spawn("server", ["sleep", "1000"], { stdio: "ignore" });
    const pidsOf = async (node: string) => (await lab.status()).nodes.find(({ name }) => name === node)!.pids;
    while ((await pidsOf("b-host1")).length === 0) await sleep(10);
    assert.deepEqual(await pidsOf("b-host1"), [child.pid]);
    const { sites, wan, state } = await lab.status();
    assert.equal(state, "up");
    const pids = sites.flatMap((site) => [site.ovsdbServer, site.vswitchd]);
    assert.ok(
      [...pids, wan.pid].every((pid) => pid !== null && existsSync(`/proc/${pid}`)),
      `${pids} ${wan.pid}`,
    );
    const ended = once(child, "exit");
    await lab.down();
    assert.deepEqual(await ended, [null, "SIGKILL"]);
    assert.ok(pids.every((pid) => commandLine(pid!).length === 0));
    lab = await up(names.one, { hosts: 1 });
  });
});
