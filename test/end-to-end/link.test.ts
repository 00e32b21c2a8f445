import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { Capture, SERVER, sha256, statusOf, until, WebServer } from "./site.js";

/** Longer than `mover.silent_after`; `LINK_TEST_CUT` sets another, up to `mover.dead_after`. Milliseconds. */
const CUT = Number(process.env["LINK_TEST_CUT"] ?? 5000);

let lab: Lab;
let web: WebServer;
const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-link-"));

before(async () => {
  lab = await Lab.up({ name: "e2e-link", rate: "40mbit", rtt: "40ms", hosts: 1, plugin: false });
  web = await WebServer.start(lab, "server", SERVER);
});
after(async () => {
  await web?.stop();
  await lab?.down();
  rmSync(directory, { recursive: true });
});

const router = async (...words: string[]): Promise<void> => {
  const { status, stderr } = await lab.exec("b-router", words);
  assert.equal(status, 0, stderr);
};

const blockUdp = (): Promise<void> =>
  router(
    "nft",
    "add table ip no_udp { chain forwarded { type filter hook forward priority 0; meta l4proto udp drop; }; }",
  );
const unblockUdp = (): Promise<void> => router("nft", "delete", "table", "ip", "no_udp");

/** What site a says of its peer. */
async function peer(): Promise<Status["peers"][string]> {
  const status = await statusOf(lab, "a");
  return status.peers["b"]!;
}

/** Begins to fetch; resolves with what came, once it has. */
async function download(name: string): Promise<Buffer> {
  const file = join(directory, name);
  const argv = ["curl", "-sS", "--max-time", "100", "-o", file, `http://${SERVER}/${name}`];
  const { status, stderr } = await lab.exec("client", argv, { timeout: 110_000 });
  assert.equal(status, 0, stderr);
  return readFileSync(file);
}

test("where UDP is blocked, TCP carries the session within seconds; and UDP again, when it works", async () => {
  await blockUdp();
  await Promise.all(["a", "b"].map((site) => lab.plugin(site).start()));
  await lab.plugin("a").ready();
  assert.deepEqual([(await peer()).state, (await peer()).link], ["up", "tcp"]);
  const capture = await Capture.start(lab, "a-router", "tcp");
  const hash = web.put("by-tcp", 4_000_000);
  assert.equal(sha256(await download("by-tcp")), hash);
  await capture.stop();
  assert.ok(capture.packets.length > 100);
  const others = capture.packets.filter(
    (line) => !/10\.[12]\.0\.2\.4754 [<>]|> 10\.[12]\.0\.2\.4754:/.test(line),
  );
  assert.deepEqual(others.slice(0, 3), []);

  const before = web.put("both-ways", 16_000_000);
  const both = download("both-ways");
  await unblockUdp();
  await until("UDP carries it", async () => (await peer()).link === "udp");
  assert.equal(sha256(await both), before);
  assert.equal((await peer()).state, "up");
});

test("a download goes on after the link was cut, and the peer was silent meanwhile", async () => {
  const hash = web.put("cut", 24_000_000);
  const fetched = download("cut");
  await sleep(1500);
  const { received_bytes } = await peer();
  assert.ok(received_bytes > 100_000);
  await lab.link(false);
  const end = performance.now() + CUT;
  await until("the peer is silent", async () => (await peer()).state === "silent");
  await sleep(Math.max(0, end - performance.now()));
  assert.equal((await peer()).state, "silent");
  await lab.link(true);
  await until("the session goes on", async () => (await peer()).state === "up");
  assert.equal(sha256(await fetched), hash);
  const log = readFileSync(`${lab.directory}/a/ovs-tpo.log`, "utf8");
  assert.match(log, /the peer answers again/);
  assert.doesNotMatch(log, /session down/);
});
