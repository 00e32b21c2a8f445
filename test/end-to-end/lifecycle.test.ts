import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parse, stringify } from "yaml";
import { Lab } from "../../ovs-lab/index.js";
import { bridgeDump, hostDump, killPlugin, listening, SERVER, script, until } from "./site.js";

let lab: Lab;
let bridge: string;
let host: string;

before(async () => {
  lab = await Lab.up({ name: "e2e-life", rate: "100mbit", rtt: "20ms", plugin: false });
  const { status } = await lab.exec("a-switch", [
    "ovs-ofctl",
    "-O",
    "OpenFlow15",
    "add-flow",
    `${lab.directory}/a/br0.mgmt`,
    "priority=7,tcp,tp_dst=7,actions=drop",
  ]);
  assert.equal(status, 0);
  bridge = await bridgeDump(lab, "a");
  host = await hostDump(lab, "a");
});
after(() => lab?.down());

/** Starts the site's plugin, and waits for its session with the other. */
const attach = async (site: string) => {
  await lab.plugin(site).start();
  await lab.plugin(site).ready();
};

test("attached and detached, bridge and host are as they were found", async () => {
  await lab.plugin("b").start();
  await attach("a");
  assert.notEqual(await bridgeDump(lab, "a"), bridge);
  assert.notEqual(await hostDump(lab, "a"), host);
  await lab.plugin("a").stop();
  assert.equal(await bridgeDump(lab, "a"), bridge);
  assert.equal(await hostDump(lab, "a"), host);
});

test("a second plugin for the same port ends at once, says why, and leaves the first alone", async () => {
  await attach("a");
  const dumps = () => Promise.all([bridgeDump(lab, "a"), hostDump(lab, "a")]);
  const found = await dumps();
  const own = `${lab.directory}/a/ovs-tpo.yaml`;
  const another = `${lab.directory}/a/another.yaml`;
  const configuration = parse(readFileSync(own, "utf8"));
  for (const [changes, reason] of [
    [{}, /ovs-tpo is already running at .*, pid \d+; stop it, or give this one/],
    [
      { control: { socket: `${lab.directory}/a/another.sock` } },
      /cannot make the tap device tpo0-alive: another process holds it/,
    ],
  ] as const) {
    writeFileSync(another, stringify({ ...configuration, ...changes }));
    const { status, stdout } = await lab.exec("a-switch", [
      ...[process.execPath, "plugin/bin/ovs-tpo", "run", "--config", another],
    ]);
    assert.equal(status, 1);
    assert.match(stdout, reason);
    assert.deepEqual(await dumps(), found);
  }
  await lab.plugin("a").ready();
  await lab.plugin("a").stop();
});

test("a killed plugin's leavings are cleaned up by the next one", async () => {
  await lab.plugin("a").start();
  await lab.plugin("a").kill();
  await lab.plugin("a").start();
  await lab.plugin("a").stop();
  assert.equal(await bridgeDump(lab, "a"), bridge);
  assert.equal(await hostDump(lab, "a"), host);
});

for (const how of ["stop", "kill"] as const) {
  test(`connections that are open at the plugin's ${how} see a reset at both ends`, () => endsInReset(how));
}

async function endsInReset(how: "stop" | "kill"): Promise<void> {
  await attach("a");
  const server = script(
    lab,
    "server",
    `net.createServer((s) => {
      s.write("hello");
      s.on("data", () => {}).on("error", (e) => console.log(e.code)).on("close", () => process.exit());
    }).listen(9003);`,
  );
  await listening(lab, "server", 9003);
  let heard = "";
  const client = lab.spawn("client", [
    process.execPath,
    "-e",
    `require("net").connect(9003, "${SERVER}").on("data", (d) => console.log(d + "")).on("error", (e) => console.log(e.code));`,
  ]);
  client.stdout?.on("data", (text) => {
    heard += text;
  });
  await until("the greeting", () => heard.includes("hello"));
  await lab.plugin("a")[how]();
  await until("the reset", () => heard.includes("ECONNRESET"));
  // The far site learns of a killed plugin's end at the latest from its successor.
  await attach("a");
  assert.equal((await server).stdout.trim(), "ECONNRESET");
  await lab.plugin("a").stop();
}

test("new connections go direct when the plugin is killed, and again through it when it is back", async () => {
  await attach("a");
  const server = lab.spawn("server", [
    process.execPath,
    "-e",
    `require("net").createServer((s) => s.on("error", () => {}).end("ok")).listen(9004);`,
  ]);
  try {
    await listening(lab, "server", 9004);
    const fetch = () =>
      script(
        lab,
        "client",
        `net.connect(9004, "${SERVER}").on("data", (d) => console.log(d + "")).on("error", (e) => console.log(e.code));`,
        5000,
      );
    assert.equal((await fetch()).stdout.trim(), "ok");
    await killPlugin(lab, "a");
    assert.equal((await fetch()).stdout.trim(), "ok");
    await attach("a");
    assert.equal((await fetch()).stdout.trim(), "ok");
  } finally {
    server.kill();
  }
});

test("a peer that is not there leaves connections direct, and is named in the status", async () => {
  await lab.plugin("b").stop();
  await until("the session is lost", async () => {
    const config = `${lab.directory}/a/ovs-tpo.yaml`;
    const { stdout } = await lab.exec("a-switch", [
      process.execPath,
      "plugin/bin/ovs-tpo",
      "status",
      "--config",
      config,
      "--json",
    ]);
    return JSON.parse(stdout).state.startsWith("peer-");
  });
  const { stdout } = await lab.exec("client", ["ping", "-c", "1", "-W", "2", SERVER]);
  assert.match(stdout, /1 received/);
  const client = await script(
    lab,
    "client",
    `net.connect(9999, "${SERVER}").on("error", (e) => console.log(e.code));`,
    5000,
  );
  // The server's own refusal, not an edge's reset.
  assert.equal(client.stdout.trim(), "ECONNREFUSED");
});
