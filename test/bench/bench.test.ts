import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { ResultFile } from "../../ovs-lab/bench/result.js";

const program = fileURLToPath(new URL("../../../ovs-lab/bin/bench", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-bench-"));
after(() => rmSync(directory, { recursive: true }));

function start(...words: string[]) {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said.text += text;
    });
  }
  return { child, said };
}

function leftOf(lab: string): string[] {
  const names = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  return names.filter((name) => name.startsWith(`ovs-lab.${lab}`));
}

describe("npm run bench", () => {
  it("measures one cell, tells why a rival is missing, and leaves nothing", {
    timeout: 120_000,
  }, async () => {
    const name = `bench-test-${process.pid}`;
    const json = join(directory, "result.json");
    const words = [
      "matrix",
      "--only",
      "20ms 1%",
      "--quick",
      "--ways",
      "ovs-tpo",
      "bbr",
      "--name",
      name,
      "--json",
      json,
    ];
    const { child, said } = start(...words);
    const [status] = await once(child, "exit");
    assert.equal(status, 0, said.text);
    const [result] = (JSON.parse(readFileSync(json, "utf8")) as ResultFile).results;
    assert.ok(result!.complete);
    const [cell] = result!.cells;
    for (const { way, trials, failures } of cell!.ways) {
      assert.equal(trials.length, 1, `${way}: ${failures}`);
      assert.ok(trials[0]!.figures["mbit"]! > 0);
      assert.ok(trials[0]!.observation!.wire.bytes > 0);
    }
    assert.ok(cell!.ways.find(({ way }) => way === "ovs-tpo")!.trials[0]!.figures["sent_per_needed"]! >= 1);
    assert.match(said.text, /ovs-tpo +\d/);
    assert.deepEqual(leftOf(name), []);
  });

  it("leaves nothing where it is interrupted", { timeout: 60_000 }, async () => {
    const name = `bench-int-${process.pid}`;
    const { child, said } = start("queue", "--quick", "--ways", "ovs-tpo", "--name", name);
    while (leftOf(name).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    const [status] = await once(child, "exit");
    assert.equal(status, 130, said.text);
    assert.deepEqual(leftOf(name), []);
  });

  it("says what is left of a choice, and that nothing is", async () => {
    const listed = start("all", "--quick", "--list");
    const [status] = await once(listed.child, "close");
    assert.equal(status, 0);
    assert.match(listed.said.text, /about \d+ min in all/);
    const none = start("matrix", "--only", "no such cell");
    assert.equal((await once(none.child, "close"))[0], 2);
    assert.match(none.said.text, /no cell is left/);
  });
});
