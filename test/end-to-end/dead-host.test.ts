import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { listening, SERVER, statusOf, until } from "./site.js";

/** Neither client nor server ever says anything; each says how its connections end. */
const ENDING = `const ending = (s) => s.on("error", (e) => console.log(e.code)).on("end", () => console.log("end"));`;
const servers = (port: number) =>
  `${ENDING} require("node:net").createServer(ending).listen(${port}, "${SERVER}");`;
const clients = (port: number) => `${ENDING} ending(require("node:net").connect(${port}, "${SERVER}"));`;

/** Nothing comes to the host any more, or leaves it. */
const DEATH = `table inet death {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}`;

let lab: Lab;
const programs: ChildProcess[] = [];

before(async () => {
  const edge = { tcp: { keepalive: "1s" } };
  lab = await Lab.up({ name: "e2e-dead", rate: "100mbit", rtt: "20ms", plugins: { all: { edge } } });
});
after(async () => {
  for (const program of programs) program.kill("SIGKILL");
  await lab?.down();
});

/** Starts a program, and tells the first line that it prints. */
function run(node: string, program: string): Promise<string> {
  const child = lab.spawn(node, [process.execPath, "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  programs.push(child);
  return once(createInterface({ input: child.stdout! }), "line").then(([line]) => line as string);
}

async function nft(node: string, rules: string): Promise<void> {
  const { status, stderr } = await lab.exec(node, ["nft", rules]);
  assert.equal(status, 0, stderr);
}

async function connections(site: string): Promise<Status["connections"]> {
  return (await statusOf(lab, site)).connections;
}

for (const [dead, other] of [
  ["server", "client"],
  ["client", "server"],
] as const) {
  test(`a ${dead} whose host has gone without a word is found; the ${other} of the idle connection sees a reset`, async () => {
    const port = dead === "server" ? 9000 : 9001;
    const seen = { server: run("server", servers(port)), client: undefined as Promise<string> | undefined };
    await listening(lab, "server", port);
    seen.client = run("client", clients(port));
    await until("the connection stands", async () => (await connections("b")).open === 1);
    await nft(dead, DEATH);
    assert.equal(await seen[other], "ECONNRESET");
    await nft(dead, "delete table inet death");
    await until("nothing is left", async () => {
      return (await connections("a")).open + (await connections("b")).open === 0;
    });
  });
}
