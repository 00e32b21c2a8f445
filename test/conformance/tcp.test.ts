import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Lab } from "../../ovs-lab/index.js";
import { patience } from "../../ovs-lab/patience.js";
import { Actors, type Address, playPair, type Role } from "./actors.js";
import { type Case, expectation, isSeen, readCases, type Way } from "./cases.js";

const list = fileURLToPath(new URL("../../../test/conformance/tcp.md", import.meta.url));
const cases = readCases(list);

/** How many times their length all pauses are; to be run for long: `CONFORMANCE_PAUSES=40 node test/run.mjs conformance/tcp`. */
const pauses = Number(process.env["CONFORMANCE_PAUSES"] ?? 1);
/** Seconds that a step may take. */
const STEP_LIMIT = 25 * patience * Math.max(1, pauses / 4);
/** All that the applications do, in milliseconds. */
const OVERALL_LIMIT = 120_000 * patience * Math.max(1, pauses / 8);
/** Pairs of applications that are at it at once: more would wait for the machine, not for the network. */
const AT_ONCE = 160;

const families = ["ipv4", "ipv6"] as const;
type Family = (typeof families)[number];

const entries = (here: number, there: number) =>
  families.flatMap((family) => {
    const network = (site: number, last: number) =>
      family === "ipv4" ? `10.${site}.0.${last}` : `fd00:${site}::${last}`;
    const entry = {
      protocol: "tcp",
      source: network(here, 11),
      destination: [network(there, 11), network(there, 77)],
      action: "optimize",
      peer: there === 1 ? "a" : "b",
    };
    return [
      { ...entry, source_port: "15000-15999", accept: "confirmed" },
      { ...entry, destination_port: "25000-25999", accept: "confirmed" },
      { ...entry, accept: "early" },
    ];
  });

/** Hosts and ports of a way: directly between the second hosts, through us between the first. */
const hostOf = (way: Way) => (way === "direct" ? 2 : 1);
const firstPorts = (way: Way) =>
  way === "confirmed" ? { client: 15_000, server: 25_000 } : { client: 10_000, server: 20_000 };

/**
 * How often a direct connection is tried that has not shown what it should: the WAN may lose a RST, and nobody sends that
 * again. Through us it is never lost.
 */
const DIRECT_ATTEMPTS = 3;

/** One pair of applications: a case, run in one way over one family. */
interface Pairing {
  readonly case: Case;
  readonly way: Way;
  readonly family: Family;
  readonly key: string;
  readonly clientSite: 1 | 2;
  /** More than one where it may be tried again. */
  readonly attempts: readonly Attempt[];
}

interface Attempt {
  readonly key: string;
  readonly roles: Readonly<Record<"client" | "server", Role>>;
}

function address(family: Family, site: number, last: number): string {
  return family === "ipv4" ? `10.${site}.0.${last}` : `fd00:${site}::${last}`;
}

/** The step, with its pause as long as is wanted. */
function lengthen(step: string): string {
  return step.replace(/^pause (\d+)/, (_, milliseconds) => `pause ${Number(milliseconds) * pauses}`);
}

/** The ports of a case, as its circumstances have them. */
function portsOf({ circumstances }: Case, index: number, way: Way, attempt = 0) {
  const first = firstPorts(way);
  const place = index + attempt * cases.length;
  const server = first.server + place;
  const usual = { client: first.client + place, server };
  const [, given, number] = /^(client|server) port (\d+)$/.exec(circumstances) ?? [];
  if (given !== undefined) return { ...usual, [given]: Number(number) };
  if (circumstances === "client port as server's") return { client: server, server };
  if (/^\d+ at once$/.test(circumstances)) return { client: 0, server };
  return usual;
}

function pairingsOf(one: Case, index: number, way: Way, family: Family): Pairing[] {
  const { circumstances, name } = one;
  const count = Number(/^(\d+) at once$/.exec(circumstances)?.[1] ?? 1);
  const sites = circumstances === "both ways" ? ([1, 2] as const) : ([1] as const);
  const last = 10 + hostOf(way);
  const there = circumstances === "no such host" ? 77 : last;
  return sites.flatMap((clientSite) =>
    Array.from({ length: count }, (_, number): Pairing => {
      const key = `${name}, ${way}, ${family}, site ${clientSite}, ${number}`;
      const attempts = Array.from(
        { length: way === "direct" ? DIRECT_ATTEMPTS : 1 },
        (_, attempt): Attempt => {
          const ports = portsOf(one, index, way, attempt);
          const client: Address = [address(family, clientSite, last), ports.client];
          const server: Address = [address(family, clientSite === 1 ? 2 : 1, there), ports.server];
          const tried = `${key}, attempt ${attempt}`;
          const role = (role: "client" | "server", own: Address, peer: Address): Role => {
            return { key: `${tried} ${role}`, case: name, role, steps: one[role].map(lengthen), own, peer };
          };
          return {
            key: tried,
            roles: { client: role("client", client, server), server: role("server", server, client) },
          };
        },
      );
      return { case: one, way, family, key, clientSite, attempts };
    }),
  );
}

