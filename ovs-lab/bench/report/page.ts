import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Bench } from "../bench.js";
import { benches } from "../benches/all.js";
import { BenchError } from "../error.js";
import type { BenchResult, Machine, ResultFile } from "../result.js";
import { renderChart } from "./chart.js";
import { besideDemo } from "./demo.js";
import { markdownTable } from "./markdown.js";
import { processorTable } from "./processors.js";
import { resultTable } from "./table.js";

const DOCS = fileURLToPath(new URL("../../../../docs", import.meta.url));

/** Of one minute, before the bench begins; the making of the build is over by then. */
const BUSY_LOAD = 1;

/** Of several results of one cell, the last. @throws BenchError `RESULT_UNREADABLE` */
export function readResults(paths: readonly string[]): BenchResult[] {
  const results = new Map<string, BenchResult>();
  for (const path of paths) {
    try {
      const file = JSON.parse(readFileSync(path, "utf8")) as ResultFile;
      for (const result of file.results) results.set(result.bench, merged(results.get(result.bench), result));
    } catch (cause) {
      const { message } = cause as Error;
      throw new BenchError("RESULT_UNREADABLE", `${path} holds no results: ${message}`, { cause });
    }
  }
  return [...results.values()];
}

function merged(former: BenchResult | undefined, later: BenchResult): BenchResult {
  if (former === undefined || former.quick !== later.quick) return later;
  const cells = new Map([...former.cells, ...later.cells].map((cell) => [cell.cell, cell]));
  return { ...later, complete: former.complete && later.complete, cells: [...cells.values()] };
}

/** Writes the page and its charts. @param folder the project's docs, unless told otherwise @returns what was written */
export async function writeDocs(results: readonly BenchResult[], folder = DOCS): Promise<string[]> {
  const written: string[] = [];
  const charts = new Map<string, string>();
  for (const { bench, result } of ordered(results)) {
    const svg = await renderChart(bench, result);
    if (svg === undefined) continue;
    const name = `benchmarks-${bench.name}.svg`;
    charts.set(bench.name, name);
    written.push(save(`${folder}/${name}`, svg));
  }
  written.push(save(`${folder}/benchmarks.md`, page(results, charts)));
  return written;
}

/** @param charts the files' names by the bench's */
export function page(
  results: readonly BenchResult[],
  charts: ReadonlyMap<string, string> = new Map(),
): string {
  const parts = ordered(results).map(({ bench, result }) => section(bench, result, charts.get(bench.name)));
  return [...introduction(results), ...parts.flat()].join("\n");
}

function ordered(results: readonly BenchResult[]): { bench: Bench; result: BenchResult }[] {
  return benches.flatMap((bench) => {
    const result = results.find((result) => result.bench === bench.name);
    return result === undefined ? [] : [{ bench, result }];
  });
}

function introduction(results: readonly BenchResult[]): string[] {
  const machines = [...new Set(results.map(({ machine }) => machineText(machine)))];
  const load = Math.max(...results.map(({ machine }) => machine.load));
  const busy =
    load < BUSY_LOAD
      ? "Nothing else ran."
      : `Other work took the processors as well (load average ${load.toFixed(1)} before the bench began): figures are of a busy machine.`;
  const conditions = [...new Set(results.flatMap(({ conditions }) => conditions))];
  const ways = Object.entries(
    Object.assign({}, ...results.map(({ ways }) => ways)) as Record<string, string>,
  );
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench -- all --docs`, not by hand. `npm run bench -- help` tells what there is; `--quick` takes 20 minutes, an hour with `--repeats 3`, all of it some hours. All ways of one cell were measured in one run, by turns. Figures are medians, with the least and the greatest in brackets where there were several trials.",
    "",
    ...machines.map((machine) => `- ${machine} ${busy}`),
    ...conditions.map((condition) => `- ${condition}`),
    "- The emulator's own limit is in the columns at the right: how late frames were delivered (99 % of them; at idle 0.2 ms), and what it, not the WAN that it emulates, dropped. A row with much of either shows the machine and not the way.",
    "",
    "| way | |",
    "|---|---|",
    ...ways.map(([name, description]) => `| ${name} | ${description} |`),
    "",
  ];
}

/** Without a date: what matters is what it ran on. */
export function machineText({ processor, cores, memory, kernel, system, node, versions }: Machine): string {
  const programs = Object.entries({ "Node.js": node, ...versions }).map(
    ([name, version]) => `${name} ${version}`,
  );
  return `${cores} cores (${processor}), ${(memory / 2 ** 30).toFixed(0)} GB, ${system}, Linux ${kernel}, ${programs.join(", ")}.`;
}

/** In words. Cells that were measured in runs of their own may have more or fewer trials than the others. */
function trialsOf({ cells, repeats }: BenchResult): string {
  const numbers = cells.flatMap(({ ways }) =>
    ways.map(({ trials, failures }) => trials.length + failures.length),
  );
  const [least, most] = [Math.min(repeats, ...numbers), Math.max(...numbers)];
  if (least < most) return `${least} to ${most} trials`;
  return repeats === 1 ? "one trial" : `${repeats} trials`;
}

function section(bench: Bench, result: BenchResult, chart: string | undefined): string[] {
  const verdicts = result.cells.flatMap((cell) =>
    bench
      .judge(cell, result.cells)
      .map(({ wanted, found, reached }) => [cell.cell, wanted, found, reached ? "yes" : "**no**"]),
  );
  const failures = result.cells.flatMap(({ cell, ways }) =>
    ways.flatMap(({ way, failures }) => failures.map((reason) => `- ${cell}, ${way}: ${reason}`)),
  );
  const windows = result.quick ? "short windows (`--quick`)" : "full windows";
  const times = trialsOf(result);
  const processors = processorTable(result);
  const demo = besideDemo(result);
  return [
    `## ${bench.title}`,
    "",
    `\`npm run bench -- ${bench.name}\`: ${times} of each, ${windows}${result.complete ? "" : "; interrupted, what is missing was not measured"}. ${bench.summary}`,
    "",
    ...(chart === undefined ? [] : [`![${bench.title}](${chart})`, ""]),
    ...markdownTable(resultTable(bench, result)),
    "",
    ...(verdicts.length === 0
      ? []
      : [
          "Of ovs-tpo is wanted:",
          "",
          ...markdownTable({ header: ["", "wanted", "found", "reached"], rows: verdicts }, 4),
          "",
        ]),
    ...(demo === undefined ? [] : [demo, ""]),
    ...(failures.length === 0 ? [] : ["What failed, or could not be run:", "", ...failures, ""]),
    ...(processors === undefined
      ? []
      : [
          "<details><summary>Processor seconds within the window, by process</summary>",
          "",
          ...markdownTable(processors),
          "",
          "</details>",
          "",
        ]),
  ];
}

function save(path: string, text: string): string {
  try {
    writeFileSync(path, text);
    return path;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new BenchError("OUTPUT", `${path} cannot be written (${code})`, { cause });
  }
}
