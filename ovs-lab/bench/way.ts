import type { ChildProcess } from "node:child_process";
import type { Lab } from "../lab.js";
import { parseTime } from "../units.js";
import type { Contender, ContenderName } from "./contender.js";
import { BenchError } from "./error.js";
import type { Ground, Surroundings } from "./ground.js";
import type { PayloadName } from "./load/payload.js";
import type { BulkReport, BulkTask, ExchangeTask, FetchTask, OpenTask, Reports, Task } from "./load/task.js";
import { LoadRun, launchIn } from "./load-run.js";
import { type Beside, type Observation, observe } from "./observation.js";
import { RoundTrips } from "./round-trips.js";
import { median, quantile } from "./statistics.js";

export interface BulkOptions {
  readonly connections?: number;
  readonly payload?: PayloadName;
  /** Until the window begins, and its length, in seconds. */
  readonly startUp: number;
  readonly seconds: number;
  /** So many stop reading in the middle of the window. */
  readonly stalled?: number;
}

export interface BulkOutcome {
  readonly report: BulkReport;
  readonly observation: Observation;
  /** Bits per second at the client, within the window. */
  readonly rate: number;
  /** What the round trip had on top of the idle one, milliseconds. */
  readonly queue: { readonly median: number; readonly p95: number };
}

type Untargeted<T extends Task> = Omit<T, "address" | "port">;

/** A contender's way from client to source, while it is open. */
export class Way {
  readonly lab: Lab;
  readonly contender: Contender;
  readonly #ground: Ground;
  readonly #loads: ChildProcess[];

  /** @param loads where the clients that are started are kept, for whoever closes the way */
  constructor(ground: Ground, lab: Lab, contender: Contender, loads: ChildProcess[] = []) {
    this.#ground = ground;
    this.lab = lab;
    this.contender = contender;
    this.#loads = loads;
  }

  /** Another way over the same WAN, of those that need nothing to be started; it closes with this one. */
  beside(name: "cubic" | "bbr"): Way {
    return new Way(this.#ground, this.lab, this.#ground.contender(name), this.#loads);
  }

  /** Ends what was started on it, as after a failure. */
  close(): void {
    for (const load of this.#loads) load.kill("SIGKILL");
  }

  /** Starts a client of the load on it. @param port where the client is to find something else than the source */
  start<T extends Task>(task: Untargeted<T>, port = this.contender.port): LoadRun<T> {
    const { client, address } = this.contender;
    const load = new LoadRun<T>(launchIn(this.lab, client), { address, port, ...task } as unknown as T);
    this.#loads.push(load.child);
    return load;
  }

  /** Runs a client that is not bulk to its end. @throws BenchError if nothing at all came of it */
  async run<T extends FetchTask | ExchangeTask | OpenTask>(
    task: Untargeted<T>,
    port = this.contender.port,
  ): Promise<Reports[T["kind"]]> {
    const report = await this.start<T>(task, port).report;
    const done = "times" in report ? report.times.length : report.firstByte.length;
    if (done === 0 && report.failure !== undefined) throw this.#failed(report.failure);
    return report;
  }

  /** Downloads, and all that is seen of them within the window. @throws BenchError, LabError */
  async bulk(options: BulkOptions): Promise<BulkOutcome> {
    const { connections = 1, payload = "random", stalled = 0, startUp, seconds } = options;
    const load = this.start<BulkTask>({ kind: "bulk", connections, payload, startUp, seconds, stalled });
    await load.begun;
    const seen = await observe(this.lab, this.#beside());
    const roundTrips = new RoundTrips(this.lab);
    await load.ended.catch(() => {}); // the report tells
    const observed = await seen.end();
    const times = await roundTrips.end();
    const report = await load.report;
    if (report.failed >= connections && report.failure !== undefined) throw this.#failed(report.failure);
    const observation = withLoad(observed, report.cpu);
    const idle = parseTime("rtt", this.#ground.wan.rtt) / 1e6;
    return {
      report,
      observation,
      rate: (sum(report.bytes) * 8) / report.seconds,
      queue: {
        median: Math.max(0, median(times) - idle),
        p95: Math.max(0, quantile(times, 0.95) - idle),
      },
    };
  }

  #beside(): Beside {
    return [
      ...Object.entries(this.contender.processes).map(([name, { pid }]) => [name, pid!] as const),
      ...this.#ground.sources.map((pid) => ["load", pid] as const),
    ];
  }

  #failed(why: string): BenchError {
    const { client, address, port } = this.contender;
    return new BenchError("LOAD_FAILED", `${client} to ${address}:${port}: ${why}`);
  }
}

/** The client has ended by the time that others are asked what they have used. */
function withLoad(observation: Observation, seconds: number): Observation {
  const { cpu } = observation;
  return { ...observation, cpu: { ...cpu, load: Number(((cpu["load"] ?? 0) + seconds).toFixed(2)) } };
}

/** Opens a contender's way, does something on it, and closes it. @throws BenchError, LabError */
export async function onWay<T>(
  ground: Ground,
  surroundings: Surroundings,
  name: ContenderName,
  body: (way: Way) => Promise<T>,
): Promise<T> {
  const lab = await ground.lab(surroundings);
  const contender = ground.contender(name);
  const way = new Way(ground, lab, contender);
  try {
    await contender.start(lab, ground.wan);
    return await body(way);
  } finally {
    way.close();
    await contender.stop();
  }
}

/** Figures that every bulk download has. */
export function bulkFigures({ rate, report, observation, queue }: BulkOutcome): Record<string, number> {
  const bytes = sum(report.bytes);
  const { wire, mover, machine, cpu, siteDrops } = observation;
  const own = Object.entries(cpu).filter(([name]) => !/^(load|vswitchd|emulator)/.test(name));
  return {
    mbit: rate / 1e6,
    queue_ms: queue.median,
    queue_p95_ms: queue.p95,
    wire_per_byte: wire.bytes / bytes,
    cpu_per_gb: (sum(own.map(([, seconds]) => seconds)) / bytes) * 1e9,
    machine_per_gb: (machine.busy / bytes) * 1e9,
    failed: report.failed,
    site_drops: siteDrops.port + siteDrops.socket,
    ...(mover === undefined || mover.sent === mover.retransmitted
      ? {}
      : {
          sent_per_needed: mover.sent / (mover.sent - mover.retransmitted),
          spurious: mover.spurious / mover.sent,
        }),
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
