import type { Spec } from "vega";
import type { Bench, ChartPlan } from "../bench.js";
import type { BenchResult } from "../result.js";
import { mean } from "../statistics.js";
import { summarize } from "../summary.js";

const WIDTH = 560;
const DOT_ROW = 11;
const CELL_GAP = 10;

/** Told apart by eyes that see less colour as well (Okabe and Ito), ours first. */
const colours: Readonly<Record<string, string>> = {
  "ovs-tpo": "#009e73",
  cubic: "#d55e00",
  bbr: "#0072b2",
  split: "#56b4e9",
  kcptun: "#cc79a7",
  "kcptun-default": "#e69f00",
  ssh: "#666666",
};
const OTHER_COLOURS = ["#009e73", "#0072b2", "#d55e00", "#cc79a7"] as const;

/** A way's figure in a cell. */
export interface Dot {
  readonly cell: string;
  readonly way: string;
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
  /** In pixels from the chart's upper edge. */
  readonly y: number;
}

/** A bench's chart as SVG; undefined where it has none, or nothing to show. */
export async function renderChart(bench: Bench, result: BenchResult): Promise<string | undefined> {
  if (bench.chart === undefined) return undefined;
  const dots = chartDots(bench, bench.chart, result);
  if (dots.length === 0) return undefined;
  const { parse, View } = await import("vega"); // only who draws needs it
  const view = new View(parse(chartSpec(bench, bench.chart, dots)), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

export function chartDots(bench: Bench, { figure }: ChartPlan, { cells }: BenchResult): Dot[] {
  const scale = bench.columns.find((column) => column.figure === figure)?.share === true ? 100 : 1;
  let y = 0;
  return cells.flatMap(({ cell, ways }) => {
    const shown = ways.flatMap((way) => {
      const spread = summarize(way, figure);
      return spread === undefined ? [] : [{ way: way.way, spread }];
    });
    if (shown.length === 0) return [];
    const top = y;
    y += shown.length * DOT_ROW + CELL_GAP;
    return shown.map(({ way, spread }, index) => ({
      cell,
      way,
      median: spread.median * scale,
      least: spread.least * scale,
      greatest: spread.greatest * scale,
      y: top + CELL_GAP / 2 + (index + 0.5) * DOT_ROW,
    }));
  });
}

/** A row for each cell, in it a dot for each way, with a line from the least to the greatest. */
function chartSpec(bench: Bench, plan: ChartPlan, dots: readonly Dot[]): Spec {
  const { title, logarithmic = false, marks = [] } = plan;
  const cells = [...new Set(dots.map(({ cell }) => cell))];
  const ways = [...new Set(dots.map(({ way }) => way))];
  const middles = cells.map((cell) => mean(dots.filter((dot) => dot.cell === cell).map(({ y }) => y)));
  const height = Math.max(...dots.map(({ y }) => y)) + (DOT_ROW + CELL_GAP) / 2;
  const firsts = cells.slice(1).map((cell) => dots.find((dot) => dot.cell === cell)!.y);
  const scale = bench.columns.find((column) => column.figure === plan.figure)?.share === true ? 100 : 1;
  const values = [
    ...dots.flatMap(({ least, greatest }) => [least, greatest]),
    ...marks.map((mark) => mark * scale),
  ];
  const domain = logarithmic
    ? [Math.min(...values) * 0.9, Math.max(...values) * 1.1]
    : [0, Math.max(...values) * 1.02];
  const place = { field: "y" } as const;
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    width: WIDTH,
    height,
    padding: 8,
    background: "white",
    title: { text: bench.title, anchor: "start" },
    data: [
      { name: "dots", values: [...dots] },
      { name: "lines", values: firsts.map((y) => ({ y: y - (DOT_ROW + CELL_GAP) / 2 })) },
      { name: "marks", values: marks.map((mark) => ({ at: mark * scale })) },
    ],
    scales: [
      { name: "value", type: logarithmic ? "log" : "linear", domain, range: "width", nice: !logarithmic },
      { name: "cell", type: "ordinal", domain: cells, range: middles },
      {
        name: "way",
        type: "ordinal",
        domain: ways,
        range: ways.map((way, index) => colours[way] ?? OTHER_COLOURS[index % OTHER_COLOURS.length]!),
      },
    ],
    axes: [
      { orient: "bottom", scale: "value", title, grid: true, tickCount: 8 },
      { orient: "left", scale: "cell", labelLimit: 260, ticks: false, domain: false, labelPadding: 6 },
    ],
    legends: [{ fill: "way", orient: "top", direction: "horizontal", symbolType: "circle" }],
    marks: [
      {
        type: "rule",
        from: { data: "lines" },
        encode: {
          enter: { x: { value: 0 }, x2: { value: WIDTH }, y: { field: "y" }, stroke: { value: "#e4e4e4" } },
        },
      },
      {
        type: "rule",
        from: { data: "marks" },
        encode: {
          enter: {
            x: { scale: "value", field: "at" },
            y: { value: 0 },
            y2: { value: height },
            stroke: { value: "#888" },
            strokeDash: { value: [4, 3] },
          },
        },
      },
      {
        type: "rule",
        from: { data: "dots" },
        encode: {
          enter: {
            x: { scale: "value", field: "least" },
            x2: { scale: "value", field: "greatest" },
            y: place,
            stroke: { scale: "way", field: "way" },
            strokeWidth: { value: 2 },
          },
        },
      },
      {
        type: "symbol",
        from: { data: "dots" },
        encode: {
          enter: {
            x: { scale: "value", field: "median" },
            y: place,
            size: { value: 50 },
            fill: { scale: "way", field: "way" },
          },
        },
      },
    ],
  };
}
