import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Lab } from "../../ovs-lab/index.js";

const program = fileURLToPath(new URL("../../../test/conformance/application.py", import.meta.url));

export type Address = readonly [address: string, port: number];

/** One side of one connection, as `application.py` takes it. */
export interface Role {
  readonly key: string;
  readonly case: string;
  readonly role: "client" | "server";
  readonly steps: readonly string[];
  readonly own: Address;
  readonly peer: Address;
}

type Told =
  | { readonly ready: string }
  | { readonly meet: string }
  | { readonly done: string; readonly saw: readonly string[] };

/** The applications of one host: one process that plays all their roles. */
export class Actors {
  readonly #process: ChildProcess;
  readonly #listeners = new Map<string, (what: "ready" | "meet" | "done") => void>();
  readonly #saw = new Map<string, readonly string[]>();
  readonly #told = new Map<string, Set<string>>();

  /** @param limit what a step may take, in seconds */
  constructor(lab: Lab, host: string, roles: readonly Role[], limit: number) {
    this.#process = lab.spawn(host, ["python3", program, `${limit}`], { stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdin!.write(`${JSON.stringify(roles)}\n`);
    createInterface({ input: this.#process.stdout! }).on("line", (line) =>
      this.#hear(JSON.parse(line) as Told),
    );
  }

  /** The role may begin, or go on. */
  go(key: string): void {
    this.#process.stdin!.write(`${JSON.stringify({ go: key })}\n`);
  }

  /** Until the role's listener listens. */
  ready(key: string): Promise<void> {
    return this.#await("ready", key);
  }

  /** What the role has seen, once it is over; `met` is called each time it waits for the other application. */
  async play(key: string, met: () => void): Promise<readonly string[]> {
    this.#listeners.set(key, (what) => {
      if (what === "meet") met();
    });
    this.go(key);
    await this.#await("done", key);
    return this.#saw.get(key)!;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  #hear(told: Told): void {
    const [what, key] = Object.entries(told)[0] as ["ready" | "meet" | "done", string];
    if ("saw" in told) this.#saw.set(key, told.saw);
    if (what !== "meet") this.#told.set(key, (this.#told.get(key) ?? new Set()).add(what));
    this.#listeners.get(key)?.(what);
  }

  #await(what: "ready" | "done", key: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#told.get(key)?.has(what)) {
        resolve();
        return;
      }
      const before = this.#listeners.get(key);
      this.#listeners.set(key, (told) => {
        before?.(told);
        if (told === what) resolve();
      });
    });
  }
}

/** Two roles of one connection: when both wait for each other, both go on. */
export async function playPair(
  client: Actors,
  server: Actors,
  key: string,
): Promise<{ client: readonly string[]; server: readonly string[] }> {
  const names = { client: `${key} client`, server: `${key} server` };
  const waiting = { client: 0, server: 0 };
  const meet = (who: "client" | "server") => () => {
    waiting[who]++;
    if (waiting.client === 0 || waiting.server === 0) return;
    waiting.client--;
    waiting.server--;
    client.go(names.client);
    server.go(names.server);
  };
  await Promise.all([server.ready(names.server), client.ready(names.client)]);
  const [clientSaw, serverSaw] = await Promise.all([
    client.play(names.client, meet("client")),
    server.play(names.server, meet("server")),
  ]);
  return { client: clientSaw, server: serverSaw };
}
