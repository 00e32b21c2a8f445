import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { axis, renderChart } from "../../ovs-lab/demo/chart.js";
import { throughputChart } from "../../ovs-lab/demo/report.js";
import { defaultWan } from "../../ovs-lab/index.js";
import { directRun, optimizedRun } from "./samples.js";

const chart = {
  title: "A & B",
  subtitle: "<conditions>",
  limit: 100e6,
  lines: [
    {
      label: "direct",
      colour: "#d1605e",
      points: [
        { seconds: 1, rate: 50e6 },
        { seconds: 2, rate: 100e6 },
      ],
    },
    { label: "optimized", colour: "#12a06f", dashed: true, points: [{ seconds: 4, rate: 200e6 }] },
  ],
};

/** Every tag opened is closed, in order; attributes are quoted; text holds no bare markup. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [tag, closing, name, attributes, alone] of xml.matchAll(/<(\/?)([a-z]+)([^<>]*?)(\/?)>/g)) {
    assert.match(attributes!, /^(\s+[\w:-]+="[^"<]*")*$/, tag);
    if (closing) assert.equal(open.pop(), name);
    else if (!alone) open.push(name!);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(xml.replaceAll(/<[^<>]*>/g, "").replaceAll(/&(amp|lt|gt|quot);/g, ""), /[<>&]/);
}

describe("chart", () => {
  it("is well-formed, and words in it are only words", () => {
    const svg = renderChart(chart);
    assertWellFormed(svg);
    assert.match(svg, />A &amp; B</);
    assert.match(svg, />&lt;conditions&gt;</);
  });

  it("has a curve and a legend for each line, the link, axes with their units", () => {
    const svg = renderChart(chart);
    assert.equal(svg.match(/class="curve"/g)!.length, 2 * chart.lines.length);
    for (const words of [">direct<", ">optimized<", ">the link<", ">Mbit/s<", ">seconds since"])
      assert.ok(svg.includes(words), words);
  });

  it("draws points to scale", () => {
    const svg = renderChart(chart);
    const curve = /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/
      .exec(svg)!
      .slice(1)
      .map(Number);
    const [x0, y0, x1, y1, x2, y2] = curve as [number, number, number, number, number, number];
    assert.ok(Math.abs(x2 - x0 - 2 * (x1 - x0)) < 0.2 && x1 > x0);
    assert.ok(Math.abs(y0 - y2 - 2 * (y0 - y1)) < 0.2 && y1 < y0);
  });

  it("keeps everything on the paper", () => {
    const svg = renderChart(chart);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!;
    for (const [, x, y] of svg.matchAll(/[ML]([\d.]+) ([\d.]+)/g)) {
      assert.ok(Number(x) <= Number(width) && Number(y) <= Number(height));
    }
  });

  it("follows a dark viewer", () => {
    assert.match(renderChart(chart), /prefers-color-scheme: dark/);
  });

  it("can be of nothing", () => {
    assertWellFormed(renderChart({ title: "", subtitle: "", lines: [] }));
  });

  it("shows runs by way and file", () => {
    const runs = [directRun("cubic", { stopped: true }), optimizedRun(), optimizedRun({ file: "text" })];
    const { lines, limit } = throughputChart(runs, defaultWan);
    assert.equal(limit, 100e6);
    assert.deepEqual(
      lines.map(({ label, dashed }) => [label, dashed]),
      [
        ["direct, cubic: 80.0 Mbit/s (a file that does not compress, stopped)", false],
        ["through ovs-tpo: 80.0 Mbit/s (a file that does not compress)", false],
        ["through ovs-tpo: 80.0 Mbit/s (a text file)", true],
      ],
    );
    assert.deepEqual(lines[0]!.points, [
      { seconds: 10, rate: 80e6 },
      { seconds: 20, rate: 80e6 },
    ]);
  });
});

describe("axis", () => {
  for (const [end, count, ticks] of [
    [10, 5, [0, 2, 4, 6, 8, 10]],
    [20.3, 8, [0, 5, 10, 15, 20]],
    [0.7, 5, [0, 0.2, 0.4, 0.6]],
    [1, 8, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [333, 5, [0, 100, 200, 300]],
  ] as const) {
    it(`up to ${end} has ticks at ${ticks.join(", ")}`, () => {
      assert.deepEqual(axis(end, count), { end, ticks });
    });
  }
});
