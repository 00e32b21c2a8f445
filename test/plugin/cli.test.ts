import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ControlServer } from "../../plugin/control.js";
import { overall, type Status } from "../../plugin/status.js";
import { formatBytes, formatSpan, formatStatus } from "../../plugin/status-text.js";
import { config, folder, ovsTpo, status, statusText } from "./cli.js";

describe("ovs-tpo", () => {
  it("tells its version, and how it is used", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    assert.deepEqual(await ovsTpo(["--version"]), { status: 0, stdout: `${version}\n`, stderr: "" });
    const help = await ovsTpo(["--help"]);
    assert.equal(help.status, 0);
    for (const name of ["run", "check", "status", "schema"])
      assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
  });

  for (const [args, message] of [
    [["walk"], /unknown command 'walk'/],
    [["run"], /required option '-c, --config <file>' not specified/],
    [["check", "--config"], /argument missing/],
    [["status", "--jason"], /unknown option '--jason'.*--json/s],
    [
      ["run", "--config", "/nowhere/a.yaml"],
      /^cannot read \/nowhere\/a\.yaml: there is no such file; give the path/,
    ],
    [["status", "--config", "/nowhere/a.yaml"], /^cannot read \/nowhere\/a\.yaml/],
  ] as const) {
    it(`refuses \`${args.join(" ")}\``, async () => {
      const { status, stdout, stderr } = await ovsTpo(args);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  it("tells every fault of a configuration, in lines", async () => {
    const file = config("faulty", "table: [{ protocol: tcp, action: optimize, peer: x }]\nlogs: {}\n");
    const { status, stdout, stderr } = await ovsTpo(["run", "--config", file]);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.deepEqual(
      stderr.split("\n").map((line) => line.replace(/(: found|;).*/, "")),
      [`${file}:8:50: table[0].peer`, `${file}:9:1: logs`, ""],
    );
  });

  it("prints the schema of the configuration", async () => {
    const { status, stdout } = await ovsTpo(["schema"]);
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout).required, ["site", "mover"]);
  });
});

describe("ovs-tpo keygen", () => {
  const folder = mkdtempSync(join(tmpdir(), "cli-keys-"));
  const file = join(folder, "site.key");
  after(() => rmSync(folder, { recursive: true }));

  it("makes a private key and prints the public one, which pubkey prints again", async () => {
    const made = await ovsTpo(["keygen", file]);
    assert.equal(made.status, 0);
    assert.match(made.stdout, /^[A-Za-z0-9+/]{43}=\n$/);
    assert.ok(!made.stdout.includes(readFileSync(file, "utf8").trim()));
    assert.deepEqual(await ovsTpo(["pubkey", file]), made);
  });

  it("leaves a file that is there as it is", async () => {
    const before = readFileSync(file, "utf8");
    const { status, stdout, stderr } = await ovsTpo(["keygen", file]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /site\.key is there already/);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("does not use a key that others may read, and says how to mend that", async () => {
    chmodSync(file, 0o644);
    const { status, stdout, stderr } = await ovsTpo(["pubkey", file]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, new RegExp(`mode 0644.*chmod 600 ${file}`));
  });
});

describe("ovs-tpo status", () => {
  it("says that nothing runs", async () => {
    const { status, stderr } = await ovsTpo(["status", "--config", config("idle")]);
    assert.equal(status, 1);
    assert.match(stderr, /^cannot ask .*idle\.sock: there is no such socket; ovs-tpo is not running/);
  });

  it("prints tables and JSON, and says by its exit status whether all is in sync", async () => {
    let answer: Status = status;
    const server = await ControlServer.listen(join(folder, "busy.sock"), { status: () => answer });
    const file = config("busy");
    assert.deepEqual(await ovsTpo(["status", "--config", file]), {
      status: 3,
      stdout: statusText,
      stderr: "",
    });
    answer = { ...status, state: "in-sync", reason: "" };
    const json = await ovsTpo(["status", "--socket", server.path, "--json"]);
    assert.equal(json.status, 0);
    assert.deepEqual(JSON.parse(json.stdout), answer);
    await server.close();
  });

  it("names the first state that is not as wanted", () => {
    const wanted = { state: "up", reason: "" };
    const synced = { state: "in-sync", reason: "" };
    assert.deepEqual(overall({ state: "no-bridge", reason: "br0" }, { b: { state: "down", reason: "" } }), {
      state: "no-bridge",
      reason: "br0",
    });
    assert.deepEqual(
      overall(synced, { b: wanted, c: { state: "silent", reason: "" }, d: { state: "down", reason: "" } }),
      { state: "peer-silent", reason: "peer c" },
    );
    assert.deepEqual(overall(synced, { b: { state: "down", reason: "restart" } }), {
      state: "peer-down",
      reason: "peer b: restart",
    });
    assert.deepEqual(overall(synced, { b: wanted }), synced);
    assert.deepEqual(overall(synced, {}), synced);
  });

  it("writes times and amounts shortly", () => {
    assert.equal(formatStatus(status), statusText);
    assert.deepEqual([0, 999, 61_000, 3_600_000, 90_000_000].map(formatSpan), [
      "0s",
      "0s",
      "1m 1s",
      "1h 0m",
      "1d 1h",
    ]);
    assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 30, 2 ** 52].map(formatBytes), [
      "0 B",
      "1023 B",
      "1.0 KB",
      "1.5 GB",
      "4096.0 TB",
    ]);
  });
});
