/**
 * Thousands of seeds, each with a few connections between applications that do as chance has it, through real edges and a
 * session that delivers late, out of order and in odd sizes, and is now and then lost. One seed again, or others:
 *
 *     FUZZ_SEEDS=1234 node test/run.mjs fuzz/edges
 *     FUZZ_SEEDS=5000-20000 node test/run.mjs fuzz/edges
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { patience } from "../../ovs-lab/patience.js";
import { EdgePair, listening, type PairOptions, randomOf } from "../edge/pair.js";
import { Application, type Outcome } from "./application.js";
import { Content } from "./content.js";
import { faults } from "./verdict.js";

const SEEDS = process.env["FUZZ_SEEDS"] ?? "1-3000";
const AT_ONCE = 48;
const MOST_CONNECTIONS = 3;
/** What the connections of one seed may take, and their edges to be forgotten, in milliseconds. */
const LIMIT = 20_000 * patience;
const SETTLING = 5000 * patience;
const KILOBYTE = 1024;
/** Little, for the seeds that are to run out of it. */
const SHORT_MEMORY = 512 * KILOBYTE;
/** The session is lost within so many milliseconds, if it is. */
const LOST_WITHIN = 60;

type Random = () => number;

function choose<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

function circumstances(random: Random): PairOptions & { readonly lost: number | undefined } {
  return {
    confirmed: random() < 0.5,
    creditMaximum: choose(random, [128, 256, 1024, 4096]) * KILOBYTE,
    delay: choose(random, [0, 0, 3, 20]),
    ...(random() < 0.05 ? { nearMemory: SHORT_MEMORY } : {}),
    ...(random() < 0.05 ? { farMemory: SHORT_MEMORY } : {}),
    lost: random() < 0.05 ? random() * LOST_WITHIN : undefined,
  };
}

/** The applications of one connection. */
class Couple {
  readonly client: Promise<Outcome>;
  readonly #server: Server;
  #served: Promise<Outcome | undefined> = Promise.resolve(undefined);

  private constructor(server: Server, pair: EdgePair, port: number, seed: number, number: number) {
    this.#server = server;
    const own = {
      client: new Content(seed + number, "client"),
      server: new Content(seed + number, "server"),
    };
    // A client whose session is lost before it is accepted is connected to its server once more.
    server.on("connection", (socket) => {
      this.#served = new Application(socket, randomOf(seed * 10 + number), own.server, own.client).run();
    });
    this.client = pair.intercept(port).then(async (interceptor) => {
      const socket = connect({ host: "127.0.0.1", port: interceptor, allowHalfOpen: true, noDelay: true });
      await once(socket, "connect");
      return new Application(socket, randomOf(-seed * 10 - number), own.client, own.server).run();
    });
  }

  static async begin(pair: EdgePair, seed: number, number: number): Promise<Couple> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Couple(server, pair, await listening(server), seed, number);
  }

  /** Undefined where the server was never connected to: to be asked once the edges are forgotten. */
  get served(): Promise<Outcome | undefined> {
    return this.#served;
  }

  stop(): void {
    this.#server.close();
  }
}

/** What went wrong with the connections of a seed. */
async function play(seed: number): Promise<string[]> {
  const random = randomOf(seed);
  const { lost, ...options } = circumstances(random);
  const pair = new EdgePair(0, seed, options);
  const count = 1 + Math.floor(random() * MOST_CONNECTIONS);
  const couples = await Promise.all(
    Array.from({ length: count }, (_, number) => Couple.begin(pair, seed, number)),
  );
  const losing = lost === undefined ? undefined : setTimeout(() => pair.loseSession(), lost);
  const over = Promise.all(couples.map((couple) => judge(couple, pair, count, lost !== undefined)));
  const late = sleep(LIMIT, [["not over"]], { ref: false });
  const found = await Promise.race([over, late]);
  clearTimeout(losing);
  pair.stop();
  for (const couple of couples) couple.stop();
  return found.flat();
}

async function judge(couple: Couple, pair: EdgePair, count: number, lost: boolean): Promise<string[]> {
  const client = await couple.client;
  if (!(await settled(pair, count))) return [`left behind: ${JSON.stringify(pair.near.counts)}`];
  const server = await couple.served;
  const broken = lost || pair.nearMemory.shed + pair.farMemory.shed > 0;
  if (server === undefined) {
    const expected = client.left === "reset" || broken;
    return expected ? [] : [`no server was asked; the client: ${JSON.stringify(client)}`];
  }
  return faults(client, server, broken).map((fault) => `${fault}: ${JSON.stringify({ client, server })}`);
}

/** Whether all connections have come, and their edges are forgotten and hold nothing. */
async function settled(pair: EdgePair, count: number): Promise<boolean> {
  const end = performance.now() + LIMIT + SETTLING;
  const busy = () => pair.accepted < count || !pair.settled;
  while (busy() && performance.now() < end) await sleep(5);
  return !busy();
}

test("what one side wrote before it closed is what the other read, or both saw an error", async () => {
  const [first = 1, last = first] = SEEDS.split("-").map(Number);
  let next = first;
  const found: string[] = [];
  const some = async () => {
    while (next <= last) {
      const seed = next++;
      for (const fault of await play(seed)) found.push(`seed ${seed}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, some));
  assert.ok(found.length === 0, `FUZZ_SEEDS=SEED shows one of them again.\n${found.join("\n")}`);
});
