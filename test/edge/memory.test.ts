import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { EdgeMemory } from "../../plugin/edge/tcp/index.js";
import { EdgePair, listening, observe } from "./pair.js";

const MEGABYTE = 2 ** 20;
/** What somebody who reads says before he waits to hear it again. */
const TURN = 2 ** 15;

test("past the ceiling those go who hold the most, and no more of them than is needed", async () => {
  const memory = new EdgeMemory(1000);
  const holders = [100, 400, 300, 250, 0].map((bytes) => ({
    holding: bytes,
    shed() {
      memory.take(-this.holding);
      this.holding = 0;
    },
  }));
  for (const holder of holders) {
    memory.join(holder);
    memory.take(holder.holding);
  }
  assert.equal(memory.used, 1050);
  await turn();
  assert.deepEqual(
    holders.map(({ holding }) => holding),
    [100, 0, 300, 250, 0],
  );
  assert.deepEqual([memory.used, memory.shed], [650, 1]);

  memory.leave(holders[2]!);
  memory.take(400);
  await turn();
  assert.deepEqual([memory.used, memory.shed, holders[3]!.holding], [800, 2, 0]);
  assert.deepEqual([memory.pressed, memory.full], [true, true]);
  memory.take(-400);
  assert.deepEqual([memory.pressed, memory.full], [false, false]);
});

test("windows begin large while there are few connections, and with a megabyte where there are many", () => {
  const memory = new EdgeMemory(64 * MEGABYTE);
  const begins: number[] = [];
  for (let i = 0; i < 20; i++) {
    begins.push(memory.firstWindow / MEGABYTE);
    memory.join({ holding: 0, shed() {} });
  }
  assert.deepEqual(begins.slice(0, 8), [4, 4, 4, 4, 16 / 5, 16 / 6, 16 / 7, 2]);
  assert.deepEqual(begins.slice(15), [1, 1, 1, 1, 1]);
});

test("the more have something to say, the less is read ahead of each", () => {
  const memory = new EdgeMemory(64 * MEGABYTE);
  const ahead = [0, 1, 16, 64, 256, 5000].map((waiting) => {
    memory.waiting = waiting;
    return memory.readAhead / 1024;
  });
  assert.deepEqual(ahead, [256, 256, 256, 64, 16, 16]);
  memory.waiting = 1;
  memory.take(40 * MEGABYTE);
  assert.equal(memory.readAhead / 1024, 16);
});

test("who has no credit does not wait, and nobody does who has gone", async () => {
  const count = 40;
  const mute: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pause();
    mute.push(socket);
  });
  const pair = await new EdgePair(await listening(server), 5).start();
  const { nearMemory } = pair;
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, nearMemory.waiting);
  }, 1);
  const senders = Array.from({ length: count }, () => {
    const sender = connect({ port: pair.port, host: "127.0.0.1" });
    sender.on("error", () => {});
    sender.write(Buffer.alloc(16 * MEGABYTE));
    return sender;
  });
  try {
    while (mute.length < count || nearMemory.waiting > 0) await sleep(20);
    assert.ok(most > 0);
    assert.ok(nearMemory.used > count * 16 * 1024, `${nearMemory.used} bytes are held`);
    for (const socket of mute.splice(0, count / 2)) socket.resume();
    await sleep(20);
    for (const sender of senders) sender.resetAndDestroy();
    for (const socket of mute) socket.resetAndDestroy();
    while (!pair.settled) await sleep(5);
    assert.equal(nearMemory.waiting, 0);
  } finally {
    clearInterval(looking);
    for (const socket of [...senders, ...mute]) socket.destroy();
    pair.stop();
    server.close();
  }
});

test("many readers that stop hold no more than the ceiling, and one that reads is served beside them", async () => {
  const limit = 4 * MEGABYTE;
  const stopped: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (first) => {
      if (first.toString("latin1", 0, 4) === "read") {
        socket.write(first.subarray(4));
        socket.pipe(socket);
      } else {
        socket.pause();
        stopped.push(socket);
      }
    });
  });
  const pair = await new EdgePair(await listening(server), 3, { farMemory: limit }).start();
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, pair.farMemory.used);
  }, 1);
  const senders: Socket[] = [];
  try {
    let resets = 0;
    for (let i = 0; i < 40; i += 1) {
      const sender = connect({ port: pair.port, host: "127.0.0.1" });
      sender.on("error", () => {
        resets += 1;
      });
      sender.write(Buffer.alloc(8 * MEGABYTE));
      senders.push(sender);
    }
    while (pair.farMemory.shed === 0) await sleep(5);
    const reader = connect({ port: pair.port, host: "127.0.0.1", allowHalfOpen: true });
    const heard = observe(reader);
    reader.write("read");
    // In turns: when 41 connections hold 4 MB, there is one that holds more than this.
    const turns = (2 * MEGABYTE) / TURN;
    for (let i = 0; i < turns && !reader.destroyed; i += 1) {
      reader.write(Buffer.alloc(TURN, i));
      while (reader.bytesRead < (i + 1) * TURN && !reader.destroyed) await sleep(1);
    }
    reader.end();
    const { bytes, end } = await heard;
    assert.equal(end, "end");
    assert.equal(bytes.length, turns * TURN);
    for (let i = 0; i < turns; i += 1) assert.equal(bytes[(i + 1) * TURN - 1], i);
    assert.ok(pair.farMemory.used <= limit, `${pair.farMemory.used} bytes are held`);
    assert.ok(most < 2 * limit, `${most} bytes were held`);
    assert.ok(stopped.some((socket) => !socket.destroyed));
    assert.ok(resets < senders.length);
  } finally {
    clearInterval(looking);
    for (const socket of [...senders, ...stopped]) socket.destroy();
    pair.stop();
    server.close();
  }
});
