import { fileURLToPath } from "node:url";
import { isInstalled } from "../../command.js";
import type { Bench, Cell } from "../bench.js";
import { SOURCE_PORT } from "../contender.js";
import { KCPTUN_PORT, kcptunArguments, tunedOptions } from "../contenders/kcptun.js";
import { BenchError } from "../error.js";
import type { Ground } from "../ground.js";
import type { BulkTask } from "../load/task.js";
import { LoadRun, SOURCE } from "../load-run.js";
import { machineSeconds, processorSeconds, spent } from "../processor.js";
import type { Trial } from "../result.js";
import { figure } from "../summary.js";
import { type Cable, type End, ends } from "../underlay/cable.js";
import { sum } from "../way.js";

const SITE = fileURLToPath(new URL("../underlay/site.js", import.meta.url));
const MOVER_PORT = 4790;
const EDGE_PORT = 7001;
const WAYS = ["ovs-tpo", "kcptun", "kcptun-default", "direct"] as const;
const START_UP = 2;
/** Windows beyond it only fill buffers: without delay there is nothing to be filled. */
const KCPTUN_WINDOW = 4096;

type CpuWay = (typeof WAYS)[number];
type Processes = readonly (readonly [name: string, pid: number])[];

export const cpu: Bench = {
  name: "cpu",
  title: "What a byte costs",
  summary:
    "Both ends joined by a plain veth, without switch, delay and loss; downloads without end of data that does not compress; everything on this machine's processors. " +
    "ovs-tpo is its edges, packet driver and data mover at both ends. CPU is the processor time of both ends' own processes, without the load's; the machine's is all that was used, interrupts and load included. Direct is the load alone.",
  columns: [
    { figure: "gbit", title: "Gbit/s" },
    { figure: "cpu_per_gb", title: "CPU s/GB" },
    { figure: "mb_per_cpu_second", title: "MB per CPU s", decimals: 0 },
    { figure: "machine_per_gb", title: "machine s/GB" },
    { figure: "load_per_gb", title: "load s/GB" },
    { figure: "busy", title: "processors busy", share: true },
  ],
  chart: { figure: "mb_per_cpu_second", title: "MB for each second of processor time" },
  cells: ({ quick }) => [1, 8].map((connections) => cell(quick, connections)),
  judge(cell) {
    const rate = figure(cell, "ovs-tpo", "gbit");
    const own = figure(cell, "ovs-tpo", "mb_per_cpu_second");
    const rival = Math.max(
      ...["kcptun", "kcptun-default"].map((way) => figure(cell, way, "mb_per_cpu_second") ?? Number.NaN),
    );
    if (rate === undefined || own === undefined) return [];
    const beside = own / rival;
    return [
      { wanted: "1 Gbit/s or more", found: `${rate.toFixed(2)} Gbit/s`, reached: rate >= 1 },
      ...(Number.isNaN(beside)
        ? []
        : [
            {
              wanted: "3 times the better kcptun's bytes per CPU second",
              found: `${beside.toFixed(2)} ×`,
              reached: beside >= 3,
            },
          ]),
    ];
  },
};

function cell(quick: boolean, connections: number): Cell {
  const seconds = quick ? 5 : 10;
  return {
    name: connections === 1 ? "1 connection" : `${connections} connections`,
    parameters: { connections },
    ways: WAYS,
    seconds: START_UP + seconds + 2,
    trial: (ground, way) => trial(ground, way as CpuWay, connections, seconds),
  };
}

async function trial(ground: Ground, way: CpuWay, connections: number, seconds: number): Promise<Trial> {
  const cable = await ground.cable();
  try {
    const source = await cable.serve("b", [process.execPath, SOURCE, `${SOURCE_PORT}`], SOURCE_PORT);
    const { processes, port, address } = await openWay(cable, way);
    const load = new LoadRun<BulkTask>(cable.launch("a"), {
      kind: "bulk",
      address,
      port,
      connections,
      payload: "random",
      startUp: START_UP,
      seconds,
    });
    await load.begun;
    const read = () => ({
      own: processorSeconds(processes),
      source: processorSeconds([["source", source.pid!]]),
      machine: machineSeconds(),
    });
    const before = read();
    await load.ended.catch(() => {}); // the report tells
    const after = read();
    const report = await load.report;
    if (report.failed >= connections && report.failure !== undefined) {
      throw new BenchError("LOAD_FAILED", `${way}: ${report.failure}`);
    }
    const gigabytes = sum(report.bytes) / 1e9;
    const own = spent(before.own, after.own);
    const used = sum(Object.values(own));
    const busy = after.machine.busy - before.machine.busy;
    return {
      figures: {
        gbit: (gigabytes * 8) / report.seconds,
        ...(processes.length === 0
          ? {}
          : { cpu_per_gb: used / gigabytes, mb_per_cpu_second: (gigabytes * 1e3) / used }),
        ...Object.fromEntries(Object.entries(own).map(([name, each]) => [`cpu_s ${name}`, each])),
        load_per_gb: (report.cpu + (spent(before.source, after.source)["source"] ?? 0)) / gigabytes,
        machine_per_gb: busy / gigabytes,
        busy: busy / report.seconds / ground.processors,
      },
    };
  } finally {
    await cable.clear();
  }
}

/** Starts both ends. What it returns is to be connected to at end a. */
async function openWay(
  cable: Cable,
  way: CpuWay,
): Promise<{ processes: Processes; address: string; port: number }> {
  if (way === "direct") return { processes: [], address: ends.b, port: SOURCE_PORT };
  if (way === "ovs-tpo") {
    const site = (end: End, peer: End) => [
      ...[process.execPath, SITE, ends[end], ends[peer], `${MOVER_PORT}`],
      ...[`${EDGE_PORT}`, `${SOURCE_PORT}`],
    ];
    const far = await cable.serve("b", site("b", "a"), undefined);
    const near = await cable.serve("a", site("a", "b"), EDGE_PORT);
    const processes = [["site a", near.pid!] as const, ["site b", far.pid!] as const];
    return { processes, address: "127.0.0.1", port: EDGE_PORT };
  }
  if (!isInstalled("kcptun-client")) {
    throw new BenchError("NOT_INSTALLED", "kcptun is not installed; `npm run bench` installs it");
  }
  const listen = `127.0.0.1:${KCPTUN_PORT}`;
  const { client, server } = kcptunArguments(
    { server: ends.b, listen, target: `127.0.0.1:${SOURCE_PORT}` },
    way === "kcptun" ? tunedOptions(KCPTUN_WINDOW) : [],
  );
  const far = await cable.serve("b", server, undefined);
  const near = await cable.serve("a", client, KCPTUN_PORT);
  const processes = [["kcptun client", near.pid!] as const, ["kcptun server", far.pid!] as const];
  return { processes, address: "127.0.0.1", port: KCPTUN_PORT };
}