const ways: readonly Way[] = ["direct", "early", "confirmed"];
const only = process.env["CONFORMANCE_CASE"];
const pairings = ways.flatMap((way) =>
  families.flatMap((family) =>
    cases.flatMap((one, index) =>
      only === undefined || one.name === only ? pairingsOf(one, index, way, family) : [],
    ),
  ),
);

test("the list has sixty cases or more, and a reason for each difference", () => {
  assert.ok(cases.length >= 60, `${cases.length} cases`);
  const circumstances =
    /^(|\d+ at once|both ways|no such host|(client|server) port (\d+|taken there|as server's))$/;
  for (const one of cases) assert.match(one.circumstances, circumstances, one.name);
});

describe("applications see through us what they see without us", () => {
  let lab: Lab;
  const actors = new Map<string, Actors>();
  const seen = new Map<string, { client: readonly string[]; server: readonly string[] }>();
  const actorsOf = (site: number, way: Way) => actors.get(`${"ab"[site - 1]}-host${hostOf(way)}`)!;

  before(async () => {
    lab = await Lab.up({
      name: "conform-tcp",
      rate: "200mbit",
      rtt: "10ms",
      loss: "0.5%",
      seed: 5,
      plugins: { a: { table: entries(1, 2) }, b: { table: entries(2, 1) } },
    });
    await takePorts(lab);
    for (const site of [1, 2] as const) {
      for (const way of ["direct", "early"] as const) {
        const host = `${"ab"[site - 1]}-host${hostOf(way)}`;
        const roles = pairings
          .filter((pairing) => hostOf(pairing.way) === hostOf(way))
          .flatMap(({ clientSite, attempts }) =>
            attempts.map(({ roles }) => (clientSite === site ? roles.client : roles.server)),
          );
        actors.set(host, new Actors(lab, host, roles, STEP_LIMIT));
      }
    }
    await Promise.race([playAll(), sleep(OVERALL_LIMIT, undefined, { ref: false })]);
  });
  after(async () => {
    for (const one of actors.values()) await one.stop();
    await lab?.down();
  });

  async function playAll(): Promise<void> {
    const waiting = [...pairings];
    const play = async () => {
      for (let pairing = waiting.shift(); pairing !== undefined; pairing = waiting.shift()) {
        const { clientSite, way, key, attempts } = pairing;
        const expected = expectation(pairing.case, way);
        for (const attempt of attempts) {
          const result = await playPair(
            actorsOf(clientSite, way),
            actorsOf(3 - clientSite, way),
            attempt.key,
          );
          seen.set(key, result);
          if (isSeen(expected.client, result.client) && isSeen(expected.server, result.server)) break;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, play));
  }

  test("what was to go through us did", async () => {
    const through = pairings.filter(({ way, clientSite, key }) => {
      const connected = seen.get(key)?.client.filter((what) => what === "connected").length ?? 0;
      return way !== "direct" && clientSite === 1 && connected > 0;
    });
    const { stdout } = await lab.exec("a-switch", [
      process.execPath,
      "plugin/bin/ovs-tpo",
      "status",
      "--config",
      `${lab.directory}/a/ovs-tpo.yaml`,
      "--json",
    ]);
    const { total } = (JSON.parse(stdout) as { connections: { total: number } }).connections;
    assert.ok(total >= through.length, `${total} connections were carried, ${through.length} were to be`);
  });

  for (const one of cases) {
    const own = pairings.filter((pairing) => pairing.case === one);
    if (own.length === 0) continue;
    test(one.name, () => {
      const wrong = own.flatMap(({ key, way }) => {
        const result = seen.get(key);
        if (result === undefined) return [`${key}: not over`];
        const { client, server } = result;
        const expected = expectation(one, way);
        return [
          ...(isSeen(expected.client, client)
            ? []
            : [`${key}: the client saw ${client.join(", ")}; not ${expected.client}`]),
          ...(isSeen(expected.server, server)
            ? []
            : [`${key}: the server saw ${server.join(", ")}; not ${expected.server}`]),
        ];
      });
      assert.deepEqual(wrong, []);
    });
  }
});

/** For the cases whose clients' ports are in use at the far site's host: somebody listens there, at all addresses. */
async function takePorts(lab: Lab): Promise<void> {
  const ports = cases.flatMap((one, index) =>
    one.circumstances === "client port taken there"
      ? [portsOf(one, index, "early").client, portsOf(one, index, "confirmed").client]
      : [],
  );
  const program = `for (const port of [${ports}]) require("net").createServer().listen(port);`;
  lab.spawn("b-switch", [process.execPath, "-e", `${program} setTimeout(() => {}, 1e9);`]);
}
