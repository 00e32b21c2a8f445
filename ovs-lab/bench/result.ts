import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { isInstalled, run } from "../command.js";
import type { WanSettings } from "../wan/settings.js";
import type { Observation } from "./observation.js";

/** What `--json` writes. Field names and units of figures are each bench's own (`Column`). */
export interface ResultFile {
  readonly results: readonly BenchResult[];
}

export interface BenchResult {
  readonly bench: string;
  readonly quick: boolean;
  readonly repeats: number;
  /** False while it runs, and where it was interrupted. */
  readonly complete: boolean;
  readonly machine: Machine;
  /** What holds for every cell, a sentence each. */
  readonly conditions: readonly string[];
  /** The ways, by name, in words. */
  readonly ways: Readonly<Record<string, string>>;
  readonly cells: readonly CellResult[];
}

export interface CellResult {
  readonly cell: string;
  readonly wan?: WanSettings;
  /** What the cell is about, for whoever computes with it. */
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly ways: readonly WayResult[];
}

export interface WayResult {
  readonly way: string;
  readonly trials: readonly Trial[];
  /** Why trials are missing, a line each. */
  readonly failures: readonly string[];
}

export interface Trial {
  readonly figures: Readonly<Record<string, number>>;
  readonly observation?: Observation;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  /** Of the programs that take part, by name; those that are not installed are left out. */
  readonly versions: Readonly<Record<string, string>>;
  /** Processes that wanted a processor before the bench began, on average of a minute. */
  readonly load: number;
}

/** How each program says its version, and where in the answer. Debian's kcptun knows none, so its package is asked. */
const VERSIONS: Readonly<Record<string, readonly [argv: readonly string[], pattern: RegExp]>> = {
  "Open vSwitch": [["ovs-vswitchd", "--version"], /(\d[\d.]+)/],
  HAProxy: [["haproxy", "-v"], /version (\S+)/],
  kcptun: [["dpkg-query", "--show", "kcptun"], /\t(\S+)/],
  OpenSSH: [["ssh", "-V"], /OpenSSH_(\S+?),? /],
};

export async function describeMachine(): Promise<Machine> {
  const versions: Record<string, string> = {};
  for (const [name, [argv, pattern]] of Object.entries(VERSIONS)) {
    if (!isInstalled(argv[0]!)) continue;
    const { status, stdout, stderr } = await run(argv);
    const version = status === 0 ? pattern.exec(`${stdout}${stderr} `)?.[1] : undefined;
    if (version !== undefined) versions[name] = version;
  }
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: totalmem(),
    kernel: release(),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown",
    node: process.version,
    versions,
    load: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
  };
}
