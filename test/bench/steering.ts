/**
 * How many connections a second are set up through steering, beside the same direct, on a lab with the real daemons and
 * a WAN of 1 ms: `sudo node dist/test/bench/steering.js [SECONDS] [CLIENTS] [REPEATS]`, after a build. Not part of the
 * tests. All daemons of both sites share this machine's cores, so the figures are of the whole, not of a plugin.
 *
 * A connection is set up when the server's greeting has come; then it is closed, and the next one is opened. Of the
 * direct ones, client and server are hosts that no entry names. The processor's time is vswitchd's and the plugin's at
 * the client's site, for each connection.
 */

import { readFileSync } from "node:fs";
import { Lab } from "../../ovs-lab/index.js";
import { listening } from "../end-to-end/site.js";

const [seconds = "5", clients = "16", repeats = "3"] = process.argv.slice(2);
const PORT = 9200;

const SERVER = `require("node:net").createServer((s) => s.on("error", () => {}).on("data", () => {}).write("ok")).listen(${PORT});`;

/** Prints how many were set up, how many failed, and the median and 99th percentile of their times in ms. */
const CLIENT = `
const net = require("node:net");
const [address, seconds, clients] = process.argv.slice(1);
const times = [];
let failed = 0, over = false;
const open = () => {
  if (over) return;
  const at = performance.now();
  net.connect(${PORT}, address)
    .on("data", function () { times.push(performance.now() - at); this.end(); })
    .on("error", () => { failed++; })
    .on("close", open);
};
for (let i = 0; i < Number(clients); i++) open();
setTimeout(() => {
  over = true;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * times.length)];
  console.log(JSON.stringify({ count: times.length, failed, median: at(0.5), p99: at(0.99) }));
  process.exit();
}, Number(seconds) * 1000);`;

interface Result {
  readonly count: number;
  readonly failed: number;
  readonly median: number;
  readonly p99: number;
}

/** Seconds of processor time that a process and its threads have had (proc(5), `stat`), in ticks of 10 ms. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const lab = await Lab.up({ name: "bench-steering", rtt: "1ms", rate: "unlimited" });
const servers = ["server", "b-host2"].map((node) => lab.spawn(node, [process.execPath, "-e", SERVER]));
try {
  await Promise.all(["server", "b-host2"].map((node) => listening(lab, node, PORT)));
  const site = (await lab.status()).sites.find(({ name }) => name === "a")!;
  const pids = { vswitchd: site.vswitchd!, plugin: site.plugin.pid! };
  for (let turn = 0; turn < Number(repeats); turn++) {
    for (const [way, client, server] of [
      ["direct", "a-host2", "10.2.0.12"],
      ["early", "client", "10.2.0.11"],
    ] as const) {
      const before = { vswitchd: processorTime(pids.vswitchd), plugin: processorTime(pids.plugin) };
      const { stdout } = await lab.exec(client, [process.execPath, "-e", CLIENT, server, seconds, clients]);
      const { count, failed, median, p99 } = JSON.parse(stdout) as Result;
      const cost = (daemon: "vswitchd" | "plugin") =>
        `${daemon} ${(((processorTime(pids[daemon]) - before[daemon]) / count) * 1000).toFixed(2)} ms`;
      console.log(
        `${way.padEnd(6)} ${Math.round(count / Number(seconds))}/s, median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
          `${failed} failed; processor time each: ${cost("vswitchd")}, ${cost("plugin")}`,
      );
    }
  }
} finally {
  for (const server of servers) server.kill("SIGKILL");
  await lab.down();
}
