import type { PluginOverlays } from "../../options.js";
import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import { type ContenderName, SOURCE_PORT } from "../contender.js";
import type { OpenTask } from "../load/task.js";
import { SOURCE } from "../load-run.js";
import { observe } from "../observation.js";
import { Service } from "../service.js";
import { median, quantile } from "../statistics.js";
import { onWay } from "../way.js";

const CONFIRMED_PORT = SOURCE_PORT + 1;
const ONE_BY_ONE = 60;
const AT_ONCE = 64;

/** The way, and the port by which the look-up table tells it. */
const WAYS: Readonly<Record<string, readonly [contender: ContenderName, port: number]>> = {
  direct: ["cubic", SOURCE_PORT],
  "ovs-tpo, early": ["ovs-tpo", SOURCE_PORT],
  "ovs-tpo, confirmed": ["ovs-tpo", CONFIRMED_PORT],
};

const entry = {
  protocol: "tcp",
  source: "10.1.0.11",
  destination: "10.2.0.11",
  action: "optimize",
  peer: "b",
};
const plugins: PluginOverlays = {
  a: {
    table: [
      { ...entry, destination_port: SOURCE_PORT, accept: "early" },
      { ...entry, destination_port: CONFIRMED_PORT, accept: "confirmed" },
    ],
  },
};

export const setup: Bench = {
  name: "setup",
  title: "Setting connections up",
  summary: `Connections that ask for one byte and are closed once they have it: ${ONE_BY_ONE} one after the other, for their times, then ${AT_ONCE} at once for some seconds, for their number. Direct, accepted early, and confirmed by the far edge first. CPU is that of the daemons at the client's site for each connection.`,
  columns: [
    { figure: "connect_ms", title: "connect, ms", decimals: 1 },
    { figure: "first_byte_ms", title: "first byte, ms", decimals: 1 },
    { figure: "first_byte_p90_ms", title: "90 %, ms", decimals: 1 },
    { figure: "per_second", title: "connections/s", decimals: 0 },
    { figure: "failed", title: "failed", decimals: 0 },
    { figure: "plugin_ms", title: "plugin, CPU ms each" },
    { figure: "vswitchd_ms", title: "vswitchd, CPU ms each" },
  ],
  chart: { figure: "first_byte_ms", title: "first byte after, ms" },
  cells: ({ quick }) => ["1ms", "20ms"].map((rtt) => cell(quick, rtt)),
  judge: () => [],
};

function cell(quick: boolean, rtt: string): Cell {
  const wan = { ...defaultWan, rtt, rate: "unlimited", queue: "unlimited" };
  const seconds = quick ? 3 : 6;
  return {
    name: `RTT ${rtt}`,
    wan,
    parameters: {},
    ways: Object.keys(WAYS),
    seconds: seconds + 5,
    trial: (ground, name) => {
      const [contender, port] = WAYS[name]!;
      return onWay(ground, { wan, plugins }, contender, async (way) => {
        const { lab } = way;
        const argv = [process.execPath, SOURCE, `${CONFIRMED_PORT}`];
        const source = await Service.start({ lab, node: "b-host1", argv, listensOn: CONFIRMED_PORT });
        try {
          const seen = await observe(lab, []);
          const task = { kind: "open", oneByOne: ONE_BY_ONE, atOnce: AT_ONCE, seconds } as const;
          const report = await way.run<OpenTask>(task, port);
          const observation = await seen.end();
          const count = report.firstByte.length + report.perSecond * seconds;
          const each = (process: string) => ((observation.cpu[process] ?? 0) / count) * 1e3;
          return {
            figures: {
              connect_ms: median(report.connect),
              first_byte_ms: median(report.firstByte),
              first_byte_p90_ms: quantile(report.firstByte, 0.9),
              per_second: report.perSecond,
              failed: report.failed,
              plugin_ms: each("plugin a"),
              vswitchd_ms: each("vswitchd a"),
            },
            observation,
          };
        } finally {
          await source.stop();
        }
      });
    },
  };
}
