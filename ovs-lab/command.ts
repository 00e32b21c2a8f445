import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { constants as system } from "node:os";
import { delimiter, join } from "node:path";
import { LabError } from "./errors.js";
import { patience } from "./patience.js";

export interface CommandResult {
  /** The exit status; 128 + the signal's number, as shells have it, where a signal ended the command. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | undefined;
  /** On top of the caller's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** In milliseconds, times {@link patience}; the command is killed after that. */
  readonly timeout?: number | undefined;
}

/** Network tools live here, which is not in every user's path. */
const searchPath = [process.env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(delimiter);

export function spawnCommand(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const [program, ...rest] = argv;
  return spawn(program!, rest, { ...options, env: { ...process.env, PATH: searchPath, ...options.env } });
}

/** Runs to the end and gives what it printed, whatever the status. @throws LabError `COMMAND_FAILED` if it cannot start or runs out of time */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = spawnCommand(argv, { env: { ...options.env } });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin!.on("error", () => {}); // it may end without reading what it is told
  child.stdin!.end(options.input ?? "");
  const limit = options.timeout === undefined ? undefined : options.timeout * patience;
  return new Promise((resolve, reject) => {
    let late = false;
    const timer =
      limit === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            child.kill("SIGKILL");
          }, limit);
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(new LabError("COMMAND_FAILED", `${argv[0]} cannot be run (${error.code})`, { cause: error }));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (late) {
        const seconds = limit! / 1000;
        reject(new LabError("COMMAND_FAILED", `${argv.join(" ")}: not done after ${seconds} s`));
      } else {
        const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
        resolve({ status: exitStatus(code, signal), stdout: text(stdout), stderr: text(stderr) });
      }
    });
  });
}

/** As {@link run}, for a command that must succeed: gives its standard output. @throws LabError `COMMAND_FAILED` with its first words of complaint */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(argv, options);
  if (status !== 0) {
    const complaint = (stderr.trim() || stdout.trim()).split("\n")[0];
    throw new LabError("COMMAND_FAILED", `${argv.join(" ")}: exit status ${status}: ${complaint}`);
  }
  return stdout;
}

export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : system.signals[signal]);
}

export function isInstalled(program: string): boolean {
  return searchPath.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
