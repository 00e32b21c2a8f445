import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { inNetworkNamespace } from "../driver/ffi/index.js";
import { must } from "./command.js";
import { LabError } from "./errors.js";
import { patience } from "./patience.js";

const NAMESPACES = "/run/netns";
const GONE_WITHIN_MS = 5_000 * patience;

export function namespacePath(name: string): string {
  return `${NAMESPACES}/${name}`;
}

/** The named namespaces whose names begin with `prefix`. */
export function namespacesOf(prefix: string): string[] {
  if (!existsSync(NAMESPACES)) return [];
  return readdirSync(NAMESPACES).filter((name) => name.startsWith(prefix));
}

/** Runs `ip` commands, one a line, in a namespace or in the caller's own. @throws LabError `COMMAND_FAILED` with the line that failed */
export async function ip(lines: readonly string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return;
  const within = namespace === undefined ? [] : ["-n", namespace];
  await must(["ip", ...within, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Writes kernel settings below /proc/sys/net, such as { "ipv4/ip_forward": 1 }. What is there belongs to the thread's namespace. */
export function setSysctls(namespace: string, values: Readonly<Record<string, string | number>>): void {
  inNetworkNamespace(namespacePath(namespace), () => {
    for (const [name, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/${name}`, `${value}`);
  });
}

/** What a device has dropped in sending: for a tap, what its reader was too slow to take. */
export function transmitDrops(namespace: string, device: string): number {
  const table = inNetworkNamespace(namespacePath(namespace), () =>
    readFileSync("/proc/thread-self/net/dev", "utf8"),
  );
  const line = table.split("\n").find((line) => line.trim().startsWith(`${device}:`));
  const DROPPED_IN_SENDING = 11;
  return Number(line?.split(":")[1]?.trim().split(/\s+/)[DROPPED_IN_SENDING] ?? 0);
}

/** The processes whose network namespace is one of these, by namespace. */
export function processesIn(namespaces: readonly string[]): Map<string, number[]> {
  const byIdentity = new Map(namespaces.map((name) => [identity(namespacePath(name)), name]));
  const found = new Map<string, number[]>(namespaces.map((name) => [name, []]));
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const own = identity(`/proc/${entry}/ns/net`);
    const name = own === undefined ? undefined : byIdentity.get(own);
    if (name !== undefined) found.get(name)!.push(Number(entry));
  }
  return found;
}

/** Tells a namespace from all others; undefined where it is gone, or may not be looked at, as no process's of a lab. */
function identity(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** The words of a process's command line; none once it has ended. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** The process that started this one; undefined once it has ended. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** A process: no other has both, not even one that gets its number later. */
export interface ProcessId {
  readonly pid: number;
  /** When it began, in clock ticks since the machine did. */
  readonly began: number;
}

/** Undefined once it has ended. */
export function processId(pid: number): ProcessId | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, began: Number(stat[19]) };
}

export function isRunning({ pid, began }: ProcessId): boolean {
  const now = processId(pid);
  return now !== undefined && now.began === began;
}

/** What the kernel says of a process, from its state on, which is the third field of proc_pid_stat(5). */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // "pid (name) state parent …", and a name may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Ends every process in the namespaces, then removes them. @throws LabError `COMMAND_FAILED` if a process does not end */
export async function removeNamespaces(namespaces: readonly string[]): Promise<void> {
  const until = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const pids = [...processesIn(namespaces).values()].flat();
    if (pids.length === 0) break;
    if (Date.now() > until) {
      throw new LabError("COMMAND_FAILED", `processes of the lab do not end: ${pids.join(", ")}`);
    }
    for (const pid of pids) kill(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (namespaces.length === 0) return;
  // With -force, one that cannot be deleted does not keep the others.
  const lines = namespaces.map((name) => `netns delete ${name}\n`);
  await must(["ip", "-force", "-batch", "-"], { input: lines.join("") });
}

/** Signals a process; false where it has ended. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
