import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { Capture, listening, SERVER, statusOf, until } from "./site.js";

const SILENT_PORT = 9000;
const ECHO_PORT = 9001;
/** A server that reads nothing of what it is sent, until its input ends, and one that answers. */
const SILENT = `
require("node:net").createServer({ pauseOnConnect: true }, (s) => s.on("error", () => {})).listen(${SILENT_PORT});
process.stdin.resume().on("end", () => process.exit());`;
const ECHO = `
require("node:net").createServer((s) => s.on("error", () => {}).pipe(s)).listen(${ECHO_PORT});
process.stdin.resume().on("end", () => process.exit());`;
/** Fills twelve connections as far as they go, until its input ends. */
const SENDERS = `
const net = require("node:net");
for (let i = 0; i < 12; i++) {
  const s = net.connect(${SILENT_PORT}, "${SERVER}").on("error", () => {});
  const say = () => { while (s.write(Buffer.alloc(65536))); };
  s.on("connect", say).on("drain", say);
}
process.stdin.resume().on("end", () => process.exit());`;

let lab: Lab;
const programs: ChildProcess[] = [];

function run(node: string, program: string): ChildProcess {
  const child = lab.spawn(node, [process.execPath, "-e", program], { stdio: ["pipe", "inherit", "inherit"] });
  programs.push(child);
  return child;
}

/** Ends a program, and its connections with it. */
async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null) return;
  const ended = once(program, "exit");
  program.stdin!.end();
  await ended;
}

before(async () => {
  const edge = { tcp: { memory: "8MB", credit_max: "1MB" } };
  lab = await Lab.up({ name: "e2e-ceiling", rate: "100mbit", rtt: "20ms", plugins: { all: { edge } } });
});
after(async () => {
  await Promise.all(programs.map(end));
  await lab?.down();
});

const status = (site: string) => statusOf(lab, site);

/** Whether what a new connection sends comes back, and crosses the WAN in packets of its own. */
async function crossesDirectly(): Promise<boolean> {
  const capture = await Capture.start(lab, "b-router", `tcp port ${ECHO_PORT}`);
  const { stdout } = await lab.exec("client", ["nc", "-N", SERVER, `${ECHO_PORT}`], {
    input: "there and back",
    timeout: 20_000,
  });
  assert.equal(stdout, "there and back");
  await capture.stop();
  return capture.packets.length > 0;
}

test("past the ceiling of memory new connections pass directly, which is shown, until there is room again", async () => {
  const silent = run("server", SILENT);
  run("server", ECHO);
  await Promise.all([listening(lab, "server", SILENT_PORT), listening(lab, "server", ECHO_PORT)]);
  assert.equal(await crossesDirectly(), false);

  const senders = run("client", SENDERS);
  let full: Status | undefined;
  await until("one of the sites is full", async () => {
    full = (await Promise.all([status("a"), status("b")])).find(({ state }) => state === "full");
    return full !== undefined;
  });
  assert.match(
    full!.reason,
    /connections hold .* of the 8\.0 MB that they may; new connections pass directly/,
  );
  await until("a new connection passes directly", crossesDirectly);
  for (const { memory } of await Promise.all([status("a"), status("b")])) {
    assert.ok(memory.edge_bytes <= memory.edge_limit_bytes, `${memory.edge_bytes} bytes are held`);
  }

  await end(senders);
  await end(silent);
  await until("both sites have room", async () => {
    const sites = await Promise.all([status("a"), status("b")]);
    return sites.every(({ state }) => state === "in-sync");
  });
  await until("a new connection is taken again", async () => !(await crossesDirectly()));
});
