import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EntrySpec } from "../../flows/index.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";
import type { PluginOptions } from "./plugin-process.js";
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

const table: EntrySpec[] = [
  { protocol: "tcp", source: "10.1.0.0/24", destination: "10.2.0.0/24", action: "optimize", peer: "b" },
];
/** As the page has them, in the order of the ports. */
const MACS = ["a6:9e:ee:d0:be:2d", "a6:9e:ee:d0:be:2e"];

describe("the sample dumps of docs/pipeline.md are what a switch holds", {
  skip: await skipped(),
  timeout: 60_000,
}, () => {
  const [, section = ""] = readFileSync(page, "utf8").split("## A sample dump");
  const samples = section.split("```").filter((_, i) => i % 2 === 1);
  let ovs: TestSwitch;
  let plugin: PluginProcess | undefined;

  beforeEach(async () => {
    ovs = await TestSwitch.start();
  });
  afterEach(async () => {
    await plugin?.stop();
    await ovs?.stop();
  });

  async function attach(options: Partial<PluginOptions> = {}): Promise<PluginProcess> {
    plugin = new PluginProcess(ovs, { table, ...options });
    await plugin.reaches("in-sync");
    plugin.tell({ do: "peers", up: ["b"] });
    await plugin.event(({ event, done }) => event === "applied" && done === true);
    return plugin;
  }

  /** Compares the flows of some tables, all unless they are named. */
  async function compare(sample: string | undefined, ...tables: number[]): Promise<void> {
    let dump = await ovs.ofctl("dump-flows", "--no-stats");
    const ports = plugin!.events.filter(({ event }) => event === "port");
    for (const [i, { mac }] of ports.entries()) dump = dump.replaceAll(mac!, MACS[i]!);
    const lines = inOrder(dump).filter(
      (line) => tables.length === 0 || tables.some((number) => line.includes(`, table=${number},`)),
    );
    assert.equal(lines.join("\n"), inOrder(sample ?? "").join("\n"));
  }

  test("one connection taken", async () => {
    await attach();
    for (const end = Date.now() + 10_000; !isTaken(await ovs.trace(tracePacket())); await sleep(20))
      assert.ok(Date.now() < end, "the SYN is not taken");
    await ovs.appctl("ofproto/trace", "br0", tracePacket(), "-generate");
    await compare(samples[0]);
  });

  test("the form rewrite, one connection translated", async () => {
    const rewriting = await attach({ rewrite: true });
    rewriting.tell({
      do: "translate",
      outside: "10.1.0.11 40000 10.2.0.11 80",
      inside: "10.1.0.11 40000 10.1.0.2 4755",
    });
    await rewriting.event(({ event }) => event === "translated");
    await compare(samples[1], 204, 205);
  });

  test("two LANs", async () => {
    await ovs.vsctl("set", "port", "p2", "tag=10");
    await attach({ trunk: [{ name: "tpo0-10", vlan: 10 }] });
    await compare(samples[2], 206);
  });
});
