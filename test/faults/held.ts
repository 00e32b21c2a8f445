import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Lab } from "../../ovs-lab/index.js";
import { until } from "../end-to-end/site.js";

/** Of the connections, every second says something every 50 ms and hears it back; the others are silent. */
const CLIENT = `
const net = require("node:net");
const [address, port, count] = process.argv.slice(1);
process.stdin.setMaxListeners(0);
for (let i = 0; i < Number(count); i++) {
  const say = (what) => process.stdout.write(i + " " + what + "\\n");
  const socket = net.connect(Number(port), address)
    .once("data", () => say("open"))
    .on("error", ({ code }) => { socket.failed = code; })
    .on("close", () => say(socket.failed ?? "closed"));
  let heard = Date.now();
  socket.on("data", () => {
    const now = Date.now();
    if (i % 2 === 0) say("gap " + (now - heard));
    heard = now;
  });
  socket.write("x");
  process.stdin.once("data", () => socket.end());
  if (i % 2 === 0) setInterval(() => { if (socket.writable) socket.write("x"); }, 50);
}`;

/** Connections that a client holds open to an echo server, and how each ends. */
export class Held {
  readonly #client: ChildProcess;
  readonly #open = new Set<number>();
  /** How each ended that did, by its number. */
  readonly ends = new Map<number, string>();
  /** The longest time without an echo on a connection that speaks, in milliseconds. */
  longestGap = 0;

  private constructor(client: ChildProcess) {
    this.#client = client;
    createInterface({ input: client.stdout! }).on("line", (line) => {
      const [number, what, gap] = line.split(" ");
      if (what === "open") this.#open.add(Number(number));
      else if (what === "gap") this.longestGap = Math.max(this.longestGap, Number(gap));
      else this.ends.set(Number(number), what!);
    });
  }

  static async start(lab: Lab, node: string, address: string, port: number, count: number): Promise<Held> {
    const client = lab.spawn(node, [process.execPath, "-e", CLIENT, address, `${port}`, `${count}`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const held = new Held(client);
    await until("the connections are open", () => held.#open.size === count);
    held.longestGap = 0;
    return held;
  }

  /** The client has said all it has to say, on each of them. */
  async end(): Promise<void> {
    this.#client.stdin!.write("end\n");
    await until("the connections end", () => this.ends.size === this.#open.size);
  }

  async stop(): Promise<void> {
    const ended = once(this.#client, "exit");
    this.#client.kill("SIGKILL");
    await ended;
  }
}
