import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import type { ContenderName } from "../contender.js";
import { jain, median } from "../statistics.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay } from "../way.js";

const CONNECTIONS = 1000;
const WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr", "split", "kcptun"];
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr", "split"];

export const many: Bench = {
  name: "many",
  title: "A thousand connections at once",
  summary:
    "First one download, then 1,000 that begin together, without end and of data that does not compress. The rate is that of all together after start-up, of one is its share of what the single one had just before. " +
    "Jain's index is over the bytes that each connection got in the window: 1 is all the same. First byte is until half of the connections had theirs.",
  columns: [
    { figure: "one_mbit", title: "one, Mbit/s" },
    { figure: "mbit", title: "all, Mbit/s" },
    { figure: "of_one", title: "of one", share: true },
    { figure: "jain", title: "Jain", decimals: 3 },
    { figure: "first_byte_ms", title: "first byte, ms", decimals: 0 },
    { figure: "failed", title: "failed", decimals: 0 },
    { figure: "queue_ms", title: "queue, ms" },
    { figure: "cpu_per_gb", title: "CPU s/GB" },
  ],
  chart: { figure: "mbit", title: "all together, Mbit/s" },
  cells: ({ quick }) =>
    (quick ? ["0%"] : ["0%", "1%"]).map((loss): Cell => {
      const wan = { ...defaultWan, loss };
      const seconds = quick ? 8 : 15;
      const startUp = 6;
      return {
        name: `${CONNECTIONS} connections, ${loss}`,
        wan,
        parameters: { connections: CONNECTIONS },
        ways: quick ? QUICK_WAYS : WAYS,
        seconds: startUp + seconds + 10,
        trial: (ground, name) =>
          onWay(ground, { wan }, name as ContenderName, async (way) => {
            const one = await way.bulk({ startUp: 3, seconds: 4 });
            const all = await way.bulk({ startUp, seconds, connections: CONNECTIONS });
            return {
              figures: {
                ...bulkFigures(all),
                one_mbit: one.rate / 1e6,
                of_one: all.rate / one.rate,
                jain: jain(all.report.bytes),
                first_byte_ms: median(all.report.firstByte),
              },
              observation: all.observation,
            };
          }),
      };
    }),
  judge(cell) {
    const share = figure(cell, "ovs-tpo", "of_one");
    const evenness = figure(cell, "ovs-tpo", "jain");
    if (share === undefined) return [];
    return [
      { wanted: "0.95 of the one-connection rate", found: share.toFixed(3), reached: share >= 0.95 },
      {
        wanted: "Jain index 0.98",
        found: evenness === undefined ? "none" : evenness.toFixed(3),
        reached: (evenness ?? 0) >= 0.98,
      },
    ];
  },
};
