import { defaultWan } from "../../wan/settings.js";
import type { Bench, Cell } from "../bench.js";
import { figure } from "../summary.js";
import { bulkFigures, onWay } from "../way.js";

const LIMIT = 40e6;
/** A frame's Ethernet header; the mover's rate counts IP packets. */
const ETHERNET_BYTES = 14;

export const ceiling: Bench = {
  name: "ceiling",
  title: "A rate that is configured",
  summary:
    "One download over 100 Mbit/s with a ceiling of 40 Mbit/s (`rate_limit`), and where the mover can with a fixed rate of it. The rate is that of whole IP packets as they enter the WAN, resent ones and all.",
  columns: [
    { figure: "wire_mbit", title: "at the wire, Mbit/s", decimals: 3 },
    { figure: "of_limit", title: "of the configured", share: true },
    { figure: "mbit", title: "goodput, Mbit/s" },
  ],
  cells: ({ quick }) =>
    (["capped", "fixed"] as const).flatMap((mode) =>
      (quick ? ["1%"] : ["0%", "1%", "5%"]).map((loss) => cell(quick, mode, loss)),
    ),
  judge(cell) {
    const share = figure(cell, "ovs-tpo", "of_limit");
    if (share === undefined) return [];
    return [
      {
        wanted: "within 1 % of the configured rate",
        found: `${((share - 1) * 100).toFixed(2)} %`,
        reached: Math.abs(share - 1) <= 0.01,
      },
    ];
  },
};

function cell(quick: boolean, mode: "capped" | "fixed", loss: string): Cell {
  const wan = { ...defaultWan, loss };
  const mover = { ...(mode === "fixed" ? { rate: "fixed" } : {}), rate_limit: `${LIMIT / 1e6}mbit` };
  const seconds = quick ? 8 : 20;
  return {
    name: `${mode} 40mbit, ${loss}`,
    wan,
    parameters: { limit: LIMIT, mode },
    ways: ["ovs-tpo"],
    seconds: 6 + seconds,
    trial: async (ground) => {
      const outcome = await onWay(ground, { wan, plugins: { all: { mover } } }, "ovs-tpo", (way) =>
        way.bulk({ startUp: 5, seconds }),
      );
      const { bytes, frames } = outcome.observation.wire;
      const wire = ((bytes - ETHERNET_BYTES * frames) * 8) / outcome.observation.seconds;
      return {
        figures: { ...bulkFigures(outcome), wire_mbit: wire / 1e6, of_limit: wire / LIMIT },
        observation: outcome.observation,
      };
    },
  };
}
