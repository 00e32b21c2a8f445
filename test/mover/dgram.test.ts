import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { bind, socket as openSocket } from "../../driver/ffi/index.js";
import { BUFFER_FIELD_BYTES, DgramPort, type DgramPortOptions, Mover } from "../../driver/mover/index.js";
import { SAME_KEY } from "./security.js";

const LOOPBACK = "127.0.0.1";

/** A mover that says `buffers` and collects what it hears; resolves once `expected` buffers have come. */
function talker(
  name: string,
  link: ReturnType<DgramPort["link"]>,
  buffers: readonly Buffer[],
  expected: number,
) {
  const heard: Buffer[] = [];
  const queue = [...buffers];
  let done: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => {
    done = resolve;
  });
  const mover = new Mover({
    site: name,
    bootId: randomBytes(8).readBigUInt64BE(),
    security: SAME_KEY,
    link,
    source: { nextBuffer: () => queue.shift(), release: () => undefined },
    deliver: (buffer) => {
      heard.push(Buffer.from(buffer.subarray(BUFFER_FIELD_BYTES)));
      if (heard.length === expected) done();
    },
  });
  if (expected === 0) done();
  return { mover, heard, complete };
}

const sorted = (buffers: readonly Buffer[]): string[] =>
  buffers.map((buffer) => buffer.toString("base64")).sort();
const bodies = (buffers: readonly Buffer[]): Buffer[] =>
  buffers.map((buffer) => Buffer.from(buffer.subarray(BUFFER_FIELD_BYTES)));
const randomBuffers = (count: number, length: number): Buffer[] =>
  Array.from({ length: count }, () => randomBytes(length));

async function ports(...options: DgramPortOptions[]): Promise<DgramPort[]> {
  return await Promise.all(options.map((option) => DgramPort.open({ address: LOOPBACK, ...option })));
}

describe("movers over UDP", { timeout: 60_000 }, () => {
  it("carry twenty megabytes each way over loopback", async () => {
    const [portA, portB] = await ports({}, {});
    const [toB, toA] = [randomBuffers(300, 65_000), randomBuffers(300, 65_000)];
    const a = talker("a", portA!.link({ address: LOOPBACK, port: portB!.address.port }), toB, toA.length);
    const b = talker("b", portB!.link({ address: LOOPBACK, port: portA!.address.port }), toA, toB.length);
    a.mover.start();
    b.mover.start();
    await Promise.all([a.complete, b.complete]);
    assert.deepEqual(sorted(b.heard), sorted(bodies(toB)));
    assert.deepEqual(sorted(a.heard), sorted(bodies(toA)));
    assert.deepEqual([a.mover.state, b.mover.state], ["up", "up"]);
    a.mover.stop();
    await once(b.mover, "down");
    b.mover.stop();
    await Promise.all([portA!.close(), portB!.close()]);
  });

  it("share a socket between peers, and answer nobody else", async () => {
    const [hub, one, two] = await ports({}, {}, {});
    const hubAt = { address: LOOPBACK, port: hub!.address.port };
    const toOne = randomBuffers(20, 30_000);
    const toTwo = randomBuffers(20, 30_000);
    const hubOne = talker("hub", hub!.link({ address: LOOPBACK, port: one!.address.port }), toOne, 0);
    const hubTwo = talker("hub", hub!.link({ address: LOOPBACK, port: two!.address.port }), toTwo, 0);
    const peers = [talker("one", one!.link(hubAt), [], 20), talker("two", two!.link(hubAt), [], 20)];
    const stranger = createSocket("udp4");
    const answers: Buffer[] = [];
    stranger.on("message", (message) => answers.push(message));
    for (let i = 0; i < 50; i += 1) stranger.send(randomBytes(1 + i), hubAt.port, LOOPBACK);
    for (const { mover } of [hubOne, hubTwo, ...peers]) mover.start();
    await Promise.all(peers.map(({ complete }) => complete));
    assert.deepEqual(sorted(peers[0]!.heard), sorted(bodies(toOne)));
    assert.deepEqual(sorted(peers[1]!.heard), sorted(bodies(toTwo)));
    assert.deepEqual(answers, []);
    stranger.close();
    for (const { mover } of [hubOne, hubTwo, ...peers]) mover.stop();
    await Promise.all([hub!.close(), one!.close(), two!.close()]);
  });

  it("take over a socket that somebody else has bound", async () => {
    const fd = openSocket("ipv4", "datagram");
    bind(fd, { address: LOOPBACK, port: 0 });
    const [portA, portB] = await ports({ fd }, {});
    assert.equal(portA!.address.address, LOOPBACK);
    const said = randomBuffers(10, 10_000);
    const a = talker("a", portA!.link({ address: LOOPBACK, port: portB!.address.port }), said, 0);
    const b = talker("b", portB!.link({ address: LOOPBACK, port: portA!.address.port }), [], said.length);
    a.mover.start();
    b.mover.start();
    await b.complete;
    assert.deepEqual(sorted(b.heard), sorted(bodies(said)));
    a.mover.stop();
    b.mover.stop();
    await Promise.all([portA!.close(), portB!.close()]);
  });

  it("work over IPv6", async () => {
    const [portA, portB] = await ports(
      { family: "ipv6", address: "::1" },
      { family: "ipv6", address: "::1" },
    );
    const said = randomBuffers(10, 10_000);
    const a = talker("a", portA!.link({ address: "::1", port: portB!.address.port }), said, 0);
    const b = talker("b", portB!.link({ address: "::1", port: portA!.address.port }), [], said.length);
    a.mover.start();
    b.mover.start();
    await b.complete;
    assert.deepEqual(sorted(b.heard), sorted(bodies(said)));
    a.mover.stop();
    b.mover.stop();
    await Promise.all([portA!.close(), portB!.close()]);
  });

  it("leave the process free to end when they are stopped and closed", async () => {
    const [port] = await ports({});
    const { mover } = talker("a", port!.link({ address: LOOPBACK, port: 9 }), [], 0);
    mover.start();
    mover.stop();
    await port!.close();
    assert.equal(mover.state, "idle");
  });

  it("say which address was taken", async () => {
    const [port] = await ports({});
    await assert.rejects(ports({ port: port!.address.port }), { code: "EADDRINUSE" });
    await port!.close();
  });
});
