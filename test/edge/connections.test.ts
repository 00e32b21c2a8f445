import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageFlag, type MessageHeader, MessageType } from "../../driver/index.js";
import { addressBytes } from "../../driver/ip-address.js";
import { abort } from "../../plugin/edge/tcp/index.js";
import { writeOpening } from "../../plugin/edge/tcp/opening.js";
import { deferred, EdgePair, listening, type Observed, observe, randomOf } from "./pair.js";

const stops: (() => void)[] = [];
after(() => {
  for (const stop of stops) stop();
});

/** A server with this behaviour behind a pair of edges; returns how to connect to it through them. */
async function through(
  behaviour: (socket: Socket) => void,
  seed = 1,
): Promise<{ pair: EdgePair; dial: () => Socket }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, behaviour);
  const pair = await new EdgePair(await listening(server), seed).start();
  stops.push(
    () => server.close(),
    () => pair.stop(),
  );
  return {
    pair,
    dial: () => connect({ port: pair.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }),
  };
}

/** Both sides have forgotten all connections and hold no memory. */
async function settled(pair: EdgePair): Promise<void> {
  const busy = () =>
    pair.near.counts.open + pair.far.counts.open + pair.nearMemory.used + pair.farMemory.used;
  for (let i = 0; i < 500 && busy() > 0; i++) await sleep(10);
  assert.deepEqual(
    [pair.near.counts.open, pair.far.counts.open, pair.nearMemory.used, pair.farMemory.used],
    [0, 0, 0, 0],
  );
}

test("ten megabytes each way at once arrive as they were sent, whatever the order of the buffers", async () => {
  const up = randomBytes(10_000_000);
  const down = randomBytes(10_000_000);
  const server = deferred<Buffer>();
  const { pair, dial } = await through((socket) => {
    socket.end(down);
    observe(socket).then((seen) => server.resolve(seen.bytes));
  }, 7);
  const client = dial();
  client.end(up);
  const seen = await observe(client);
  assert.ok(seen.bytes.equals(down));
  assert.ok((await server.promise).equals(up));
  await settled(pair);
  assert.deepEqual(pair.near.counts, {
    open: 0,
    total: 1,
    opening: 0,
    failed: 0,
    taken: up.length,
    delivered: down.length,
  });
  assert.deepEqual(pair.far.counts, {
    open: 0,
    total: 1,
    opening: 0,
    failed: 0,
    taken: down.length,
    delivered: up.length,
  });
});

test("a client that has ended its sending still hears the answer", async () => {
  const { pair, dial } = await through((socket) => {
    socket.resume();
    socket.on("end", () => socket.end("late answer"));
  });
  const client = dial();
  client.end("question");
  assert.deepEqual(await observe(client), { bytes: Buffer.from("late answer"), end: "end" });
  await settled(pair);
});

test("a server that has ended its sending still hears the client", async () => {
  const heard = deferred<Buffer>();
  const { pair, dial } = await through((socket) => {
    socket.end("greeting");
    observe(socket).then((seen) => heard.resolve(seen.bytes));
  });
  const client = dial();
  assert.deepEqual(await observe(client), { bytes: Buffer.from("greeting"), end: "end" });
  client.end("still here");
  assert.deepEqual(await heard.promise, Buffer.from("still here"));
  await settled(pair);
});

test("a refused port resets the client", async () => {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  const pair = await new EdgePair(port, 1).start();
  stops.push(() => pair.stop());
  const client = connect({ port: pair.port, host: "127.0.0.1" });
  assert.equal((await observe(client)).end, "ECONNRESET");
  await settled(pair);
});

test("a server's reset reaches the client, after the data that was sent before it", async () => {
  const { pair, dial } = await through((socket) => {
    socket.write("last words", () => setTimeout(() => abort(socket), 20));
  });
  const client = dial();
  const seen = await observe(client);
  assert.deepEqual(seen, { bytes: Buffer.from("last words"), end: "ECONNRESET" });
  await settled(pair);
});

test("a client's reset reaches the server", async () => {
  const seen = deferred<string>();
  const { pair, dial } = await through((socket) => {
    observe(socket).then((observed) => seen.resolve(observed.end));
  });
  const client = dial();
  await once(client, "connect");
  client.write("x");
  await sleep(50);
  abort(client);
  assert.equal(await seen.promise, "ECONNRESET");
  await settled(pair);
});

