import { defaultWan, type WanSettings } from "../../wan/settings.js";
import type { Bench, Cell, Verdict } from "../bench.js";
import { ceilingOf, lossOf } from "../ceiling.js";
import { type ContenderName, contenderNames } from "../contender.js";
import type { CellResult } from "../result.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay } from "../way.js";

const RTTS = ["20ms", "100ms", "200ms", "600ms"] as const;
const LOSSES = ["0%", "0.1%", "1%", "2%", "5%", "10%"] as const;
const BURSTS = ["1%:5", "5%:5"] as const;

/** In every cell; the rest is in one. */
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr"];
const QUICK_CELLS: readonly (readonly [rtt: string, loss: string, burst: string])[] = [
  ["100ms", "1%", "0%"],
  ["20ms", "1%", "0%"],
  ["100ms", "0%", "0%"],
  ["100ms", "5%", "0%"],
  ["100ms", "10%", "0%"],
  ["100ms", "0%", "5%:5"],
  ["200ms", "2%", "0%"],
  ["600ms", "1%", "0%"],
];

export const matrix: Bench = {
  name: "matrix",
  title: "One connection over a long link that loses",
  summary:
    "One download without end of data that does not compress. Goodput is what the client has got after start-up, and its share that of the ceiling, C × 0.95 × (1 − p). The emulator drops what is lost before its queue, so that a way that keeps the queue full can pass the ceiling. " +
    "The queue is what pings from router to router take longer than the idle way; sent/needed are the mover's datagrams, all to those sent for the first time. " +
    "Lost in the sites are packets that the switch took too late from a plugin, or a plugin from its socket: then it is the machine that is too slow. The last cell has no rate, no delay and no loss: it shows what the lab itself can carry here.",
  columns: [
    { figure: "mbit", title: "Mbit/s" },
    { figure: "share", title: "of the ceiling", share: true },
    { figure: "queue_ms", title: "queue, ms" },
    { figure: "sent_per_needed", title: "sent/needed", decimals: 3 },
    { figure: "spurious", title: "spurious", share: true },
    { figure: "site_drops", title: "lost in the sites", decimals: 0 },
    { figure: "cpu_per_gb", title: "CPU s/GB" },
    { figure: "machine_per_gb", title: "machine s/GB" },
  ],
  chart: { figure: "share", title: "goodput, % of the ceiling", marks: [0.97] },
  cells({ quick }) {
    const faster = ["300mbit", "1gbit"].map((rate) => cell(quick, { rate, rtt: "100ms", loss: "1%" }));
    const free = cell(quick, { rate: "unlimited", rtt: "0ms", queue: "unlimited" });
    if (quick) {
      const cells = QUICK_CELLS.map(([rtt, loss, burstLoss]) => cell(quick, { rtt, loss, burstLoss }));
      return [...cells, ...faster, free];
    }
    const random = RTTS.flatMap((rtt) => LOSSES.map((loss) => cell(quick, { rtt, loss })));
    const bursts = RTTS.flatMap((rtt) => BURSTS.map((burstLoss) => cell(quick, { rtt, burstLoss })));
    return [...random, ...bursts, ...faster, free];
  },
  judge(cell) {
    const share = figure(cell, "ovs-tpo", "share");
    if (share === undefined || Number.isNaN(share)) return [];
    const wanted = { "300mbit": 0.95, "1gbit": 0.85 }[`${cell.wan!.rate}`] ?? 0.97;
    return [
      {
        wanted: `${wanted} of the ceiling`,
        found: share.toFixed(3),
        reached: share >= wanted,
      },
      ...besideBbr(cell),
      ...besideCubic(cell),
      ...redundancy(cell),
    ];
  },
};

function cell(quick: boolean, changes: Partial<WanSettings>): Cell {
  const wan = { ...defaultWan, ...changes };
  const { rate, rtt } = wan;
  const isHard = rate !== "100mbit";
  const isShown = rate === "100mbit" && rtt === "100ms" && wan.loss === "1%";
  const isLong = rtt === "600ms";
  // Slow ways need no long window for their rate, but long paths need time to start. And what is lost there comes two or
  // three seconds later, with all that waits for it: a short window would show how much of that it has caught.
  const startUp = isLong ? 10 : quick ? 4 : 6;
  const seconds = (quick ? 5 : 10) * (isLong ? 3 : 1);
  return {
    name: cellName(wan),
    wan,
    parameters: { loss: lossOf(wan), ceiling: ceilingOf(wan) / 1e6 },
    ways: !quick || isShown ? contenderNames : isHard ? [...QUICK_WAYS, "split"] : QUICK_WAYS,
    seconds: startUp + seconds + 1,
    async trial(ground, way) {
      const outcome = await onWay(ground, { wan }, way as ContenderName, (open) =>
        open.bulk({ startUp, seconds }),
      );
      return {
        figures: { ...bulkFigures(outcome), share: outcome.rate / ceilingOf(wan) },
        observation: outcome.observation,
      };
    },
  };
}

/** "100mbit 100ms 1%". */
export function cellName({ rate, rtt, loss, burstLoss, queue }: WanSettings): string {
  const bursts = burstLoss === "0%" ? [] : [`bursts ${burstLoss}`];
  const frames = loss === "0%" && bursts.length > 0 ? [] : [loss];
  return [
    rate,
    rtt,
    ...frames,
    ...bursts,
    ...(queue === "1bdp" || rate === "unlimited" ? [] : [`queue ${queue}`]),
  ].join(" ");
}

function besideBbr(cell: CellResult): Verdict[] {
  const [own, bbr] = [figure(cell, "ovs-tpo", "mbit"), figure(cell, "bbr", "mbit")];
  if (own === undefined || bbr === undefined) return [];
  const times = own / bbr;
  return [{ wanted: "never below direct bbr", found: `${times.toFixed(2)} ×`, reached: times >= 1 }];
}

function besideCubic(cell: CellResult): Verdict[] {
  const [own, cubic] = [figure(cell, "ovs-tpo", "mbit"), figure(cell, "cubic", "mbit")];
  const { rate, rtt, loss } = cell.wan!;
  if (own === undefined || cubic === undefined) return [];
  if (rate !== "100mbit" || rtt !== "100ms" || loss !== "1%") return [];
  const times = own / cubic;
  return [{ wanted: "75 × direct cubic", found: `${times.toFixed(0)} ×`, reached: times >= 75 }];
}

/** Without any knowledge of what will be lost, 1/(1 − p) is the least. */
function redundancy(cell: CellResult): Verdict[] {
  const sent = figure(cell, "ovs-tpo", "sent_per_needed");
  if (sent === undefined) return [];
  const limit = 1 / (1 - Number(cell.parameters["loss"])) + 0.01;
  return [
    {
      wanted: `at most 1/(1 − p) + 1 % sent, ${limit.toFixed(3)}`,
      found: sent.toFixed(3),
      reached: sent <= limit,
    },
  ];
}
