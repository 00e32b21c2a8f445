import { parseRate, parseTime } from "../../units.js";
import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import type { ContenderName } from "../contender.js";
import type { FetchTask } from "../load/task.js";
import { median, quantile } from "../statistics.js";
import { figure } from "../summary.js";
import { onWay } from "../way.js";

const SIZES = { "10 KB": 10e3, "100 KB": 100e3, "1 MB": 1e6, "10 MB": 10e6 } as const;
const LOSSES = ["0%", "1%"] as const;
const WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr", "split", "kcptun"];
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr"];
const TIMES_IDEAL = 1.25;
/** Seconds of download before, so that what has a session knows its path; and milliseconds of silence between. */
const WARM_SECONDS = 2.5;
const PAUSE = 300;

export const short: Bench = {
  name: "short",
  title: "Short downloads on a warm session",
  summary:
    "Downloads of one size, one after the other, each on a connection of its own, from its opening to the last byte; before them some seconds of bulk over the same way. " +
    "Ideal is one round trip and the size at C. A download that is not done after 4 times the ideal and 1 s is given up, and counts in none of the times.",
  columns: [
    { figure: "median_ms", title: "median, ms", decimals: 0 },
    { figure: "p90_ms", title: "90 %, ms", decimals: 0 },
    { figure: "times_ideal", title: "× ideal" },
    { figure: "given_up", title: "given up", decimals: 0 },
  ],
  chart: { figure: "times_ideal", title: "median time, × (RTT + size/C)", logarithmic: true, marks: [1.25] },
  cells: ({ quick }) =>
    LOSSES.flatMap((loss) => Object.entries(SIZES).map(([label, size]) => cell(quick, loss, label, size))),
  judge(cell) {
    const times = figure(cell, "ovs-tpo", "times_ideal");
    if (times === undefined) return [];
    const wanted = `at most ${TIMES_IDEAL} × (RTT + size/C)`;
    return [{ wanted, found: `${times.toFixed(2)} ×`, reached: times <= TIMES_IDEAL }];
  },
};

function cell(quick: boolean, loss: string, label: string, size: number): Cell {
  const wan = { ...defaultWan, loss };
  const ideal = parseTime("rtt", wan.rtt) / 1e6 + ((size * 8) / parseRate("rate", wan.rate)!) * 1e3;
  const few = size >= 10e6;
  const count = quick ? (few ? 3 : 6) : few ? 7 : 15;
  return {
    name: `${label}, ${loss}`,
    wan,
    parameters: { size, ideal_ms: ideal },
    ways: quick ? QUICK_WAYS : WAYS,
    seconds: WARM_SECONDS + 2 + (count * (1.5 * ideal + PAUSE)) / 1000,
    trial: (ground, name) =>
      onWay(ground, { wan }, name as ContenderName, async (way) => {
        await way.bulk({ startUp: WARM_SECONDS - 1, seconds: 1 });
        const { times, stopped } = await way.run<FetchTask>({
          kind: "fetch",
          size,
          payload: "random",
          count,
          pause: PAUSE,
          limit: 4 * ideal + 1000,
        });
        return {
          figures: {
            median_ms: median(times),
            p90_ms: quantile(times, 0.9),
            times_ideal: median(times) / ideal,
            given_up: stopped.length,
          },
        };
      }),
  };
}
