import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ControlServer, request } from "../../plugin/control.js";

describe("control socket", () => {
  let folder: string;
  let path: string;
  let count = 0;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ovs-tpo-control-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A path of its own for each test, in a folder that is not there yet. */
  function fresh(): string {
    path = join(folder, String(count++), "tpo0.sock");
    return path;
  }

  it("answers requests, is for its own user alone, and goes with the server", async () => {
    const server = await ControlServer.listen(fresh(), { status: () => ({ state: "in-sync" }) });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(await request(path, "status"), { state: "in-sync" });
    assert.equal(await request(path, "pid"), process.pid);
    await server.close();
    assert.ok(!existsSync(path));
    await assert.rejects(request(path, "status"), {
      code: "CONTROL_UNREACHABLE",
      message: `cannot ask ${path}: there is no such socket; ovs-tpo is not running with this configuration`,
    });
  });

  it("leaves the process's file mask as it was", async () => {
    const mask = process.umask();
    const server = await ControlServer.listen(fresh(), {});
    assert.equal(process.umask(), mask);
    await server.close();
  });

  it("says what is wrong with a request, and goes on", async () => {
    const broken = () => {
      throw new Error("the status is out");
    };
    const server = await ControlServer.listen(fresh(), { broken });
    await assert.rejects(request(path, "stauts"), {
      code: "CONTROL_METHOD",
      message: 'there is no method "stauts"; there are broken, pid',
    });
    await assert.rejects(request(path, "toString"), { code: "CONTROL_METHOD" });
    await assert.rejects(request(path, "broken"), { code: "CONTROL_FAILED", message: "the status is out" });
    const socket = connect(path);
    socket.setEncoding("utf8");
    let heard = "";
    socket.on("data", (text: string) => {
      heard += text;
    });
    socket.write('nonsense\n{"me');
    socket.write('thod":"pid"}\n[]\n\n{"method":"pid"}\n');
    while (heard.split("\n").length < 5) await once(socket, "data");
    const answers = heard
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.match(answers[0].error.message, /no JSON/);
    assert.deepEqual(answers[1], { result: process.pid });
    assert.match(answers[2].error.message, /expected a line such as/);
    assert.deepEqual(answers[3], { result: process.pid });
    socket.destroy();
    await server.close();
  });

  it("drops who sends without end", async () => {
    const server = await ControlServer.listen(fresh(), {});
    const socket = connect(path);
    socket.on("error", () => undefined);
    socket.write("x".repeat(100_000));
    await once(socket, "close");
    assert.equal(await request(path, "pid"), process.pid);
    await server.close();
  });

  it("replaces the socket of a process that was killed", async () => {
    const program = `require("net").createServer().listen(${JSON.stringify(join(folder, "dead.sock"))}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const dead = join(folder, "dead.sock");
    assert.ok(existsSync(dead));
    await assert.rejects(request(dead, "status"), { message: /nothing listens there; ovs-tpo has died/ });
    const server = await ControlServer.listen(dead, {});
    assert.equal(await request(dead, "pid"), process.pid);
    await server.close();
  });

  it("refuses the place of a live one, and leaves it alone", async () => {
    const server = await ControlServer.listen(fresh(), {});
    await assert.rejects(ControlServer.listen(path, {}), {
      code: "CONTROL_RUNNING",
      message: `ovs-tpo is already running at ${path}, pid ${process.pid}; stop it, or give this one a port and a control.socket of its own`,
    });
    assert.equal(await request(path, "pid"), process.pid);
    await server.close();
  });

  it("tells one that hangs, one that speaks something else, and a file", async () => {
    const other = join(folder, "other.sock");
    const server = createServer((socket) => socket.on("error", () => undefined)).listen(other);
    await once(server, "listening");
    await assert.rejects(request(other, "status", undefined, 100), {
      code: "CONTROL_TIMEOUT",
      message: /does not answer; it may hang/,
    });
    server.removeAllListeners("connection");
    server.on("connection", (socket) => socket.end("HTTP/1.1 400 Bad Request\n"));
    await assert.rejects(request(other, "status"), {
      code: "CONTROL_PROTOCOL",
      message: /speaks something else/,
    });
    await assert.rejects(ControlServer.listen(other, {}), {
      code: "CONTROL_RUNNING",
      message: /another process listens/,
    });
    server.removeAllListeners("connection");
    server.on("connection", (socket) => socket.end());
    await assert.rejects(request(other, "status"), {
      code: "CONTROL_PROTOCOL",
      message: /without an answer/,
    });
    server.close();
    const file = join(folder, "file");
    writeFileSync(file, "");
    await assert.rejects(ControlServer.listen(join(file, "x.sock"), {}), {
      code: "CONTROL_UNREACHABLE",
      message: /set control\.socket to a path/,
    });
    await assert.rejects(ControlServer.listen(file, {}), { code: "CONTROL_UNREACHABLE" });
    assert.ok(existsSync(file));
  });
});
