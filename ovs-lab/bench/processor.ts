import { readFileSync } from "node:fs";

/** Processor seconds by what used them, such as "plugin a", "haproxy b", "load". */
export type ProcessorSeconds = Readonly<Record<string, number>>;

/** What all processors together did, in seconds: proc(5), the first line of /proc/stat. */
export interface MachineSeconds {
  /** In programs and the kernel, interrupts included. */
  readonly busy: number;
  /** Taken by the host of a virtual machine. */
  readonly stolen: number;
}

/** Units of sysconf(_SC_CLK_TCK), which is 100 on Linux. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and its threads, the ended ones included (proc_pid_stat(5)); 0 once it has ended. */
export function secondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

export function machineSeconds(): MachineSeconds {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  return { busy: user + nice + system + irq + softirq, stolen: steal };
}

/** Of processes that may share a name: their times are added. */
export function processorSeconds(
  processes: readonly (readonly [name: string, pid: number])[],
): ProcessorSeconds {
  const seconds: Record<string, number> = {};
  for (const [name, pid] of processes) seconds[name] = (seconds[name] ?? 0) + secondsOf(pid);
  return seconds;
}

export function spent(before: ProcessorSeconds, after: ProcessorSeconds): ProcessorSeconds {
  return Object.fromEntries(
    Object.entries(after).map(([name, seconds]) => [
      name,
      Number(Math.max(0, seconds - (before[name] ?? 0)).toFixed(2)),
    ]),
  );
}
