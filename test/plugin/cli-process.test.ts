import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ControlServer } from "../../plugin/control.js";
import {
  command,
  config,
  finish,
  folder,
  logLines,
  ovsTpo,
  type Result,
  service,
  unprivileged,
  until,
} from "./cli.js";

describe("the life of the process", () => {
  const messages = (result: Result) => logLines(result.stdout).map(({ level, msg }) => `${level} ${msg}`);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`ends well at ${signal}`, async () => {
      const result = await service("plain", (child) => void child.kill(signal));
      assert.equal(result.status, 0);
      assert.equal(result.stderr, "");
      assert.deepEqual(
        messages(result).filter((line) => line !== "info started"),
        ["info start", "info running", "info stopping", "info stop", "info stopped"],
      );
      assert.ok(!existsSync(join(folder, "plain.sock")));
    });
  }

  it("stops only after a slow start", async () => {
    const result = await service("starts-slowly", (child) => void child.kill("SIGTERM"));
    assert.equal(result.status, 0);
    const order = messages(result);
    assert.ok(order.indexOf("info running") < order.indexOf("info stop"), order.join("; "));
  });

  it("leaves at once at a second signal", async () => {
    const result = await service("hangs", async (child) => {
      await sleep(100);
      child.kill("SIGTERM");
      await sleep(100);
      child.kill("SIGINT");
    });
    assert.equal(result.status, 130);
    assert.equal(messages(result).at(-1), "warn second signal, leaving without tidying up");
  });

  it("tells a failed start in one line, and undoes it", async () => {
    const result = await service("fails");
    assert.equal(result.status, 1);
    assert.equal(result.stderr, "");
    assert.deepEqual(messages(result), [
      "info start",
      "fatal the port is taken",
      "info stop",
      "info stopped",
    ]);
    assert.deepEqual(logLines(result.stdout)[1]?.["err"], {
      type: "Error",
      code: "PORT",
      message: "the port is taken",
    });
  });

  it("tells a failed stop", async () => {
    const result = await service("stops-badly", (child) => void child.kill("SIGTERM"));
    assert.equal(result.status, 1);
    assert.equal(messages(result).at(-1), "error stopping failed: a rule stays");
  });

  for (const [habit, message] of [
    ["throws", /JSON/],
    ["rejects", /^lost promise$/],
  ] as const) {
    it(`ends in one line when the code ${habit}`, async () => {
      const result = await service(habit);
      assert.equal(result.status, 1);
      assert.equal(result.stderr, "");
      const fatal = logLines(result.stdout).filter(({ level }) => level === "fatal");
      assert.equal(fatal.length, 1);
      assert.match(String(fatal[0]?.["msg"]), message);
      assert.doesNotMatch(result.stdout, /cli-service/);
      assert.ok(messages(result).includes("info stopped"));
    });
  }

  it("shows the stack at level debug only, and keys never", async () => {
    const result = await service("throws-verbosely");
    assert.match(result.stdout, /"stack":".*cli-service/);
    assert.doesNotMatch(result.stdout, /geheim/);
  });

  it("keeps its hands off when another one runs", async () => {
    const server = await ControlServer.listen(join(folder, "plain.sock"), {});
    const result = await service("plain");
    assert.equal(result.status, 1);
    const expected = `fatal ovs-tpo is already running at ${server.path}, pid ${process.pid}; stop it, or give this one a port and a control.socket of its own`;
    assert.deepEqual(messages(result), [expected]);
    await server.close();
  });
});

describe("ovs-tpo run", () => {
  const namespace = `ovstporun-${randomBytes(3).toString("hex")}`;
  const prefix = ["ip", "netns", "exec", namespace];
  before(() => {
    execFileSync("ip", ["netns", "add", namespace]);
  });
  after(() => {
    execFileSync("ip", ["netns", "delete", namespace]);
  });

  it("says in one line which privilege it lacks", async () => {
    const { status, stdout, stderr } = await ovsTpo(
      ["run", "--config", config("unprivileged")],
      [...prefix, ...unprivileged],
    );
    assert.equal(status, 1);
    assert.equal(stderr, "");
    const fatal = logLines(stdout).filter(({ level }) => level === "fatal");
    assert.equal(fatal.length, 1);
    assert.match(String(fatal[0]?.["msg"]), /CAP_NET_ADMIN/);
    assert.ok(!existsSync(join(folder, "unprivileged.sock")));
  });

  it("waits for a switch that is not there, in a named state, and leaves nothing behind", async () => {
    const file = config("waiting", "", "{ bridge: br0, database: unix:/nowhere/db.sock, run_dir: /nowhere }");
    const seen = () => execFileSync("ip", ["-netns", namespace, "-o", "link"], { encoding: "utf8" });
    const found = seen();
    const [ip = "", ...rest] = prefix;
    const child = spawn(ip, [...rest, process.execPath, command, "run", "--config", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = finish(child);
    await until(() => existsSync(join(folder, "waiting.sock")));
    const asked = await ovsTpo(["status", "--config", file]);
    assert.equal(asked.status, 3);
    assert.match(asked.stdout, /^state +connecting-ovsdb/m);
    const second = await ovsTpo(["run", "--config", file], prefix);
    assert.equal(second.status, 1);
    assert.match(
      String(logLines(second.stdout)[0]?.["msg"]),
      new RegExp(`already running at .*, pid ${child.pid};`),
    );
    assert.equal((await ovsTpo(["status", "--config", file])).status, 3);
    child.kill("SIGTERM");
    const { status, stderr } = await ended;
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.equal(seen(), found);
  });
});
