import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inNetworkNamespace } from "../../driver/ffi/index.js";
import { DataWorkerError } from "../../driver/index.js";
import { listening, observe } from "../edge/pair.js";
import { SAME_KEY } from "../mover/security.js";
import { type Peer, Site, udpSocket } from "./site.js";

const MEBIBYTE = 1024 * 1024;
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Says back what it hears, until the end. */
async function echo(): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  return { server, port: await listening(server) };
}

async function throughEcho(peer: Peer, bytes: Buffer): Promise<void> {
  const socket = peer.dial();
  const observed = observe(socket);
  socket.end(bytes);
  const { bytes: back, end } = await observed;
  assert.equal(end, "end");
  assert.equal(digest(back), digest(bytes));
}

/** Has an exception thrown in the worker, for want of an address that makes sense. */
async function crash(site: Site): Promise<Error> {
  const failed = once(site.worker, "error") as Promise<[Error]>;
  const options = {
    site: "",
    bootId: 0n,
    security: SAME_KEY,
    bufferSize: 65_536,
    onMessage: () => undefined,
  };
  site.worker.transport({ address: "nowhere", port: 0 }, options);
  return (await failed)[0];
}

/** Two sites that know each other; applications connect at `a`, and `b` opens onwards to the echo. */
async function pair(destination: number) {
  const [siteA, siteB] = await Promise.all([Site.open("a"), Site.open("b")]);
  const [a, b] = await Promise.all([siteA.join(siteB.endpoint, destination), siteB.join(siteA.endpoint)]);
  await Promise.all([a.up(), b.up()]);
  return { siteA, siteB, a, b };
}

describe("transports in workers, over loopback", { timeout: 120_000 }, () => {
  let server: Server;
  let port = 0;
  before(async () => {
    ({ server, port } = await echo());
  });
  after(() => server.close());

  it("carry what does not compress, and what does, there and back", async () => {
    const { siteA, siteB, a, b } = await pair(port);
    await throughEcho(a, randomBytes(48 * MEBIBYTE));
    await throughEcho(a, Buffer.alloc(48 * MEBIBYTE, "as it was in the beginning "));
    const { bufferBytesSent, segmentsSent } = a.transport.stats();
    assert.ok(bufferBytesSent > 48 * MEBIBYTE && bufferBytesSent < 60 * MEBIBYTE);
    assert.ok(segmentsSent > 0 && a.transport.rtt > 0);
    assert.deepEqual([a.transport.state, b.transport.state], ["up", "up"]);
    await Promise.all([siteA.close(), siteB.close()]);
  });

  it("carry two hundred connections at once", async () => {
    const { siteA, siteB, a } = await pair(port);
    await Promise.all(Array.from({ length: 200 }, (_, i) => throughEcho(a, randomBytes(1 + i * 997))));
    await Promise.all([siteA.close(), siteB.close()]);
  });

  it("let a reader that has stopped stop nobody else", async () => {
    const { siteA, siteB, a } = await pair(port);
    const bytes = randomBytes(24 * MEBIBYTE);
    const slow = a.dial();
    slow.pause();
    slow.end(bytes);
    await sleep(300);
    await throughEcho(a, randomBytes(8 * MEBIBYTE));
    const observed = observe(slow);
    slow.resume();
    const { bytes: back } = await observed;
    assert.equal(digest(back), digest(bytes));
    await Promise.all([siteA.close(), siteB.close()]);
  });

  it("share a socket between peers", async () => {
    const [hub, one, two] = await Promise.all([Site.open("hub"), Site.open("one"), Site.open("two")]);
    const peers = await Promise.all([one, two].map((site) => site.join(hub.endpoint)));
    const joined = await Promise.all([one, two].map((site) => hub.join(site.endpoint, port)));
    await Promise.all([...peers, ...joined].map((peer) => peer.up()));
    await Promise.all(joined.map((peer) => throughEcho(peer, randomBytes(4 * MEBIBYTE))));
    await Promise.all([hub, one, two].map((site) => site.close()));
  });

  it("see a peer's restart at once, and go on with the new one", async () => {
    const { siteA, siteB, a } = await pair(port);
    const open = a.dial();
    const observed = observe(open);
    open.write(randomBytes(64 * MEBIBYTE));
    await sleep(100);
    // Gone without a word: its worker ends in the midst of it.
    await crash(siteB);
    await siteB.close();
    const again = await Site.open("b", udpSocket(siteB.endpoint.port));
    const b = await again.join(siteA.endpoint);
    await Promise.all([a.up(2), b.up()]);
    assert.deepEqual(a.events, ["up", "down restart", "up"]);
    assert.equal((await observed).end, "ECONNRESET");
    await throughEcho(a, randomBytes(MEBIBYTE));
    await Promise.all([siteA.close(), again.close()]);
  });

  it("end in the midst of traffic, and the peer knows", async () => {
    const { siteA, siteB, a, b } = await pair(port);
    const sockets = Array.from({ length: 20 }, () => a.dial());
    // Not what reading ends with: where a write has been told of the reset, the kernel has no more than an end for a read.
    const errors = sockets.map(
      async (socket) => (await once(socket.resume(), "error"))[0] as NodeJS.ErrnoException,
    );
    for (const socket of sockets) socket.write(randomBytes(8 * MEBIBYTE));
    // What has not been accepted yet is the kernel's to end.
    while (a.connections.counts.open < sockets.length) await sleep(5);
    await sleep(50);
    await siteA.close();
    await b.down();
    assert.deepEqual(b.events, ["up", "down stopped"]);
    for (const { code } of await Promise.all(errors)) assert.equal(code, "ECONNRESET");
    await siteB.close();
  });

  it("have failed, with a name and a reason, when their worker has", async () => {
    const { siteA, siteB, a } = await pair(port);
    const open = a.dial();
    const observed = observe(open);
    open.write(randomBytes(16 * MEBIBYTE));
    await sleep(20);
    const error = await crash(siteA);
    assert.ok(error instanceof DataWorkerError && error.code === "data-worker");
    assert.match(error.message, /"nowhere"/);
    assert.equal(a.transport.state, "failed");
    assert.equal(a.transport.busy, false);
    assert.deepEqual(a.events, ["up", "down failed"]);
    assert.equal((await observed).end, "ECONNRESET");
    await siteA.close();
    await siteB.close();
  });
});

