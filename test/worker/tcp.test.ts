import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Way } from "../../driver/index.js";
import { listening, observe } from "../edge/pair.js";
import { type Peer, Site } from "./site.js";

const MEBIBYTE = 1024 * 1024;
const space = `worker-tcp-${process.pid}`;
const path = `/run/netns/${space}`;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function nft(...words: string[]): void {
  execFileSync("ip", ["netns", "exec", space, "nft", ...words]);
}

function blockUdp(): void {
  nft("add table inet blocked; add chain inet blocked input { type filter hook input priority 0; }");
  nft("add rule inet blocked input meta l4proto udp drop");
}

function unblock(): void {
  nft("delete table inet blocked");
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not in 30 s: ${what}`);
    await sleep(20);
  }
}

async function throughEcho(peer: Peer, bytes: Buffer): Promise<void> {
  const socket = peer.dial();
  const observed = observe(socket);
  socket.end(bytes);
  const { bytes: back, end } = await observed;
  assert.equal(end, "end");
  assert.equal(digest(back), digest(bytes));
}

describe("transports over TCP where UDP is blocked", { timeout: 120_000 }, () => {
  let server: Server;
  let port = 0;
  const sites: Site[] = [];
  before(async () => {
    execFileSync("ip", ["netns", "add", space]);
    execFileSync("ip", ["-n", space, "link", "set", "lo", "up"]);
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    port = await listening(server);
  });
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });
  after(() => {
    server.close();
    execFileSync("ip", ["netns", "delete", space]);
  });

  async function pair(ways: "auto" | "stream" = "auto", waysOfB: "auto" | "datagrams" = "auto") {
    const [siteA, siteB] = await Promise.all([Site.openWithin(path, "a"), Site.openWithin(path, "b")]);
    sites.push(siteA, siteB);
    const a = await siteA.join(siteB.endpoint, port, { ways });
    const b = await siteB.join(siteA.endpoint, 0, { ways: waysOfB });
    return { a, b };
  }

  it("come up by TCP, go back to UDP when it works, and to TCP again, in one session", async () => {
    blockUdp();
    const { a, b } = await pair();
    await Promise.all([a.up(), b.up()]);
    await throughEcho(a, randomBytes(24 * MEBIBYTE));
    assert.deepEqual([a.events, b.events].flat(), ["by TCP", "up", "by TCP", "up"]);
    const open = a.dial();
    const bytes = randomBytes(64 * MEBIBYTE);
    const observed = observe(open);
    const half = bytes.length / 2;
    open.write(bytes.subarray(0, half));
    unblock();
    await until("UDP is back", () => [a, b].every(({ events }) => events.at(-1) === "by UDP"));
    blockUdp();
    open.end(bytes.subarray(half));
    const { bytes: back, end } = await observed;
    assert.deepEqual([end, digest(back)], ["end", digest(bytes)]);
    await until("TCP is back", () => [a, b].every(({ events }) => events.includes("by TCP", 3)));
    assert.ok(![...a.events, ...b.events].some((event) => event.startsWith("down")));
    unblock();
  });

  it("use nothing else where they are told to, and the other side follows", async () => {
    const { a, b } = await pair("stream");
    await Promise.all([a.up(), b.up()]);
    await throughEcho(a, randomBytes(8 * MEBIBYTE));
    assert.equal(a.transport.stats().way, Way.STREAM);
    await until("b has seen that UDP is not answered", () => b.events.includes("by TCP"));
  });

  it("come to nothing where one side forbids what the other insists on", async () => {
    const { a, b } = await pair("stream", "datagrams");
    await sleep(2000);
    assert.deepEqual([a.events, b.events], [[], []]);
    assert.equal(a.transport.state, "connecting");
  });
});
