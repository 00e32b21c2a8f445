import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Lab } from "../../ovs-lab/index.js";
import type { Status } from "../../plugin/status.js";
import { Capture, listening, SERVER, sha256, statusOf } from "../end-to-end/site.js";

/** What one command may take, in milliseconds, times the lab's patience. */
const COMMAND_TIME = 60_000;
const ENDED_WITHIN = 5000;

/** Two sites over a WAN with loss, a folder for everybody's files, and the servers that run on the far site's host. */
export class Ground {
  readonly lab: Lab;
  readonly directory = mkdtempSync(join(tmpdir(), "ovs-tpo-programs-"));
  readonly #servers: ChildProcess[] = [];
  #capture: Capture | undefined;

  private constructor(lab: Lab) {
    this.lab = lab;
    // Servers that are not root have their files in it.
    chmodSync(this.directory, 0o755);
  }

  static async up(): Promise<Ground> {
    const wan = { rate: "100mbit", rtt: "30ms", loss: "0.5%", seed: 5 };
    const ground = new Ground(await Lab.up({ name: "programs", ...wan }));
    try {
      ground.#capture = await Capture.start(ground.lab, "b-router", "tcp");
      return ground;
    } catch (error) {
      await ground.down();
      throw error;
    }
  }

  /** A folder below the common one; returns its path. */
  folder(name: string): string {
    const path = join(this.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  file(name: string, content: string | Uint8Array, mode = 0o644): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
    return path;
  }

  /** A file of random bytes; returns its SHA-256. */
  blob(name: string, size: number): string {
    const bytes = randomBytes(size);
    this.file(name, bytes);
    return sha256(bytes);
  }

  /** Runs a program at the client, which must succeed; returns what it printed. */
  client(argv: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
    return this.#run("client", argv, options);
  }

  /** The same on the server's own host. */
  atServer(argv: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
    return this.#run("server", argv, options);
  }

  async #run(
    node: string,
    argv: readonly string[],
    options: { input?: string; env?: Record<string, string> },
  ): Promise<string> {
    const result = await this.lab.exec(node, argv, { timeout: COMMAND_TIME, ...options });
    const { status, stdout, stderr } = result;
    assert.equal(status, 0, `${argv.join(" ")}: exit status ${status}\n${stderr}${stdout}`);
    return stdout;
  }

  /** Starts a server, and waits until it listens at `port`. It is ended with the ground, at the latest. */
  async serve(argv: readonly string[], port: number, env: Record<string, string> = {}): Promise<void> {
    const log = openSync(join(this.directory, `${port}.log`), "a");
    const server = this.lab.spawn("server", argv, { stdio: ["ignore", log, log], env });
    closeSync(log);
    this.owns(server);
    await listening(this.lab, "server", port);
  }

  /** It is ended with the ground. */
  owns(server: ChildProcess): void {
    this.#servers.push(server);
  }

  status(site: "a" | "b"): Promise<Status> {
    return statusOf(this.lab, site);
  }

  /** TCP packets that have crossed the WAN outside the mover. */
  get direct(): readonly string[] {
    return this.#capture?.packets ?? [];
  }

  async down(): Promise<void> {
    await this.#capture?.stop();
    await Promise.all(this.#servers.map(end));
    await this.lab.down();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  const late = sleep(ENDED_WITHIN, undefined, { ref: false }).then(() => server.kill("SIGKILL"));
  await Promise.race([ended, late]);
  await ended;
}

export { SERVER };
