import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../ovs-lab/index.js";
import { until } from "../end-to-end/site.js";

/** Milliseconds between two openings. */
const INTERVAL = 20;
/** Milliseconds until all is known of an opening that went well: the WAN's round trip, and the captures' delay. */
const SETTLED = 500;
const FIRST_PORT = 12_000;
/** For one run of openings: a minute's. */
const PORTS = 3000;
const RUNS = 6;

let runs = 0;

/** One connection that a client opened, greeted or not. Times are milliseconds since the epoch. */
export interface Opening {
  readonly at: number;
  readonly port: number;
  /** "ok" once the server's greeting is there, or how it ended without; undefined while it hangs. */
  result?: string;
  /** Milliseconds to the result. */
  took?: number;
  /** Its SYN crossed the WAN itself: it was not taken. */
  direct: boolean;
}

const CLIENT = `
const net = require("node:net");
const [address, port, first] = process.argv.slice(1);
const say = (words) => process.stdout.write(words.join(" ") + "\\n");
let next = Number(first);
setInterval(() => {
  const localPort = next++, at = Date.now();
  say([localPort, at]);
  let told = false;
  const tell = (result) => { if (!told) { told = true; say([localPort, at, result, Date.now() - at]); } };
  net.connect({ host: address, port: Number(port), localPort })
    .on("data", function () { tell("ok"); this.end(); })
    .on("error", ({ code }) => tell(code))
    .on("close", () => tell("closed"));
}, ${INTERVAL});`;

/** A client that opens a new connection every 20 ms, and what became of each: which way it went, and how it ended. */
export class Openings {
  readonly #client: ChildProcess;
  readonly #capture: ChildProcess;
  readonly #openings = new Map<number, Opening>();

  private constructor(client: ChildProcess, capture: ChildProcess) {
    this.#client = client;
    this.#capture = capture;
    createInterface({ input: client.stdout! }).on("line", (line) => this.#hear(line));
    createInterface({ input: capture.stdout! }).on("line", (line) => {
      // `… IP 10.1.0.11.12000 > 10.2.0.11.9100: tcp 0`
      const port = Number(/ IP [\d.]+\.(\d+) > /.exec(line)?.[1]);
      const opening = this.#openings.get(port);
      if (opening) opening.direct = true;
      else this.#early.add(port);
    });
  }

  /** Ports whose SYN was captured before the client had told of them. */
  readonly #early = new Set<number>();

  /** From a node to the greeter at an address; `router` is the one of the node's site. */
  static async start(lab: Lab, node: string, address: string, port: number): Promise<Openings> {
    const { site } = lab.topology.node(node);
    const filter = `dst port ${port} and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn`;
    const capture = lab.spawn(
      `${site}-router`,
      ["tcpdump", "-i", "wan0", "-nn", "-q", "-l", "--immediate-mode", filter],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    capture.stderr!.on("data", (text) => {
      said += text;
    });
    await until("tcpdump captures", () => said.includes("listening on"));
    const first = FIRST_PORT + (runs++ % RUNS) * PORTS;
    const client = lab.spawn(node, [process.execPath, "-e", CLIENT, address, `${port}`, `${first}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const openings = new Openings(client, capture);
    await until("connections are opened", () => openings.since(0).some(({ result }) => result === "ok"));
    return openings;
  }

  /** Those begun from a time on, the earliest first. */
  since(time: number, before = Number.POSITIVE_INFINITY): Opening[] {
    return [...this.#openings.values()].filter(({ at }) => at >= time && at < before);
  }

  /** Resolves with when the first connection since `time` was opened that went this way, greeted. */
  async first(way: "direct" | "optimized", time: number, within?: number): Promise<number> {
    let found: Opening | undefined;
    await until(
      `a connection goes ${way}`,
      () => {
        found = this.since(time, Date.now() - SETTLED).find(
          ({ result, direct }) => result === "ok" && direct === (way === "direct"),
        );
        return found !== undefined;
      },
      within,
    );
    return found!.at;
  }

  /** Until all is known of those begun so far that go well. */
  async settle(): Promise<void> {
    await sleep(SETTLED);
  }

  async stop(): Promise<void> {
    const ended = [this.#client, this.#capture].map((child) => once(child, "exit"));
    this.#client.kill("SIGKILL");
    this.#capture.kill("SIGTERM");
    await Promise.all(ended);
  }

  #hear(line: string): void {
    const [port, at, result, took] = line.split(" ");
    const opening = this.#openings.get(Number(port)) ?? {
      at: Number(at),
      port: Number(port),
      direct: this.#early.delete(Number(port)),
    };
    this.#openings.set(opening.port, opening);
    if (result !== undefined) Object.assign(opening, { result, took: Number(took) });
  }
}