test("when the session is lost both applications see a reset", async () => {
  const seen = deferred<string>();
  const { pair, dial } = await through((socket) => {
    observe(socket).then((observed) => seen.resolve(observed.end));
  });
  const client = dial();
  const end = observe(client);
  client.write("x");
  while (pair.far.counts.delivered === 0) await sleep(5);
  pair.near.sessionLost();
  pair.far.sessionLost();
  assert.equal((await end).end, "ECONNRESET");
  assert.equal(await seen.promise, "ECONNRESET");
  await settled(pair);
});

test("a reader that stops holds its own sender back at its credit, and nobody else", async () => {
  const { pair, dial } = await through((socket) => {
    socket.once("data", (first) => {
      if (first[0] === 0) socket.pause();
      else {
        socket.write(first);
        socket.pipe(socket);
      }
    });
  });
  const stopped = dial();
  stopped.write(Buffer.alloc(64_000_000));
  stopped.on("error", () => {});
  const others = randomBytes(3_000_000);
  others[0] = 1;
  await sleep(100);
  const client = dial();
  client.end(others);
  assert.ok((await observe(client)).bytes.equals(others));
  assert.ok(pair.farMemory.used <= 5_000_000, `${pair.farMemory.used} bytes held for one connection`);
  abort(stopped);
  await settled(pair);
});

interface Ended {
  readonly said: Buffer;
  /** It ended its sending in order, after all of it. */
  readonly orderly: boolean;
  readonly seen: Observed;
}

/** Writes, pauses, ends or resets by chance. */
async function behave(socket: Socket, random: () => number): Promise<Ended> {
  const observed = observe(socket);
  const said: Buffer[] = [];
  const turns = Math.floor(random() * 6);
  for (let turn = 0; turn < turns && !socket.destroyed; turn++) {
    const chunk = randomBytes(1 + Math.floor(random() ** 4 * 300_000));
    said.push(chunk);
    socket.write(chunk);
    if (random() < 0.3) socket.pause();
    if (random() < 0.5) await sleep(random() * 10);
    socket.resume();
  }
  const orderly = random() > 0.1;
  if (orderly) socket.end();
  else abort(socket);
  return { said: Buffer.concat(said), orderly, seen: await observed };
}

test("a thousand applications that do as they like: what one said the other heard, or both saw an error", async () => {
  const serving = new Map<number, Promise<Ended>>();
  const { pair, dial } = await through((socket) => {
    const port = socket.remotePort ?? 0;
    serving.set(port, behave(socket, randomOf(port)));
  }, 99);
  const clients = await Promise.all(
    Array.from({ length: 1000 }, async (_, number) => {
      await sleep(number * 1.5);
      const socket = dial();
      await once(socket, "connect");
      const port = socket.localPort ?? 0;
      return { port, ...(await behave(socket, randomOf(number))) };
    }),
  );
  await settled(pair);
  let orderly = 0;
  for (const client of clients) {
    const server = await serving.get(client.port);
    if (!client.orderly || server === undefined || !server.orderly) continue;
    orderly++;
    const heard = [client.seen, server.seen];
    assert.deepEqual(
      heard.map((seen) => seen.end),
      ["end", "end"],
    );
    assert.ok(client.seen.bytes.equals(server.said) && server.seen.bytes.equals(client.said));
  }
  assert.ok(orderly > 700 && orderly < 1000, `${orderly} of 1000 ended in order at both ends`);
  const reset = clients.filter((client) => client.orderly && client.seen.end !== "end");
  for (const client of reset) {
    const server = await serving.get(client.port);
    assert.notEqual(server?.orderly, true, "a reset came from nowhere");
  }
});

test("a client that has reset its connection is served from the same port at once, whatever comes first at the far site", async () => {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(`${bytes} ${socket.remotePort}`));
  });
  const destination = await listening(server);
  const pair = await new EdgePair(destination, 11, { delay: 20 }).start();
  stops.push(
    () => server.close(),
    () => pair.stop(),
  );
  const localPort = 20_000 + Math.floor(Math.random() * 10_000);
  for (let round = 0; round < 40; round++) {
    const client = connect({ port: pair.port, host: "127.0.0.1", localPort, noDelay: true });
    client.on("error", () => {});
    client.write(`${round}`);
    const [answer] = await once(client, "data", { signal: AbortSignal.timeout(10_000) });
    assert.equal(`${answer}`, `${round} ${localPort}`);
    client.resetAndDestroy();
    await once(client, "close");
  }
  await settled(pair);
  assert.equal(pair.far.counts.total, 40);
});

