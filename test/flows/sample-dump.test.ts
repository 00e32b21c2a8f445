import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";
import { isTaken, tracePacket } from "./trace.js";

const page = new URL("../../../docs/pipeline.md", import.meta.url);

/** Versions of `ovs-ofctl` differ in how they write actions. */
const WRITTEN_WITH = "3.1";

async function skipped(): Promise<string | false> {
  const reason = await unavailable();
  if (reason) return reason;
  const version = execFileSync("ovs-ofctl", ["--version"], { encoding: "utf8" });
  return (
    !version.includes(`Open vSwitch) ${WRITTEN_WITH}.`) &&
    `the page's dump is of Open vSwitch ${WRITTEN_WITH}`
  );
}

/** As packets meet them: by table, the highest priority first. */
function inOrder(dump: string): string[] {
  const part = (line: string, name: string) =>
    Number(new RegExp(`(?:^|, )${name}=(\\d+)`).exec(line)?.[1] ?? 0);
  const place = (line: string) => part(line, "table") * 0x10000 - part(line, "priority");
  return dump
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.includes("priority="))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

test("the sample dump of docs/pipeline.md is what a switch holds", {
  skip: await skipped(),
  timeout: 60_000,
}, async () => {
  const [, section = ""] = readFileSync(page, "utf8").split("## A sample dump");
  const sample = section.split("```")[1]!;
  const ovs = await TestSwitch.start();
  const plugin = new PluginProcess(ovs, {
    table: [
      { protocol: "tcp", source: "10.1.0.0/24", destination: "10.2.0.0/24", action: "optimize", peer: "b" },
    ],
  });
  try {
    const { mac } = await plugin.event(({ event }) => event === "port");
    await plugin.reaches("in-sync");
    plugin.tell({ do: "peers", up: ["b"] });
    for (const end = Date.now() + 10_000; !isTaken(await ovs.trace(tracePacket())); await sleep(20))
      assert.ok(Date.now() < end, "the SYN is not taken");
    await ovs.appctl("ofproto/trace", "br0", tracePacket(), "-generate");
    const dump = (await ovs.ofctl("dump-flows", "--no-stats")).replaceAll(mac!, "a6:9e:ee:d0:be:2d");
    assert.equal(inOrder(dump).join("\n"), inOrder(sample).join("\n"));
  } finally {
    await plugin.stop();
    await ovs.stop();
  }
});
