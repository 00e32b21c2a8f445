import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell, Verdict } from "../bench.js";
import type { ContenderName } from "../contender.js";
import { type PayloadName, payload, payloadNames } from "../load/payload.js";
import { packetDriverCost } from "../packet-driver-round.js";
import type { CellResult } from "../result.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay } from "../way.js";

const RATE = 100e6;
const DRIVER_BYTES = 400e6;
const WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr", "kcptun-default"];
const QUICK_WAYS: readonly ContenderName[] = ["ovs-tpo", "bbr"];

export const compress: Bench = {
  name: "compress",
  title: "What compresses, and what does not",
  summary:
    "One download without end of a server's journal (log), of the project's own sources and pages (text), and of random bytes. " +
    "The packet driver alone, in one thread and without a network: bytes of messages for each second of processor time, with LZ4 and without, and what is handed to the mover for each byte.",
  columns: [
    { figure: "mbit", title: "Mbit/s" },
    { figure: "of_c", title: "× C", decimals: 2 },
    { figure: "wire_per_byte", title: "wire/byte", decimals: 3 },
    { figure: "cpu_per_gb", title: "CPU s/GB" },
    { figure: "send_mb", title: "send, MB/CPU s", decimals: 0 },
    { figure: "receive_mb", title: "receive, MB/CPU s", decimals: 0 },
    { figure: "size", title: "buffers/byte", decimals: 4 },
  ],
  chart: { figure: "mbit", title: "goodput, Mbit/s" },
  cells: ({ quick }) => [
    ...payloadNames.flatMap((name) =>
      (quick ? ["0%"] : ["0%", "1%"]).map((loss) => overWan(quick, name, loss)),
    ),
    ...payloadNames.map(alone),
  ],
  judge(cell, all) {
    const ofC = figure(cell, "ovs-tpo", "of_c");
    if (ofC !== undefined && cell.parameters["payload"] !== "random") {
      return [{ wanted: "2.5 C", found: `${ofC.toFixed(2)} C`, reached: ofC >= 2.5 }];
    }
    return cell.parameters["alone"] === "random" ? randomData(cell, all) : [];
  },
};

function overWan(quick: boolean, name: PayloadName, loss: string): Cell {
  const wan = { ...defaultWan, loss };
  const seconds = quick ? 5 : 12;
  return {
    name: `${name}, ${loss}`,
    wan,
    parameters: { payload: name },
    ways: quick ? QUICK_WAYS : WAYS,
    seconds: 4 + seconds + 1,
    trial: async (ground, way) => {
      const outcome = await onWay(ground, { wan }, way as ContenderName, (open) =>
        open.bulk({ startUp: 4, seconds, payload: name }),
      );
      return {
        figures: { ...bulkFigures(outcome), of_c: outcome.rate / RATE },
        observation: outcome.observation,
      };
    },
  };
}

function alone(name: PayloadName): Cell {
  return {
    name: `packet driver alone, ${name}`,
    parameters: { alone: name },
    ways: ["with LZ4", "without"],
    seconds: 3,
    trial: async (_, way) => {
      const { send, receive, size } = packetDriverCost(payload(name), DRIVER_BYTES, way === "with LZ4");
      return { figures: { send_mb: send / 1e6, receive_mb: receive / 1e6, size } };
    },
  };
}

/** What the attempt costs, of all that a byte costs at both ends. */
function randomData(cell: CellResult, all: readonly CellResult[]): Verdict[] {
  const [tried, untried] = ["with LZ4", "without"].map((way) => figure(cell, way, "send_mb"));
  const [size, plain] = ["with LZ4", "without"].map((way) => figure(cell, way, "size"));
  const carried = all.find(({ parameters }) => parameters["payload"] === "random");
  const whole = carried === undefined ? undefined : figure(carried, "ovs-tpo", "cpu_per_gb");
  const grown =
    size === undefined || plain === undefined
      ? []
      : [
          {
            wanted: "random data no larger on the wire",
            found: `${((size / plain - 1) * 100).toFixed(3)} %`,
            reached: size <= plain * 1.0001,
          },
        ];
  if (tried === undefined || untried === undefined || whole === undefined) return grown;
  const share = (1e3 / tried - 1e3 / untried) / whole;
  return [
    {
      wanted: "random data costs at most 2 % of the processor time",
      found: `${(share * 100).toFixed(1)} %`,
      reached: share <= 0.02,
    },
    ...grown,
  ];
}
