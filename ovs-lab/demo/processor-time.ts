import { readFileSync } from "node:fs";
import type { LabStatus } from "../status.js";

/** Processor seconds by what used them, such as "plugin a", "vswitchd b", "emulator". */
export type ProcessorTime = Readonly<Record<string, number>>;

/** proc_pid_stat(5): fields 14 and 15 are user and system time, in units of sysconf(_SC_CLK_TCK), which is 100 on Linux. */
const TICKS_PER_SECOND = 100;
const FIELDS_BEFORE_USER_TIME = 11;

/** What the processes of a lab that matter here have used until now, by their names; those that run not are left out. */
export function processorTime({ sites, wan }: LabStatus): ProcessorTime {
  const processes = [
    ...sites.flatMap(({ name, plugin, vswitchd }) => [
      [`plugin ${name}`, plugin.pid] as const,
      [`vswitchd ${name}`, vswitchd] as const,
    ]),
    ["emulator", wan.pid] as const,
  ];
  return Object.fromEntries(
    processes.flatMap(([name, pid]) => {
      const seconds = pid === null ? undefined : secondsOf(pid);
      return seconds === undefined ? [] : [[name, seconds]];
    }),
  );
}

export function difference(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [
      name,
      Number((seconds - (before[name] ?? 0)).toFixed(2)),
    ]),
  );
}

/** Undefined once the process has ended. */
function secondsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user, system] = fields.slice(FIELDS_BEFORE_USER_TIME).map(Number);
    return (user! + system!) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
