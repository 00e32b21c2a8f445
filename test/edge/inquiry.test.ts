import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageStatus } from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import type { Interception } from "../../plugin/edge/tcp/index.js";
import { deferred, EdgePair, listening, observe, PLAIN_CLASS, until } from "./pair.js";

const stops: (() => void)[] = [];
after(() => {
  for (const stop of stops) stop();
});

const CLIENT_PORT = 45_001;

const towards = (port: number): Interception => ({
  addresses: {
    source: addressBytes("127.0.0.1"),
    sourcePort: CLIENT_PORT,
    destination: addressBytes("127.0.0.1"),
    destinationPort: port,
  },
  trafficClass: PLAIN_CLASS,
  dscp: 0,
});

/** A server with this behaviour behind a pair of edges. */
async function behind(
  behaviour: (socket: Socket) => void,
  seed: number,
): Promise<{ pair: EdgePair; port: number }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, behaviour);
  const port = await listening(server);
  const pair = await new EdgePair(port, seed).start();
  stops.push(
    () => server.close(),
    () => pair.stop(),
  );
  return { pair, port };
}

/** Asks the far edge; resolves to its answer. */
const ask = (pair: EdgePair, port: number) => {
  const { promise, resolve } = deferred<number>();
  const inquiry = pair.near.inquire(towards(port), resolve);
  return { inquiry, answered: promise };
};

/** The client's own connection, as the listener would accept it. */
async function client(pair: EdgePair, port: number): Promise<Socket> {
  const { promise, resolve } = deferred<Socket>();
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, resolve);
  const socket = connect({ port: await listening(listener), host: "127.0.0.1", allowHalfOpen: true });
  pair.near.intercept(await promise, towards(port));
  listener.close();
  return socket;
}

test("what the server says before the client's connection stands is not lost, in any order of buffers", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const greeting = randomBytes(700_000);
    const { pair, port } = await behind((socket) => {
      socket.end(greeting);
      socket.resume();
    }, seed);
    const { answered } = ask(pair, port);
    assert.equal(await answered, MessageStatus.OK);
    await sleep(seed * 5);
    const socket = await client(pair, port);
    assert.equal(pair.near.isConfirmed(towards(port).addresses), true);
    socket.end("bye");
    const { bytes, end } = await observe(socket);
    assert.ok(bytes.equals(greeting));
    assert.equal(end, "end");
    await until(() => pair.near.counts.open + pair.far.counts.open === 0);
    assert.equal(pair.near.isConfirmed(towards(port).addresses), false);
    assert.equal(pair.nearMemory.used + pair.farMemory.used, 0);
  }
});

test("a server that resets before the client's connection stands resets the client", async () => {
  // Its reset may overtake the news that it had connected.
  for (let seed = 1; seed <= 10; seed++) {
    const { pair, port } = await behind((socket) => socket.resetAndDestroy(), seed);
    const { answered } = ask(pair, port);
    assert.equal(await answered, MessageStatus.OK);
    await sleep(seed * 5);
    const socket = await client(pair, port);
    assert.equal((await observe(socket)).end, "ECONNRESET");
  }
});

test("a refusal is told, and leaves nothing behind", async () => {
  const { pair, port } = await behind(() => {}, 4);
  const closed = createServer();
  const free = await listening(closed);
  closed.close();
  const { answered } = ask(pair, free);
  assert.equal(await answered, MessageStatus.REFUSED);
  assert.equal(pair.near.counts.open + pair.far.counts.open, 0);
  assert.notEqual(free, port);
});

test("dropped, the far edge drops its connection; the server sees a reset", async () => {
  const { promise, resolve } = deferred<string>();
  const { pair, port } = await behind((socket) => {
    observe(socket).then(({ end }) => resolve(end));
  }, 5);
  const { inquiry, answered } = ask(pair, port);
  assert.equal(await answered, MessageStatus.OK);
  inquiry.drop(MessageStatus.TIMEOUT);
  assert.equal(await promise, "ECONNRESET");
  await until(() => pair.far.counts.open === 0);
});

test("with the session lost it is answered so, and holds no memory", async () => {
  const { pair, port } = await behind((socket) => socket.write(randomBytes(100_000)), 6);
  const { answered } = ask(pair, port);
  pair.near.sessionLost();
  assert.equal(await answered, MessageStatus.SESSION_LOST);
  assert.equal(pair.nearMemory.used, 0);
});