describe("transports in workers, where datagrams are too long", { timeout: 60_000 }, () => {
  const space = `worker-test-${process.pid}`;
  before(() => {
    execFileSync("ip", ["netns", "add", space]);
    execFileSync("ip", ["-n", space, "link", "set", "lo", "mtu", "1280", "up"]);
  });
  after(() => execFileSync("ip", ["netns", "delete", space]));
  const within = (body: () => number) => inNetworkNamespace(`/run/netns/${space}`, body);

  it("send one by one, in fragments, what cannot go in runs", async () => {
    const { server, port } = await echo();
    const [siteA, siteB] = await Promise.all(["a", "b"].map((name) => Site.open(name, within(udpSocket))));
    const [a, b] = await Promise.all([siteA!.join(siteB!.endpoint, port), siteB!.join(siteA!.endpoint)]);
    await Promise.all([a.up(), b.up()]);
    await throughEcho(a, randomBytes(4 * MEBIBYTE));
    await Promise.all([siteA!.close(), siteB!.close()]);
    server.close();
  });

  it("say so", async () => {
    const [siteA, siteB] = await Promise.all(["a", "b"].map((name) => Site.open(name, within(udpSocket))));
    const [a, b] = await Promise.all([siteA!.join(siteB!.endpoint, 9), siteB!.join(siteA!.endpoint)]);
    await Promise.all([a.up(), b.up()]);
    const told = once(a.transport, "tooLong") as Promise<[number]>;
    const socket = a.dial();
    socket.on("error", () => undefined);
    socket.write(randomBytes(MEBIBYTE));
    assert.deepEqual(await told, [1472]);
    socket.destroy();
    await Promise.all([siteA!.close(), siteB!.close()]);
  });

  it("find out what the path takes, and follow it, whole", async () => {
    const { server, port } = await echo();
    const sizes = { leastSegmentSize: 1252, segmentSize: 8972 };
    const mtu = (bytes: number) => execFileSync("ip", ["-n", space, "link", "set", "lo", "mtu", `${bytes}`]);
    mtu(3000);
    const [siteA, siteB] = await Promise.all(["a", "b"].map((name) => Site.open(name, within(udpSocket))));
    const a = await siteA!.join(siteB!.endpoint, port, sizes);
    const b = await siteB!.join(siteA!.endpoint, 0, sizes);
    await Promise.all([a.up(), b.up()]);
    const settled = async (least: number, most: number) => {
      const end = performance.now() + 20_000;
      for (;;) {
        const { segmentSize } = a.transport.stats();
        if (segmentSize <= most && segmentSize > least) return;
        assert.ok(performance.now() < end, `${segmentSize} is not between ${least} and ${most}`);
        await sleep(20);
      }
    };
    await settled(2956, 2972);
    await throughEcho(a, randomBytes(8 * MEBIBYTE));
    const under = throughEcho(a, randomBytes(96 * MEBIBYTE));
    await sleep(100);
    mtu(1500);
    await under;
    await settled(1456, 1472);
    assert.deepEqual([a.events, b.events], [["up"], ["up"]]);
    await Promise.all([siteA!.close(), siteB!.close()]);
    server.close();
  });
});

describe("transports in workers, when a site's address changes", { timeout: 60_000 }, () => {
  const space = `worker-moves-${process.pid}`;
  before(() => {
    execFileSync("ip", ["netns", "add", space]);
    execFileSync("ip", ["-n", space, "link", "set", "lo", "up"]);
  });
  after(() => execFileSync("ip", ["netns", "delete", space]));

  it("go on with the same session", async () => {
    const { server, port } = await echo();
    const within = (address: string) =>
      inNetworkNamespace(`/run/netns/${space}`, () => udpSocket(0, address));
    const [siteA, siteB] = await Promise.all([
      Site.open("a", within("0.0.0.0")),
      Site.open("b", within("127.0.0.1")),
    ]);
    const a = await siteA.join(siteB.endpoint, port);
    const b = await siteB.join({ address: "127.0.0.1", port: siteA.endpoint.port });
    await Promise.all([a.up(), b.up()]);
    const under = throughEcho(a, randomBytes(64 * MEBIBYTE));
    await sleep(50);
    const route = ["local", "127.0.0.1", "dev", "lo", "table", "local", "src", "127.0.0.9"];
    execFileSync("ip", ["-n", space, "route", "replace", ...route]);
    await under;
    assert.deepEqual(a.events, ["up"]);
    assert.deepEqual(b.events, ["up", `moved to 127.0.0.9:${siteA.endpoint.port}`]);
    await throughEcho(a, randomBytes(MEBIBYTE));
    await Promise.all([siteA.close(), siteB.close()]);
    server.close();
  });
});