/** A server that answers with what it has heard, a pair towards it, and a connection that has the endpoints of a client to come. */
async function withEndpointsInUse(seed: number, connectTimeout: number) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(bytes));
  });
  const destination = await listening(server);
  const pair = await new EdgePair(destination, seed, { connectTimeout }).start();
  const localPort = 20_000 + Math.floor(Math.random() * 10_000);
  const former = connect({ port: destination, host: "127.0.0.1", localAddress: "127.0.0.2", localPort });
  await once(former, "connect");
  stops.push(
    () => server.close(),
    () => pair.stop(),
    () => former.resetAndDestroy(),
  );
  const client = connect({ port: pair.port, host: "127.0.0.1", localPort, noDelay: true });
  client.on("error", () => {});
  client.write("question");
  return { pair, former, client };
}

test("endpoints that the far host's kernel has in use still are waited for", async () => {
  const { pair, former, client } = await withEndpointsInUse(5, 5000);
  const answer = once(client, "data", { signal: AbortSignal.timeout(10_000) });
  assert.equal(await Promise.race([answer, sleep(400, "waiting")]), "waiting");
  assert.deepEqual([pair.far.opening, pair.far.open, pair.far.counts.total], [1, 1, 1]);
  former.resetAndDestroy();
  assert.equal(`${(await answer)[0]}`, "question");
  assert.equal(pair.far.counts.total, 1);
  client.resetAndDestroy();
});

test("endpoints that stay in use are given up, and the client is reset", async () => {
  const { pair, client } = await withEndpointsInUse(6, 700);
  const [error] = (await once(client, "error", { signal: AbortSignal.timeout(10_000) })) as [
    NodeJS.ErrnoException,
  ];
  assert.equal(error.code, "ECONNRESET");
  await settled(pair);
  assert.deepEqual([pair.far.opening, pair.far.open, pair.near.open], [0, 0, 0]);
});

test("a session that is lost leaves nothing of a connection that waits for its endpoints", async () => {
  const { pair, former, client } = await withEndpointsInUse(7, 400);
  for (let i = 0; i < 100 && pair.far.opening === 0; i++) await sleep(10);
  assert.equal(pair.far.opening, 1);
  const closed = new Promise((resolve) => client.once("close", resolve));
  pair.loseSession();
  await closed;
  former.resetAndDestroy();
  await sleep(800);
  assert.deepEqual([pair.far.opening, pair.far.counts.total, pair.farMemory.used], [0, 0, 0]);
});

test("one of whose end nothing is heard does not keep its client's next one from being opened", async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    const seen = heard.push("accepted");
    socket.on("error", (error: NodeJS.ErrnoException) => heard.push(`${seen}: ${error.code}`));
    socket.on("data", () => socket.write("answer"));
  });
  const destination = await listening(server);
  const pair = await new EdgePair(destination, 1).start();
  stops.push(
    () => server.close(),
    () => pair.stop(),
  );
  const client = connect({ port: pair.port, host: "127.0.0.1" });
  client.on("error", () => {});
  client.write("question");
  await once(client, "data");
  // As if the near site had forgotten the connection, and the news of it were lost.
  const open: MessageHeader = {
    ...{ type: MessageType.OPEN, flags: MessageFlag.INITIATOR, protocol: 6, status: 0 },
    ...{ connection: 4711, sequence: 0 },
    addresses: {
      ...{ source: addressBytes("127.0.0.1"), sourcePort: client.localPort ?? 0 },
      ...{ destination: addressBytes("127.0.0.1"), destinationPort: destination },
    },
  };
  pair.far.receive(open, writeOpening({ dscp: 0, priority: 1, className: "default" }));
  assert.equal(pair.far.counts.total, 1, "it waits");
  for (let i = 0; i < 500 && heard.length < 3; i++) await sleep(10);
  assert.deepEqual(heard, ["accepted", "1: ECONNRESET", "accepted"]);
  assert.deepEqual([pair.far.counts.open, pair.far.counts.total], [1, 2]);
});
