import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Lab } from "../../ovs-lab/index.js";
import { patience } from "../../ovs-lab/patience.js";
import type { Status } from "../../plugin/status.js";
import { SERVER, statusOf, until } from "../end-to-end/site.js";
import type { Outcome } from "./application.js";
import { faults } from "./verdict.js";

const PORT = 9000;
const FIRST_PORT = 20_000;
const CONNECTIONS = 400;
const AT_ONCE = 80;
/** The first half of the connections is accepted early, the second once confirmed. */
const CONFIRMED_FROM = FIRST_PORT + CONNECTIONS / 2;
/** The link is cut while the applications are at it, in milliseconds; shorter than it takes a peer to be silent. */
const CUT = 1000;
/** What the servers may take when the clients are through, in milliseconds. */
const SETTLING = 20_000 * patience;

const program = fileURLToPath(new URL("program.js", import.meta.url));

let lab: Lab;

before(async () => {
  const entry = { protocol: "tcp", destination: "10.2.0.0/24", action: "optimize", peer: "b" };
  lab = await Lab.up({
    name: "fuzz-wan",
    rate: "200mbit",
    rtt: "30ms",
    loss: "1%",
    seed: 11,
    plugins: {
      a: { table: [{ ...entry, source_port: `${CONFIRMED_FROM}-65535`, accept: "confirmed" }, entry] },
    },
  });
});
after(() => lab?.down());

/** One side's applications, and what became of them, by the connection's number. */
class Side {
  readonly process: ChildProcess;
  /** Connections that are not over. */
  readonly open = new Set<number>();
  readonly outcomes = new Map<number, Outcome[]>();
  listens = false;

  constructor(node: string, role: "client" | "server") {
    const numbers = [PORT, FIRST_PORT, CONNECTIONS, AT_ONCE].map(String);
    this.process = lab.spawn(node, [process.execPath, program, role, SERVER, ...numbers], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: this.process.stdout! }).on("line", (line) => {
      const told = JSON.parse(line) as "listening" | { number: number; outcome?: Outcome };
      if (told === "listening") this.listens = true;
      else if (told.outcome === undefined) this.open.add(told.number);
      else if (this.open.delete(told.number)) this.#keep(told.number, told.outcome);
    });
  }

  #keep(number: number, outcome: Outcome): void {
    this.outcomes.set(number, [...(this.outcomes.get(number) ?? []), outcome]);
  }
}

test("hundreds of connections over a link with loss that is cut for a second: what one wrote the other read, or both saw an error", async () => {
  const server = new Side("server", "server");
  await until("the server listens", () => server.listens);
  const client = new Side("client", "client");
  const ended = once(client.process, "exit");
  await until("some connections are over", () => client.outcomes.size > AT_ONCE);
  await lab.link(false);
  await sleep(CUT);
  await lab.link(true);
  assert.deepEqual(await ended, [0, null]);
  const end = performance.now() + SETTLING;
  const busy = async () => (await status("b")).connections.open > 0 || server.open.size > 0;
  while ((await busy()) && performance.now() < end) await sleep(100);
  const late = [...server.open].map((number) => [number, client.outcomes.get(number)]);
  assert.deepEqual(late, [], "the servers of these connections are not through");

  const found: string[] = [];
  for (let number = 0; number < CONNECTIONS; number++) {
    const [own] = client.outcomes.get(number) ?? [];
    assert.ok(own !== undefined);
    const others = server.outcomes.get(number) ?? [];
    const seen = JSON.stringify({ client: own, server: others });
    found.push(...judge(own, others).map((fault) => `connection ${number}: ${fault}: ${seen}`));
  }
  assert.ok(found.length === 0, found.join("\n"));
  const [{ connections }, there] = await Promise.all([status("a"), status("b")]);
  assert.equal(there.connections.open, 0);
  assert.deepEqual([connections.open, connections.total], [0, CONNECTIONS]);
});

/**
 * A SYN that comes again when its client is gone may cost the server a connection that nobody wants (operations.md, "Early
 * or confirmed"): one of them is the client's.
 */
function judge(client: Outcome, servers: readonly Outcome[]): string[] {
  const judgements = servers.map((server) => faults(client, server));
  if (judgements.length === 0) return client.left === "reset" ? [] : ["no server was asked"];
  return judgements.find((found) => found.length === 0) ?? judgements.flat();
}

function status(site: string): Promise<Status> {
  return statusOf(lab, site);
}
