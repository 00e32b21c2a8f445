import type { Bench } from "../../ovs-lab/bench/bench.js";
import type { Observation } from "../../ovs-lab/bench/observation.js";
import type { BenchResult, Machine, Trial } from "../../ovs-lab/bench/result.js";
import { defaultWan } from "../../ovs-lab/wan/settings.js";

export const machine: Machine = {
  processor: "Abacus 3000",
  cores: 2,
  memory: 8 * 2 ** 30,
  kernel: "6.1.0",
  system: "Debian GNU/Linux 12",
  node: "v20.20.0",
  versions: { "Open vSwitch": "3.1.0" },
  load: 0.1,
};

export function observation(cpu: Readonly<Record<string, number>>, drops = 0): Observation {
  const wire = { frames: 1000, bytes: 1_000_000, lost: 10, queueFull: 0 };
  return {
    seconds: 10,
    wire,
    back: wire,
    emulator: { drops, p99: 1.25, latest: 4 },
    siteDrops: { port: 0, socket: 0 },
    cpu,
    machine: { busy: 5, stolen: 0 },
  };
}

export function trial(share: number, drops = 0): Trial {
  return {
    figures: { mbit: share * 94.05, share },
    observation: observation({ "plugin a": 10 * share }, drops),
  };
}

/** The matrix' own cell, with three trials of ours, one of bbr, and a rival that could not be run. */
export const result: BenchResult = {
  bench: "matrix",
  quick: true,
  repeats: 3,
  complete: true,
  machine,
  conditions: ["Everything on two cores."],
  ways: { "ovs-tpo": "through ovs-tpo", bbr: "direct TCP", ssh: "a tunnel" },
  cells: [
    {
      cell: "100mbit 100ms 1%",
      wan: { ...defaultWan, loss: "1%" },
      parameters: { loss: 0.01, ceiling: 94.05 },
      ways: [
        { way: "ovs-tpo", trials: [trial(0.98), trial(0.96), trial(1.0, 3)], failures: [] },
        { way: "bbr", trials: [trial(0.9)], failures: ["the load ended with 1"] },
        { way: "ssh", trials: [], failures: ["sshd is not installed"] },
      ],
    },
  ],
};

/** A bench without cells of its own, for what is shown of results. */
export const bench: Bench = {
  name: "sample",
  title: "A sample",
  summary: "Nothing is measured.",
  columns: [
    { figure: "mbit", title: "Mbit/s" },
    { figure: "share", title: "of the ceiling", share: true },
    { figure: "absent", title: "never seen" },
  ],
  chart: { figure: "share", title: "share", marks: [0.97] },
  cells: () => [],
  judge: () => [],
};
