/**
 * One TCP connection through two sites that are joined by a plain veth, all on this machine's cores: what it carries,
 * and what each thread costs. `sudo node dist/test/bench/link.js [dgram|worker] [SECONDS] [REPEATS]`, after a build. Not
 * part of the tests. Needs iperf3 and the rights to make network namespaces, which it removes again.
 *
 * iperf3 sends random bytes. CPU is that of the threads (schedstat), in seconds per gigabyte carried, so that a busy
 * neighbour disturbs it less than the rate. In the environment: BENCH_RATE, to send at so many Gbit/s instead of
 * finding the rate; BENCH_NODE_OPTIONS for the sites' node (--cpu-prof, say); BENCH_MTU; BENCH_STATS for the movers'.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [form = "worker", seconds = "5", repeats = "3"] = process.argv.slice(2);
const prefix = `bench-${process.pid}`;
const spaces = { a: `${prefix}-a`, b: `${prefix}-b` } as const;
const MTU = process.env["BENCH_MTU"] ?? "1500";
const SITE = join(import.meta.dirname, "site.js");
const PING = `
const s = require("node:net").connect({ host: "127.0.0.1", port: 7001, noDelay: true });
const times = []; let at = 0;
const say = () => { at = performance.now(); s.write(Buffer.alloc(64)); };
s.on("connect", say);
s.on("data", () => {
  times.push(performance.now() - at);
  if (times.length < 1000) setTimeout(say, 1);
  else { times.splice(0, 50); times.sort((x, y) => x - y); console.log(JSON.stringify([0.1, 0.5, 0.9].map((q) => times[Math.floor(q * times.length)]))); s.destroy(); }
});`;
const ECHO = `require("node:net").createServer({ noDelay: true }, (s) => { s.pipe(s); s.on("error", () => {}); }).listen(7002, "127.0.0.1")`;

function ip(...words: string[]): void {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
}

function within(space: string, command: readonly string[], ipc = false): ChildProcess {
  const child = spawn("ip", ["netns", "exec", space, ...command], {
    stdio: ["ignore", ipc ? "inherit" : "pipe", ipc ? "inherit" : "ignore", ...(ipc ? ["ipc" as const] : [])],
  });
  return child;
}

/** Nanoseconds on the CPU, by thread. */
function threads(pid: number): Map<string, number> {
  const names = readdirSync(`/proc/${pid}/task`);
  return new Map(
    names.map((tid) => {
      const [time] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ");
      return [tid, Number(time)];
    }),
  );
}

async function output(child: ChildProcess): Promise<string> {
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  return text;
}

function site(name: "a" | "b", ports: readonly string[]): ChildProcess {
  const [own, peer] = name === "a" ? ["10.77.0.1", "10.77.0.2"] : ["10.77.0.2", "10.77.0.1"];
  const options = process.env["BENCH_NODE_OPTIONS"]?.split(" ") ?? [];
  const command = [process.execPath, ...options, SITE, form, own, "4790", peer, ...ports];
  return within(spaces[name], command, true);
}

/** Microseconds there and back for 64 bytes on an idle connection: 10th percentile, median, 90th. */
async function latency(): Promise<string> {
  const echo = within(spaces.b, [process.execPath, "-e", ECHO]);
  await sleep(400);
  const times = JSON.parse(await output(within(spaces.a, [process.execPath, "-e", PING]))) as number[];
  const ended = once(echo, "exit");
  echo.kill();
  await ended;
  return times.map((time) => (time * 1000).toFixed(0)).join(" / ");
}

async function round(sites: readonly ChildProcess[]): Promise<void> {
  const server = within(spaces.b, ["iperf3", "-s", "-1", "-p", "7002"]);
  await sleep(300);
  const before = sites.map((child) => threads(child.pid!));
  const client = within(spaces.a, ["iperf3", "-c", "127.0.0.1", "-p", "7001", "-t", seconds, "-J"]);
  const result = JSON.parse(await output(client)) as {
    readonly error?: string;
    readonly end: {
      readonly sum_received: { readonly bytes: number; readonly bits_per_second: number };
      readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number };
    };
  };
  if (server.exitCode === null) {
    server.kill();
    await once(server, "exit");
  }
  if (result.error !== undefined) throw new Error(result.error);
  const { bytes, bits_per_second } = result.end.sum_received;
  const perGigabyte = (nanoseconds: number) => (nanoseconds / bytes).toFixed(2);
  let all = 0;
  const columns = sites.map((child, i) => {
    const spent = [...threads(child.pid!)].map(([tid, time]) => time - (before[i]!.get(tid) ?? 0));
    const total = spent.reduce((sum, time) => sum + time, 0);
    all += total;
    const largest = spent.filter((time) => time > total / 50).map(perGigabyte);
    return `${"ab"[i]}: ${perGigabyte(total)} (${largest.join(" + ")})`;
  });
  const rate = (bits_per_second / 1e9).toFixed(2);
  console.log(
    `${form}: ${rate} Gbit/s; CPU s/GB: both ${perGigabyte(all)}; by process (thread + …): ${columns.join("; ")}`,
  );
}

async function stats(child: ChildProcess): Promise<unknown> {
  const answer = once(child, "message");
  child.send("stats");
  return (await answer)[0];
}

process.once("SIGTERM", () => process.exit(1));
process.on("exit", () => {
  for (const space of Object.values(spaces)) ip("netns", "delete", space);
});
for (const space of Object.values(spaces)) ip("netns", "add", space);
ip("link", "add", "wire", "netns", spaces.a, "type", "veth", "peer", "name", "wire", "netns", spaces.b);
for (const [name, space] of Object.entries(spaces)) {
  ip("-n", space, "link", "set", "lo", "up");
  ip("-n", space, "address", "add", `10.77.0.${name === "a" ? 1 : 2}/24`, "dev", "wire");
  ip("-n", space, "link", "set", "wire", "up", "mtu", MTU);
}
const sites = [site("a", ["7001", "7002"]), site("b", ["7003", "7004"])];
const broken = sites.map((child) =>
  once(child, "exit").then(() => Promise.reject(new Error("a site has ended"))),
);
await Promise.race([Promise.all(sites.map((child) => once(child, "message"))), ...broken]);
console.log(`${form}: round trip of 64 bytes, µs: ${await latency()}`);
for (let i = 0; i < Number(repeats); i += 1) await round(sites);
if (process.env["BENCH_STATS"]) console.log(await Promise.all(sites.map(stats)));
for (const child of sites) child.kill("SIGTERM");
await Promise.allSettled(broken);
