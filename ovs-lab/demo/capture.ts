import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Lab } from "../lab.js";
import { DemoError } from "./error.js";

/** A packet as `tcpdump -nn -q -t` tells of it. */
export interface Packet {
  /** "udp", "tcp", or what else tcpdump calls it. */
  readonly protocol: string;
  /** Addresses without ports. */
  readonly source: string;
  readonly destination: string;
}

/** How many packets crossed the WAN, by whose they are. */
export interface Tally {
  /** UDP between the two sites' movers. */
  readonly mover: number;
  /** From or to a host of the download. */
  readonly connection: number;
  readonly other: number;
  /** That the kernel had no room for. */
  readonly missed: number;
}

export interface CaptureOptions {
  readonly lab: Lab;
  readonly node: string;
  readonly device: string;
  /** pcap-filter(7); everything without. */
  readonly filter?: string;
  /** It ends by itself after so many packets. */
  readonly most: number;
  readonly movers: readonly string[];
  readonly hosts: readonly string[];
}

const SNAPSHOT_BYTES = 96;
const ENDS_WITHIN_MS = 5_000;

/** A tcpdump in a node of the lab, which counts what it sees. */
export class Capture {
  readonly #tally = { mover: 0, connection: 0, other: 0 };
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #words = "";

  /** Returns when it listens. @throws DemoError `CAPTURE` */
  static async start(options: CaptureOptions): Promise<Capture> {
    const capture = new Capture(options);
    await capture.#listening();
    return capture;
  }

  private constructor({ lab, node, device, filter, most, movers, hosts }: CaptureOptions) {
    const argv = [
      "tcpdump",
      "-i",
      device,
      "-nn",
      "-q",
      "-t",
      "-l",
      "--immediate-mode",
      "-s",
      `${SNAPSHOT_BYTES}`,
      "-c",
      `${most}`,
    ];
    this.#child = lab.spawn(node, [...argv, ...(filter === undefined ? [] : [filter])], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#words += text;
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      // Interrupted, it ends with an empty one.
      if (line !== "") this.#tally[owner(parsePacket(line), movers, hosts)]++;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on("error", () => resolve()).on("close", () => resolve());
    });
  }

  /** Ends it, unless it has done so by itself. @throws DemoError `CAPTURE` */
  async end(): Promise<Tally> {
    this.#child.kill("SIGINT");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), ENDS_WITHIN_MS);
    await this.#ended;
    clearTimeout(timer);
    const missed = /(\d+) packets? dropped by kernel/.exec(this.#words)?.[1];
    if (missed === undefined)
      throw new DemoError("CAPTURE", `tcpdump did not end well: ${this.#lastWords()}`);
    return { ...this.#tally, missed: Number(missed) };
  }

  async #listening(): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#child.stderr!.on("data", () => {
        if (this.#words.includes("listening on")) resolve();
      });
    });
    await Promise.race([heard, this.#ended]);
    if (!this.#words.includes("listening on")) {
      throw new DemoError("CAPTURE", `tcpdump cannot capture: ${this.#lastWords()}`);
    }
  }

  #lastWords(): string {
    return this.#words.trim().split("\n").at(-1) || "it says nothing";
  }
}

export function parsePacket(line: string): Packet {
  const match = /^IP6? (\S+) > (\S+): (\S+)/.exec(line);
  if (match === null)
    return { protocol: line.split(/[ ,]/, 1)[0]!.toLowerCase(), source: "", destination: "" };
  const [, from = "", to = "", word = ""] = match;
  const protocol = word.replace(/[:,]$/, "").toLowerCase();
  const hasPorts = protocol === "tcp" || protocol === "udp";
  const address = (end: string) => (hasPorts ? end.replace(/\.\d+$/, "") : end);
  return { protocol, source: address(from), destination: address(to) };
}

export function owner(
  packet: Packet,
  movers: readonly string[],
  hosts: readonly string[],
): Exclude<keyof Tally, "missed"> {
  const { protocol, source, destination } = packet;
  if (hosts.includes(source) || hosts.includes(destination)) return "connection";
  if (protocol === "udp" && movers.includes(source) && movers.includes(destination)) return "mover";
  return "other";
}
