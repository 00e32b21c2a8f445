import { parseTime } from "../../units.js";
import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import type { ContenderName } from "../contender.js";
import type { ExchangeTask } from "../load/task.js";
import { median, quantile } from "../statistics.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay, sum } from "../way.js";

const BULK = 50;
const WAYS: readonly ContenderName[] = ["ovs-tpo", "cubic", "bbr", "split"];
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr"];
/** Between an answer and the next question. */
const PAUSE = 20;
const START_UP = 5;

const wan = { ...defaultWan, loss: "1%" };
const rtt = parseTime("rtt", wan.rtt) / 1e6;

export const mixed: Bench = {
  name: "mixed",
  title: "Questions and answers beside bulk, and a reader that stops",
  summary:
    `Over one connection 1 KB is asked and 1 KB answered, again and again, first alone and then beside ${BULK} downloads without end over the same way. ` +
    `The reader that stops: ${BULK} downloads, one of which is read no more from the middle of the window on; what the others get then, of what they got before.`,
  columns: [
    { figure: "idle_ms", title: "alone, ms" },
    { figure: "median_ms", title: "median, ms" },
    { figure: "p99_ms", title: "99 %, ms" },
    { figure: "answers", title: "answers", decimals: 0 },
    { figure: "others", title: "the others", share: true },
    { figure: "mbit", title: "bulk, Mbit/s" },
    { figure: "queue_ms", title: "queue, ms" },
    { figure: "failed", title: "failed", decimals: 0 },
  ],
  chart: { figure: "p99_ms", title: "99 % of answers within, ms", marks: [220] },
  cells: ({ quick }) => [questions(quick), stopped(quick)],
  judge(cell) {
    const middle = figure(cell, "ovs-tpo", "median_ms");
    const late = figure(cell, "ovs-tpo", "p99_ms");
    const others = figure(cell, "ovs-tpo", "others");
    return [
      ...(middle === undefined || late === undefined
        ? []
        : [
            {
              wanted: "median at most RTT + 15 ms",
              found: `RTT + ${(middle - rtt).toFixed(1)} ms`,
              reached: middle <= rtt + 15,
            },
            {
              wanted: "99 % within 2.2 RTT",
              found: `${(late / rtt).toFixed(2)} RTT`,
              reached: late <= 2.2 * rtt,
            },
          ]),
      ...(others === undefined
        ? []
        : [
            {
              wanted: "the others lose at most 1 %",
              found: `${(others * 100).toFixed(1)} %`,
              reached: others >= 0.99,
            },
          ]),
    ];
  },
};

function questions(quick: boolean): Cell {
  const seconds = quick ? 10 : 30;
  const idleSeconds = 3;
  return {
    name: `questions beside ${BULK}`,
    wan,
    parameters: { connections: BULK },
    ways: quick ? QUICK_WAYS : WAYS,
    seconds: START_UP + seconds + idleSeconds + 2,
    trial: (ground, name) =>
      onWay(ground, { wan }, name as ContenderName, async (way) => {
        const exchange = { kind: "exchange", pause: PAUSE } as const;
        const idle = await way.run<ExchangeTask>({ ...exchange, seconds: idleSeconds });
        const bulk = way.bulk({ startUp: START_UP, seconds, connections: BULK });
        bulk.catch(() => {}); // heard of below
        await new Promise((resolve) => setTimeout(resolve, START_UP * 1000));
        const { times } = await way.run<ExchangeTask>({ ...exchange, seconds: seconds - 1 });
        const outcome = await bulk;
        return {
          figures: {
            ...bulkFigures(outcome),
            idle_ms: median(idle.times),
            median_ms: median(times),
            p99_ms: quantile(times, 0.99),
            answers: times.length,
          },
          observation: outcome.observation,
        };
      }),
  };
}

function stopped(quick: boolean): Cell {
  const seconds = quick ? 10 : 30;
  return {
    name: `one of ${BULK} stops reading`,
    wan,
    parameters: { connections: BULK },
    ways: quick ? QUICK_WAYS : WAYS,
    seconds: START_UP + seconds + 1,
    trial: (ground, name) =>
      onWay(ground, { wan }, name as ContenderName, async (way) => {
        const outcome = await way.bulk({ startUp: START_UP, seconds, connections: BULK, stalled: 1 });
        const { bytes, firstHalf } = outcome.report;
        const before = sum(firstHalf.slice(1));
        const after = sum(bytes.slice(1)) - before;
        return {
          figures: { ...bulkFigures(outcome), others: after / before },
          observation: outcome.observation,
        };
      }),
  };
}
