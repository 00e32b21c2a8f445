import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { Database } from "../src/index.js";

describe("a hostile server", () => {
  let directory: string;
  let path: string;
  let server: NetServer | undefined;
  const sockets = new Set<Socket>();

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "ovsdb-client-test-"));
    path = join(directory, "db.sock");
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    rmSync(directory, { recursive: true, force: true });
  });

  async function listen(behave: (socket: Socket) => void): Promise<void> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      behave(socket);
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
  }

  async function reasonFor(
    behave: (socket: Socket) => void,
    options: { messageLimit?: number } = {},
  ): Promise<string> {
    await listen(behave);
    const db = new Database({
      remotes: `unix:${path}`,
      database: "Test",
      tables: {},
      timeout: 200,
      ...options,
    });
    try {
      db.start();
      return await new Promise((resolve) => {
        db.on("state", (state, reason) => {
          if (state === "waiting" && reason !== "starting") resolve(reason);
        });
      });
    } finally {
      db.stop();
    }
  }

  const replies: [string, string, RegExp][] = [
    ["speaks another protocol", "SSH-2.0-OpenSSH_9.2\r\n", /must be an object or an array/],
    ["sends what is no message", "[1,2,3]", /must be an object/],
    ["sends an empty message", "{}", /must be a request, a notification or a reply/],
    ["answers with nonsense", '{"id":0,"result":[],"error":null}', /Object expected/],
    [
      "answers with a schema of nothing",
      '{"id":0,"result":{"name":"_Server"},"error":null}',
      /Required 'tables' member/,
    ],
    [
      "updates what nobody asked for",
      '{"method":"update2","params":["x",{}],"id":null}',
      /not done within 200 ms/,
    ],
    ["sends a request without parameters", '{"method":"echo","id":1}', /without its parameters/],
  ];
  for (const [what, reply, reason] of replies) {
    test(what, async () => {
      assert.match(await reasonFor((socket) => socket.write(reply)), reason);
    });
  }

  test("sends a message without end", async () => {
    const behave = (socket: Socket) => socket.write(`{"a":"${"x".repeat(100_000)}`);
    assert.match(await reasonFor(behave, { messageLimit: 50_000 }), /message longer than 50000 bytes/);
  });

  test("asks for echoes and reads none of them", async () => {
    const behave = (socket: Socket) => {
      socket.pause();
      const echo = JSON.stringify({ method: "echo", params: ["x".repeat(20_000)], id: 1 });
      const pour = () => {
        while (socket.write(echo));
      };
      socket.on("drain", pour);
      pour();
    };
    assert.match(await reasonFor(behave, { messageLimit: 100_000 }), /does not read what it is sent/);
  });

  test("hangs up at once, again and again, and is not hammered", async () => {
    let connections = 0;
    await listen((socket) => {
      connections++;
      socket.destroy();
    });
    const db = new Database({
      remotes: `unix:${path},unix:${path}`,
      database: "Test",
      tables: {},
      reconnect: { minBackoff: 50 },
    });
    db.start();
    await sleep(500);
    db.stop();
    assert.ok(connections > 1 && connections < 10, `${connections} connections`);
  });

  test("any bytes leave a client that waits for the next try", async () => {
    let bytes: Uint8Array = new Uint8Array();
    await listen((socket) => socket.end(bytes));
    const pieces = fc.constantFrom(
      '{"id":',
      "0",
      "1",
      ',"result":',
      "null",
      '"error":',
      '{"method":"update3","params":[',
      "[",
      "{",
      "}",
      "]",
      '"',
      ",",
      "\\",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 50 }),
          fc.array(pieces).map((list) => Buffer.from(list.join(""))),
        ),
        async (next) => {
          bytes = next;
          const db = new Database({ remotes: `unix:${path}`, database: "Test", tables: {}, timeout: 50 });
          const waiting = new Promise((resolve) => {
            db.on("state", (state, reason) => {
              if (state === "waiting" && reason !== "starting") resolve(reason);
            });
          });
          db.start();
          await waiting;
          db.stop();
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("remotes", () => {
  test("a path that does not exist, a port that nobody listens at: said, and tried again", async () => {
    for (const [remote, reason] of [
      ["unix:/nonexistent/db.sock", /ENOENT/],
      ["tcp:127.0.0.1:1", /ECONNREFUSED/],
    ] as const) {
      const db = new Database({ remotes: remote, database: "Test", tables: {}, timeout: 50 });
      db.start();
      await assert.rejects(db.ready(), reason);
      db.stop();
    }
  });

  test("remotes that cannot be understood are refused at once", () => {
    const bad = [
      "",
      "unix:",
      "tcp:",
      "tcp:host:99999",
      "udp:host:1",
      "tcp:[nonsense]:1",
      "ptcp:6640",
      "ssl:host:1",
    ];
    for (const remotes of bad) {
      assert.throws(
        () => new Database({ remotes, database: "Test", tables: {} }),
        { code: "REMOTE" },
        remotes,
      );
    }
  });
});
