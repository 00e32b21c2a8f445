import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import type { ContenderName } from "../contender.js";
import type { BulkTask } from "../load/task.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay, sum } from "../way.js";

const OTHERS = [
  ["cubic", 1],
  ["cubic", 4],
  ["bbr", 1],
  ["bbr", 4],
] as const;
const WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr", "cubic"];
/** The others are there first. */
const AHEAD_SECONDS = 3;

export const fairness: Bench = {
  name: "fairness",
  title: "Beside direct connections on the same link",
  summary:
    "One download, that joins one or four direct ones of other hosts which have begun 3 s before. The fair share is C × 0.95 divided by the number of all. " +
    "Beside ovs-tpo stand one connection of bbr and one of cubic in its place: so much the kernel's own take there.",
  columns: [
    { figure: "of_fair", title: "of its fair share", decimals: 2 },
    { figure: "mbit", title: "Mbit/s" },
    { figure: "others_mbit", title: "the others, Mbit/s" },
    { figure: "queue_ms", title: "queue, ms" },
  ],
  chart: { figure: "of_fair", title: "× its fair share", logarithmic: true, marks: [0.5, 2] },
  cells: ({ quick }) => OTHERS.map(([other, count]) => cell(quick, other, count)),
  judge(cell) {
    const share = figure(cell, "ovs-tpo", "of_fair");
    if (share === undefined) return [];
    const wanted = "between half and twice the fair share";
    return [{ wanted, found: `${share.toFixed(2)} ×`, reached: share >= 0.5 && share <= 2 }];
  },
};

function cell(quick: boolean, other: "cubic" | "bbr", count: number): Cell {
  const wan = { ...defaultWan, rtt: "50ms" };
  const startUp = quick ? 5 : 10;
  const seconds = quick ? 8 : 30;
  return {
    name: `against ${count} ${other}`,
    wan,
    parameters: { count, other },
    ways: quick ? ["ovs-tpo", "bbr"] : WAYS,
    seconds: AHEAD_SECONDS + startUp + seconds + 1,
    trial: (ground, name) =>
      onWay(ground, { wan }, name as ContenderName, async (way) => {
        const rivals = way.beside(other);
        const load = rivals.start<BulkTask>({
          kind: "bulk",
          connections: count,
          payload: "random",
          startUp: AHEAD_SECONDS + startUp,
          seconds,
        });
        await new Promise((resolve) => setTimeout(resolve, AHEAD_SECONDS * 1000));
        const own = await way.bulk({ startUp, seconds });
        const { bytes, seconds: lasted } = await load.report;
        return {
          figures: {
            ...bulkFigures(own),
            of_fair: own.rate / ((100e6 * 0.95) / (count + 1)),
            others_mbit: (sum(bytes) * 8) / lasted / 1e6,
          },
          observation: own.observation,
        };
      }),
  };
}
