import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { writeKeyFile } from "../../driver/security/index.js";
import type { Status } from "../../plugin/status.js";

export const command = new URL("../../../plugin/bin/ovs-tpo", import.meta.url).pathname;
export const servicePath = new URL("./cli-service.js", import.meta.url).pathname;
/** Root without a single privilege: what files it may read does not change. */
export const unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function finish(child: ChildProcess): Promise<Result> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (data) => {
    stdout += data;
  });
  child.stderr?.on("data", (data) => {
    stderr += data;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout, stderr };
}

/** Runs the command to its end, behind another one if there is a prefix. No output may ever hold a stack trace. */
export async function ovsTpo(args: readonly string[], prefix: readonly string[] = []): Promise<Result> {
  const [program = "", ...rest] = [...prefix, process.execPath, command, ...args];
  const result = await finish(spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] }));
  assert.doesNotMatch(result.stdout + result.stderr, /^\s+at .*:\d+:\d+\)?$/m);
  return result;
}

export function logLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

export const steering = {
  state: "in-sync",
  reason: "",
  bridge: "br0",
  port: "tpo0",
  ofport: 3,
  mac: "aa:bb:cc:00:11:22",
  flows: 12,
  repairs: 0,
  connections: 34,
};

export const status: Status = {
  state: "peer-connecting",
  reason: "peer b: no answer yet",
  site: "a",
  version: "0.1.0",
  pid: 4711,
  uptime_ms: 3_725_000,
  steering,
  bridges: [steering],
  peers: {
    b: {
      state: "connecting",
      reason: "no answer yet",
      address: "10.2.0.2:4754",
      link: "udp",
      encryption: "off",
      rtt_ms: null,
      rate_bps: null,
      segment_bytes: null,
      sent_bytes: 480,
      received_bytes: 0,
      sent_segments: 10,
      retransmitted_segments: 0,
      spurious_segments: 0,
      repaired_segments: 0,
    },
    "site-c": {
      state: "up",
      reason: "",
      address: "10.3.0.2:4754",
      link: "tcp",
      encryption: "aes-256-gcm",
      rtt_ms: 100.04,
      rate_bps: 95_600_000,
      segment_bytes: 1472,
      sent_bytes: 5 * 2 ** 20,
      received_bytes: 1536,
      sent_segments: 4000,
      retransmitted_segments: 42,
      spurious_segments: 1,
      repaired_segments: 2,
    },
  },
  connections: { open: 2, total: 10, opening: 1, failed: 1, classes: { default: 1, bulk: 1 } },
  held: { waiting: 3, taken: 20, refused: 4, direct: 0 },
  ceilings: [],
  draining: null,
  bytes: { taken: 5_000_000, delivered: 1000 },
  memory: {
    edge_bytes: 2 ** 20,
    edge_limit_bytes: 512 * 2 ** 20,
    shed_connections: 0,
    resident_bytes: 80 * 2 ** 20,
    heap_bytes: 20 * 2 ** 20,
  },
};

export const statusText = `site         a
state        peer-connecting (peer b: no answer yet)
process      pid 4711, up 1h 2m, version 0.1.0
steering     in-sync
bridge       br0, 12 flows, 34 learned
port         tpo0 (port 3) aa:bb:cc:00:11:22
connections  2 open, 1 of them being opened, 10 in all, 1 failed
classes      open: 1 default, 1 bulk
held SYNs    3 wait, 20 taken, 4 refused, 0 let go
ceilings     none is passed
bytes        4.8 MB taken, 1000 B delivered
memory       1.0 MB of 512.0 MB held by connections, 80.0 MB resident

PEER    STATE       ADDRESS        LINK  RTT       RATE         SENT    RECEIVED  RESENT  REASON
b       connecting  10.2.0.2:4754  udp   -         -            480 B   0 B       0       no answer yet
site-c  up          10.3.0.2:4754  tcp   100.0 ms  95.6 Mbit/s  5.0 MB  1.5 KB    42
`;

export let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "ovs-tpo-cli-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Writes a configuration; `more` may replace the sections. */
export function config(
  name: string,
  more = "",
  ovs = `{ bridge: br0, database: unix:${folder}/db.sock, run_dir: ${folder} }`,
): string {
  const file = join(folder, `${name}.yaml`);
  const socket = join(folder, `${name}.sock`);
  const keyFile = join(folder, "key");
  if (!existsSync(keyFile)) writeKeyFile(keyFile);
  writeFileSync(
    file,
    `site: a
key_file: ${keyFile}
ovs: ${ovs}
port: { name: tpo0, addresses: [10.1.0.2/24] }
mover: { listen: "10.1.0.2:4754" }
peers: { b: { address: "10.2.0.2:4754", public_key: "Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=" } }
control: { socket: ${socket} }
${more}`,
  );
  return file;
}

/** The process's log and exit; `act` is called once it says "running". */
export async function service(
  habit: string,
  act?: (child: ChildProcess) => Promise<void> | void,
): Promise<Result> {
  const child = spawn(process.execPath, [servicePath, habit, join(folder, `${habit}.sock`)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let acted = false;
  child.stdout.on("data", (data) => {
    if (acted || act === undefined || !/"msg":"(running|start)"/.test(String(data))) return;
    acted = true;
    void act(child);
  });
  return await finish(child);
}

export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return;
    await sleep(20);
  }
  assert.fail("waited for 10 s in vain");
}
