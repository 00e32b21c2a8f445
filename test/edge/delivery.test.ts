import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { BlockPool, ByteQueue } from "../../plugin/edge/tcp/byte-queue.js";
import { Delivery } from "../../plugin/edge/tcp/delivery.js";
import { deferred, listening, observe, until } from "./pair.js";

const MEGABYTE = 2 ** 20;
/** More than the kernel takes for an application that does not read. */
const MUCH = 32 * MEGABYTE;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of memory that are in use. */
function used(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A connection, for one test: this process's end of it, and the application's, which does not read yet. */
async function connection(test: TestContext): Promise<{ socket: Socket; application: Socket }> {
  const { promise, resolve } = deferred<Socket>();
  const server = createServer({ allowHalfOpen: true }, resolve);
  const application = connect({ host: "127.0.0.1", port: await listening(server), allowHalfOpen: true });
  const socket = await promise;
  test.after(() => {
    for (const one of [socket, application]) one.destroy();
    server.close();
  });
  return { socket, application };
}

test("what the kernel does not take waits, in order, and the end behind it", async (test) => {
  const { socket, application } = await connection(test);
  let given = 0;
  const delivery = new Delivery(socket, new BlockPool(), (bytes) => {
    given += bytes;
  });
  const said = Buffer.alloc(MUCH, "0123456789 ");
  for (let at = 0, length = 1; at < said.length; at += length, length = (length * 7) % 65_537) {
    delivery.give(said.subarray(at, at + length));
  }
  delivery.end();
  assert.ok(given < said.length);
  assert.ok(delivery.undelivered >= said.length - given);
  const { bytes, end } = await observe(application);
  assert.ok(bytes.equals(said));
  assert.deepEqual([end, given], ["end", said.length]);
  // The application has it before its kernel's acknowledgement is back: that may take a delayed one's 40 ms.
  await until(() => delivery.undelivered === 0);
});

test("bytes that come one by one cost little more memory than together, for those who do not read", async (test) => {
  const { socket } = await connection(test);
  const pool = new BlockPool();
  const delivery = new Delivery(socket, pool, () => {});
  delivery.give(Buffer.alloc(MUCH));
  const queue = new ByteQueue(pool);
  const one = Buffer.alloc(1);
  const before = used();
  for (let i = 0; i < MEGABYTE; i++) {
    delivery.give(one);
    queue.push(one);
  }
  const more = used() - before;
  assert.ok(more < 4 * MEGABYTE, `${more} bytes more are in use`);
  assert.equal(queue.length, MEGABYTE);
});

/** Gives an application more than it reads, and the end, in a process of its own. */
const GIVER = `
const [{ createServer }, { BlockPool }, { Delivery }, { abortIfLost }] = await Promise.all(
  ["node:net", ...["byte-queue", "delivery", "abort"].map((name) => process.argv[1] + name + ".js")]
    .map((module) => import(module)));
const server = createServer({ allowHalfOpen: true }, (socket) => {
  abortIfLost(socket);
  const delivery = new Delivery(socket, new BlockPool(), () => {});
  delivery.give(Buffer.alloc(${MUCH}));
  delivery.end();
  console.log("given");
}).listen(0, "127.0.0.1", () => console.log(server.address().port));`;

test("a process that is killed before the kernel has everything leaves a reset behind, not an end", async () => {
  const modules = new URL("../../plugin/edge/tcp/", import.meta.url).href;
  const giver: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", GIVER, modules], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: giver.stdout! })[Symbol.asyncIterator]();
    const application = connect({ host: "127.0.0.1", port: Number((await lines.next()).value) });
    application.pause();
    assert.equal((await lines.next()).value, "given");
    giver.kill("SIGKILL");
    await once(giver, "exit");
    const observed = observe(application);
    application.resume();
    const { bytes, end } = await observed;
    assert.ok(bytes.length < MUCH);
    assert.equal(end, "ECONNRESET");
  } finally {
    giver.kill("SIGKILL");
  }
});
