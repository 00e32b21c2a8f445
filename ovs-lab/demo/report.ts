import { parseRate } from "../units.js";
import type { WanSettings } from "../wan/settings.js";
import { type Chart, chartColours } from "./chart.js";
import { descriptions } from "./corpus.js";
import { type FileName, label } from "./plan.js";
import { NAME_WIDTH } from "./progress.js";
import { digits, megabits, megabytes } from "./quantity.js";
import type { Check, Run } from "./result.js";
import { throughput } from "./series.js";
import type { Style } from "./style.js";
import { renderTable } from "./table.js";

/** Seconds over which the chart's rates are taken. */
const CHART_WINDOW = 1;

/** "100 Mbit/s, RTT 100 ms, loss 1 % each way, queue 1 BDP", from the lab's own way of writing. */
export function conditions({ rate, rtt, loss, queue }: WanSettings): string {
  const spaced = (text: string) => text.replace(/([\d.])\s*(?=[a-z%])/i, "$1 ");
  const bits = parseRate("rate", rate);
  const link = bits === undefined ? "unlimited" : megabits(bits);
  return `${link}, RTT ${spaced(rtt)}, loss ${spaced(loss)} each way, queue ${spaced(queue).replace("bdp", "BDP")}`;
}

/** What the newcomer sees first: where everything is. */
export function picture(wan: WanSettings, { bold, dim }: Style): string[] {
  return [
    "  client ── switch ── router ════════ WAN ════════ router ── switch ── server",
    "               │                                                │",
    `            ${bold("ovs-tpo")} ${dim("─ ─ ─ ─ ─  the data mover, UDP  ─ ─ ─ ─ ─")} ${bold("ovs-tpo")}`,
    "",
    `  ${conditions(wan)}`,
  ];
}

/** A run that has just ended, in one line. */
export function outcome(run: Run): string {
  const { bytes, seconds, stopped, mbit_s } = run;
  const ended = stopped ? `in ${digits(seconds)} s, stopped` : `in ${digits(seconds)} s`;
  return `${nameOf(run).padEnd(NAME_WIDTH)}  ${megabits(mbit_s * 1e6).padStart(12)}   ${megabytes(bytes)} ${ended}`;
}

/** The runs as a table, the files apart. */
export function resultTable(runs: readonly Run[], { bold, good, bad }: Style): string[] {
  const header = ["", "time", "received", "Mbit/s", "× cubic", "× bbr", "SHA-256"];
  const alignments = ["left", "right", "right", "right", "right", "right", "left"] as const;
  // TCP takes no notice of what it carries: a file without a direct run of its own is compared with another's.
  const reference = (file: FileName, wanted: string) => {
    const candidates = runs.filter(
      (run) => run.path === "direct" && run.congestion_control_wanted === wanted,
    );
    return candidates.find((run) => run.file === file) ?? candidates[0];
  };
  const ratio = (run: Run, wanted: string) => {
    const against = reference(run.file, wanted);
    return against === undefined || against.mbit_s === 0 ? "" : digits(run.mbit_s / against.mbit_s);
  };
  const rows = (["data", "text"] as const).flatMap((file) => {
    const ofFile = runs.filter((run) => run.file === file);
    if (ofFile.length === 0) return [];
    return [
      `${descriptions[file]}, ${megabytes(ofFile[0]!.size)}`,
      ...ofFile.map((run) => [
        `  ${nameOf(run)}`,
        `${digits(run.seconds)} s`,
        megabytes(run.bytes),
        digits(run.mbit_s),
        ratio(run, "cubic"),
        ratio(run, "bbr"),
        `${run.sha256 === run.sha256_expected ? "equal" : "DIFFERS"}${run.stopped ? ", stopped" : ""}`,
      ]),
    ];
  });
  return renderTable(header, alignments, rows).map((line) => {
    const judged = line.replace("equal", good("equal")).replace("DIFFERS", bad("DIFFERS"));
    return line.includes("through ovs-tpo") ? bold(judged) : judged;
  });
}

export function checkLines(checks: readonly Check[], { good, bad }: Style): string[] {
  return checks.map(({ passed, finding }) => `${passed ? good("✓") : bad("✗")} ${finding}`);
}

export function throughputChart(runs: readonly Run[], wan: WanSettings): Chart {
  return {
    title: "One download over a long link that loses frames",
    subtitle: conditions(wan),
    limit: parseRate("rate", wan.rate),
    lines: runs.map((run) => ({
      label: `${nameOf(run)}: ${megabits(run.mbit_s * 1e6)} (${descriptions[run.file]}${run.stopped ? ", stopped" : ""})`,
      points: throughput(run.samples, CHART_WINDOW),
      colour: run.path === "ovs-tpo" ? chartColours.optimized : chartColours[run.congestion_control_wanted],
      dashed: run.file === "text",
    })),
  };
}

function nameOf({ path, congestion_control_wanted }: Run): string {
  return label({ path, congestionControl: congestion_control_wanted });
}
