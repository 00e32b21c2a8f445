import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawnCommand } from "../command.js";
import { LabError } from "../errors.js";
import { type Accelerator, type BootFiles, kill, Qemu, withParent } from "./qemu.js";

const PROCESSORS = 2;
const MEMORY_MEGABYTES = 3072;
const SHARED_WITHIN_MS = 10_000;
const CONSOLE_TAIL_LINES = 20;

/** The scripts are where they are written, not where this is compiled to. */
const scripts = fileURLToPath(new URL("../../../ovs-lab/kernel-datapath", import.meta.url));

export interface GuestOptions {
  readonly boot: BootFiles;
  readonly accelerator: Accelerator;
  /** Run in the project's folder, as root. */
  readonly command: readonly string[];
  /** Takes what the command prints. */
  readonly output: Writable;
  /** In milliseconds, the guest's own start included. */
  readonly within: number;
  /** Told in short lines how the guest is getting on. */
  readonly progress: (line: string) => void;
}

/**
 * A virtual machine with a kernel of its own, and this machine's programs and files, that runs one command. Whatever
 * that changes is changed in the guest's memory, and gone with it.
 */
export class Guest {
  readonly #options: GuestOptions;
  /** For the share's socket, the command, and the kernel's messages. */
  readonly #directory = mkdtempSync(join(tmpdir(), "ovs-lab-guest-"));
  #share: ChildProcess | undefined;
  #qemu: Qemu | undefined;

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  /** Resolves to the command's exit status. @throws LabError `GUEST_FAILED` when there is none, or not in time */
  async run(): Promise<number> {
    const { command, boot, accelerator, output, within } = this.#options;
    const until = Date.now() + within;
    writeFileSync(join(this.#directory, "command"), command.map((word) => `${word}\0`).join(""));
    symlinkSync(join(scripts, "guest"), join(this.#directory, "guest"));
    const share = await this.#startShare();
    const qemu = new Qemu({
      boot,
      accelerator,
      processors: PROCESSORS,
      memoryMegabytes: MEMORY_MEGABYTES,
      environment: { TASK: this.#directory },
      console: this.#console,
      share,
    });
    this.#qemu = qemu;
    qemu.output.pipe(output, { end: false });
    const [status, { isLate, complaint }] = await Promise.all([
      this.#heed(qemu.news),
      qemu.end(until - Date.now()),
    ]);
    if (isLate) throw this.#failed(`not done after ${within / 60_000} minutes`);
    if (status === undefined) throw this.#failed(complaint || "it ended before the command did");
    return status;
  }

  /** Ends what still runs; nothing of the guest is left. */
  async stop(): Promise<void> {
    await this.#qemu?.kill();
    if (this.#share !== undefined) await kill(this.#share);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #console(): string {
    return join(this.#directory, "console.log");
  }

  /** Returns the socket of a virtiofsd that shows this machine's root, read-only. */
  async #startShare(): Promise<string> {
    const socket = join(this.#directory, "share.sock");
    const ownMounts = ["unshare", "--mount", "--propagation", "private"];
    const argv = withParent([...ownMounts, join(scripts, "share"), this.#directory]);
    const process = spawnCommand(argv, { stdio: ["ignore", "ignore", "pipe"] });
    this.#share = process;
    let said = "";
    process.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    for (const until = Date.now() + SHARED_WITHIN_MS; !existsSync(socket); await sleep(20)) {
      if (process.exitCode === null && Date.now() < until) continue;
      const why = said.trim() || "virtiofsd has opened no socket";
      throw new LabError("GUEST_FAILED", `this machine's files cannot be shared: ${why}`);
    }
    return socket;
  }

  /** Follows the guest's news to their end; gives the command's exit status, if there is one. */
  async #heed(news: Readable): Promise<number | undefined> {
    const { progress } = this.#options;
    let status: number | undefined;
    for await (const line of createInterface({ input: news })) {
      const [word, value] = line.split(" ");
      if (word === "up") progress(`the guest is up, ${value} s after its kernel's start`);
      else if (word === "run") progress(`the command starts at ${value} s`);
      else if (word === "exit") status = Number(value);
    }
    return status;
  }

  #failed(why: string): LabError {
    const log = existsSync(this.#console) ? readFileSync(this.#console, "utf8").trimEnd() : "";
    const tail = log
      .split("\n")
      .slice(-CONSOLE_TAIL_LINES)
      .map((line) => `  ${line}`)
      .join("\n");
    const kernel = log === "" ? "" : `; the last lines of its console:\n${tail}`;
    return new LabError("GUEST_FAILED", `the guest: ${why}${kernel}`);
  }
}
