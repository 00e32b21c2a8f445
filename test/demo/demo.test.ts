import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type CommandResult, run } from "../../ovs-lab/command.js";
import type { DemoResult } from "../../ovs-lab/demo/result.js";
import { Lab } from "../../ovs-lab/index.js";
import { namespacesOf } from "../../ovs-lab/namespace.js";
import { namespacePrefix } from "../../ovs-lab/topology.js";

const program = fileURLToPath(new URL("../../../ovs-lab/bin/demo", import.meta.url));
const name = `t${process.pid}-demo`;

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "ovs-tpo-demo-test-"));
});
after(async () => {
  await Lab.down(name);
  rmSync(directory, { recursive: true });
});

const argv = (...options: string[]) => [
  process.execPath,
  program,
  ...["--name", name, "--svg", join(directory, "demo.svg"), ...options],
];
/** Its own files are made in our directory, so that what it leaves is seen. */
const demo = (...options: string[]): Promise<CommandResult> =>
  run(argv(...options), { env: { TMPDIR: directory }, timeout: 120_000 });

function left(): string[] {
  const files = readdirSync(directory).filter((file) => file.startsWith("ovs-tpo-demo-"));
  const lab = [`/run/ovs-lab/${name}`].filter((path) => existsSync(path));
  return [...namespacesOf(namespacePrefix(name)), ...lab, ...files];
}

describe("the demo, asked for what cannot be", () => {
  for (const [options, message] of [
    [["--size", "many"], /^demo: size "many": expected an amount of bytes/],
    [["--size", "1kb"], /^demo: size "1kb": expected 64kb to 4gb/],
    [["--rate", "fast"], /^demo: rate "fast": expected a rate such as/],
    [["--rtt", "long"], /^demo: rtt "long": expected a time/],
    [["--loss", "200%"], /^demo: loss "200%": expected at most 100%/],
    [["--name", "Not A Name"], /^demo: name "Not A Name": expected/],
    [["--speed"], /unknown option '--speed'/],
    [["more"], /too many arguments/],
  ] as const) {
    it(`refuses ${options.join(" ")}`, async () => {
      const { status, stdout, stderr } = await demo(...options);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    });
  }

  it("refuses to start for a result that it could not write", async () => {
    const { status, stderr } = await demo("--json", "/no/such/directory/result.json");
    assert.equal(status, 1);
    assert.match(stderr, /^demo: \/no\/such\/directory\/result.json cannot be written \(ENOENT\)\n$/);
  });

  it("says where there is no room for its files", async () => {
    const { status, stderr } = await run(argv(), { env: { TMPDIR: "/no/such/directory" } });
    assert.equal(status, 1);
    assert.match(stderr, /^demo: \/no\/such\/directory takes no files \(ENOENT\); set TMPDIR/);
  });

  it("tells how to use it", async () => {
    const { status, stdout } = await demo("--help");
    assert.equal(status, 0);
    for (const option of ["quick", "size", "rate", "rtt", "loss", "json", "svg", "keep", "name"]) {
      assert.match(stdout, new RegExp(`--${option} `));
    }
  });

  after(() => assert.deepEqual(left(), []));
});

describe("the demo, small", () => {
  it("shows everything, writes everything, and leaves nothing behind", async () => {
    const json = join(directory, "result.json");
    const { status, stdout, stderr } = await demo(
      "--quick",
      "--size",
      "3mb",
      "--rtt",
      "40ms",
      "--json",
      json,
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    const { runs, checks, passed, conditions } = JSON.parse(readFileSync(json, "utf8")) as DemoResult;
    assert.ok(passed);
    assert.deepEqual(
      checks.filter((check) => !check.passed),
      [],
    );
    assert.equal(conditions.rtt, "40ms");
    assert.deepEqual(
      runs.map(({ file, path, congestion_control_wanted }) => `${file} ${path} ${congestion_control_wanted}`),
      ["data direct cubic", "data direct bbr", "data ovs-tpo cubic", "text ovs-tpo cubic"],
    );
    for (const one of runs) {
      const { stopped, bytes, sha256, sha256_expected, samples, wan, cpu_seconds } = one;
      assert.equal(sha256, sha256_expected);
      assert.ok(stopped || bytes === 3e6);
      assert.equal(samples.at(-1)!.bytes, bytes);
      assert.ok(one.path === "direct" || wan.every(({ frames }) => frames > 0));
      assert.deepEqual(Object.keys(cpu_seconds), [
        "plugin a",
        "vswitchd a",
        "plugin b",
        "vswitchd b",
        "emulator",
      ]);
    }
    assert.match(stdout, /through ovs-tpo .* equal/);
    assert.ok(!stdout.includes("\x1b"), "no colour and no movement where there is no terminal");
    assert.match(readFileSync(join(directory, "demo.svg"), "utf8"), /^<svg /);
    assert.deepEqual(left(), []);
  });

  it("leaves a lab alone that has its name already", async () => {
    const lab = await Lab.up({ name, hosts: 1, plugin: false });
    const { status, stderr } = await demo("--quick", "--size", "64kb");
    assert.equal(status, 1);
    assert.match(stderr, /^demo: lab "t\d+-demo" is up already/);
    assert.equal((await lab.status()).state, "up");
    await lab.down();
    assert.deepEqual(left(), []);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const { status, complaint } = await endedWhile(/a file that/, (child) => child.kill("SIGINT"));
    assert.equal(status, 130);
    assert.equal(complaint, "");
    assert.deepEqual(left(), []);
  });

  it("leaves nothing behind when nobody reads on", async () => {
    const { status, complaint } = await endedWhile(/setting up/, ({ stdout }) => stdout!.destroy());
    assert.equal(status, 141);
    assert.equal(complaint, "");
    assert.deepEqual(left(), []);
  });
});

/** Runs a demo until it prints something, then does something to it. */
async function endedWhile(cue: RegExp, end: (child: ChildProcess) => void) {
  const [node, ...words] = argv("--quick", "--size", "3mb");
  const child = spawn(node!, words, {
    env: { ...process.env, TMPDIR: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  child.stdout.on("data", (text) => {
    if (!cue.test(printed) && cue.test(`${printed}${text}`)) end(child);
    printed += text;
  });
  const [status] = await once(child, "exit");
  return { status, complaint };
}
