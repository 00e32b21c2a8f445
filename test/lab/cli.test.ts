import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type CommandOptions, type CommandResult, run } from "../../ovs-lab/command.js";
import { Lab } from "../../ovs-lab/index.js";
import { namespacesOf } from "../../ovs-lab/namespace.js";
import { namespacePrefix } from "../../ovs-lab/topology.js";

const program = fileURLToPath(new URL("../../../ovs-lab/bin/ovs-lab", import.meta.url));
const name = `t${process.pid}-cli`;

function ovsLab(
  command: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return run([process.execPath, program, command, "--name", name, ...args], options);
}

/** One line, without a stack. */
function assertRefused({ status, stdout, stderr }: CommandResult, expected: number, message: RegExp): void {
  assert.equal(status, expected, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, message);
  assert.equal(
    stderr
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("(")).length,
    1,
    stderr,
  );
}

function left(): string[] {
  const files = [`/run/ovs-lab/${name}`].filter((path) => existsSync(path));
  return [...namespacesOf(namespacePrefix(name)), ...files];
}

after(async () => {
  await Lab.down(name);
});

describe("ovs-lab without a lab", () => {
  it("says that there is none", async () => {
    for (const [command, ...args] of [
      ["status"],
      ["set", "--rtt", "5ms"],
      ["link", "down"],
      ["exec", "client", "true"],
    ]) {
      assertRefused(
        await ovsLab(command!, args),
        1,
        /there is no lab "t\d+-cli"; start it with: ovs-lab up --name/,
      );
    }
  });

  it("has nothing to take down, which is well", async () => {
    const { status, stderr } = await ovsLab("down");
    assert.equal(status, 0);
    assert.match(stderr, /there is no lab/);
  });

  it("refuses what it does not understand, and builds nothing", async () => {
    assertRefused(await ovsLab("up", ["--rate", "fast"]), 2, /rate "fast": expected a rate such as 100mbit/);
    assertRefused(await ovsLab("up", ["--sites", "0"]), 2, /sites "0": expected a whole number from 1 to 26/);
    assertRefused(await ovsLab("up", ["--config", "/nowhere.yaml"]), 2, /\/nowhere\.yaml: ENOENT/);
    assertRefused(await ovsLab("link", ["sideways"]), 2, /link "sideways": expected up or down/);
    assertRefused(await ovsLab("fly"), 2, /unknown command 'fly'/);
    assertRefused(await ovsLab("up", ["--rtts", "1ms"]), 2, /unknown option '--rtts'/);
    assert.deepEqual(left(), []);
  });

  it("needs root", async () => {
    // Another user, who may read the program wherever it lies.
    const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    const mayRead = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"];
    const child = spawn("setpriv", [...user, ...mayRead, process.execPath, program, "up", "--name", name], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const [status] = await once(child, "close");
    assert.equal(status, 1, stderr);
    assert.match(stderr, /needs root/);
  });
});

describe("ovs-lab with a lab", () => {
  before(async () => {
    const { status, stdout, stderr } = await ovsLab("up", ["--no-plugin", "--rtt", "20ms", "--hosts", "1"]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /lab ".*" is up/);
    assert.match(stdout, /a-host1 \(client\) +10\.1\.0\.11\/24 +fd00:1::11\/64/);
  });
  after(() => Lab.down(name));

  it("up says what is running", async () => {
    assertRefused(
      await ovsLab("up"),
      1,
      /is up already: 2 sites of 1 hosts, 100mbit, RTT 20ms, .*end it with: ovs-lab down/,
    );
  });

  it("exec passes streams and exit status through", async () => {
    const echo = await ovsLab("exec", ["client", "--", "sh", "-c", "cat; echo error >&2; exit 3"], {
      input: "input",
    });
    assert.deepEqual(echo, { status: 3, stdout: "input", stderr: "error\n" });
    const killed = await ovsLab("exec", ["server", "--", "sh", "-c", "kill -KILL $$"]);
    assert.equal(killed.status, 137);
    const dashes = await ovsLab("exec", ["server", "--", "echo", "--name", "x"]);
    assert.equal(dashes.stdout, "--name x\n");
  });

  it("exec ends its command when it is ended itself", async () => {
    const child = spawn(process.execPath, [program, "exec", "--name", name, "server", "--", "sleep", "1000"]);
    const pids = async () =>
      (await Lab.open(name).status()).nodes.find((node) => node.name === "b-host1")!.pids;
    while ((await pids()).length === 0) await sleep(20);
    child.kill("SIGTERM");
    const [status] = await once(child, "exit");
    assert.equal(status, 128 + 15);
    assert.deepEqual(await pids(), []);
  });

  it("exec knows only the nodes that there are", async () => {
    assertRefused(
      await ovsLab("exec", ["elsewhere", "--", "true"]),
      1,
      /no node "elsewhere"; there are a-host1 \(client\)/,
    );
    assertRefused(await ovsLab("exec", ["client"]), 2, /no command to run/);
  });

  it("set changes the WAN, and shows it", async () => {
    const { stdout } = await ovsLab("set", ["--rtt", "60ms", "--loss", "0.5%"]);
    assert.match(stdout, /a → b +rate 100mbit, rtt 60ms, loss 0\.5%, queue 1bdp/);
    await ovsLab("set", ["--loss", "0%"]);
    const ping = await ovsLab("exec", ["client", "--", "ping", "-c", "1", "10.2.0.11"]);
    assert.match(ping.stdout, /time=(6\d|[789]\d|\d{3,})/);
    assertRefused(await ovsLab("set", ["--rtt", "1ms", "--from", "a"]), 2, /--from and --to belong together/);
    assertRefused(await ovsLab("set"), 2, /nothing to set/);
  });

  it("link takes the WAN down and up", async () => {
    assert.equal((await ovsLab("link", ["down"])).status, 0);
    assert.match((await ovsLab("status")).stdout, /link down/);
    const ping = ["client", "--", "ping", "-c", "1", "-W", "1", "10.2.0.11"];
    assert.equal((await ovsLab("exec", ping)).status, 1);
    assert.equal((await ovsLab("link", ["up"])).status, 0);
    assert.equal((await ovsLab("exec", ping)).status, 0);
  });

  it("status tells programs everything", async () => {
    const status = JSON.parse((await ovsLab("status", ["--json"])).stdout);
    assert.equal(status.state, "up");
    assert.deepEqual(
      status.nodes.map((node: { name: string }) => node.name),
      ["a-host1", "a-switch", "a-router", "b-host1", "b-switch", "b-router"],
    );
    assert.equal(status.sites[1].database, `unix:/run/ovs-lab/${name}/b/db.sock`);
    assert.equal(status.sites[0].plugin.pid, null);
    assert.ok(
      status.wan.directions.every((way: { counters: { frames: number } }) => way.counters.frames > 0),
    );
  });

  it("down removes it", async () => {
    const { status, stderr } = await ovsLab("down");
    assert.equal(status, 0);
    assert.match(stderr, /is gone/);
    assert.deepEqual(left(), []);
  });
});

describe("ovs-lab up", () => {
  /** Starts `up` and interrupts it in the midst of its building. */
  async function interrupted(signal: NodeJS.Signals): Promise<unknown> {
    const stdio = ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"];
    const child = spawn(process.execPath, [program, "up", "--no-plugin", "--name", name], { stdio });
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.includes("sites of")) break;
    }
    while (left().length < 3) await sleep(1);
    child.kill(signal);
    const [status, by] = await once(child, "exit");
    return status ?? by;
  }

  it("leaves nothing when it is interrupted", async () => {
    assert.equal(await interrupted("SIGINT"), 130);
    assert.deepEqual(left(), []);
  });

  it("that was killed is cleared away by down", async () => {
    assert.equal(await interrupted("SIGKILL"), "SIGKILL");
    assert.ok(left().length > 0);
    assert.equal((await ovsLab("down")).status, 0);
    assert.deepEqual(left(), []);
  });

  it("that was killed is no hindrance to the next", async () => {
    await interrupted("SIGKILL");
    const { status, stderr } = await ovsLab("up", ["--no-plugin"]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /removing lab ".*", whose start was interrupted/);
    await ovsLab("down");
    assert.deepEqual(left(), []);
  });

  it("takes options from a file, and the command line's before them", async () => {
    const path = `/run/${name}.yaml`;
    writeFileSync(path, "rtt: 30ms\nrate: 10mbit\nhosts: 1\nplugin: false\n");
    try {
      const { stdout, stderr } = await ovsLab("up", ["--config", path, "--rate", "20mbit"]);
      assert.match(stdout, /rate 20mbit, rtt 30ms/, stderr);
      assert.doesNotMatch(stdout, /host2/);
    } finally {
      await run(["rm", "-f", path]);
      await ovsLab("down");
    }
  });
});
