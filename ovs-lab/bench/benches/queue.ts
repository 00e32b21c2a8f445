import { parseTime } from "../../units.js";
import { defaultWan } from "../../wan/settings.js";
import type { Bench } from "../bench.js";
import type { ContenderName } from "../contender.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay } from "../way.js";

const WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr", "split"];
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr"];
const DEPTH = "4bdp";

export const queue: Bench = {
  name: "queue",
  title: "What it leaves in a deep queue",
  summary: `One download over a link whose queue holds four bandwidth-delay products. The queue is what pings from router to router take longer than the idle way; in BDP, of the round trip.`,
  columns: [
    { figure: "use", title: "of the ceiling", share: true },
    { figure: "queue_ms", title: "queue, ms" },
    { figure: "queue_p95_ms", title: "95 %, ms" },
    { figure: "queue_bdp", title: "queue, BDP", decimals: 2 },
  ],
  chart: { figure: "queue_bdp", title: "queue, bandwidth-delay products", marks: [0.25] },
  cells: ({ quick }) =>
    (quick ? ["100ms"] : ["20ms", "100ms", "200ms"]).map((rtt) => {
      const wan = { ...defaultWan, rtt, queue: DEPTH };
      const startUp = quick ? 8 : 12;
      const seconds = quick ? 8 : 30;
      return {
        name: `${rtt}, queue ${DEPTH}`,
        wan,
        parameters: { rtt_ms: parseTime("rtt", rtt) / 1e6 },
        ways: quick ? QUICK_WAYS : WAYS,
        seconds: startUp + seconds + 1,
        trial: async (ground, name) => {
          const outcome = await onWay(ground, { wan }, name as ContenderName, (way) =>
            way.bulk({ startUp, seconds }),
          );
          return {
            figures: {
              ...bulkFigures(outcome),
              use: outcome.rate / 95e6,
              queue_bdp: outcome.queue.median / (parseTime("rtt", rtt) / 1e6),
            },
            observation: outcome.observation,
          };
        },
      };
    }),
  judge(cell) {
    const added = figure(cell, "ovs-tpo", "queue_bdp");
    const use = figure(cell, "ovs-tpo", "use");
    if (added === undefined || use === undefined) return [];
    return [
      {
        wanted: "at most 0.25 BDP at 90 % use",
        found: `${added.toFixed(2)} BDP at ${(use * 100).toFixed(0)} %`,
        reached: added <= 0.25 && use >= 0.9,
      },
    ];
  },
};
