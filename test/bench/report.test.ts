import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { chartDots, renderChart } from "../../ovs-lab/bench/report/chart.js";
import { besideDemo, demoFigure } from "../../ovs-lab/bench/report/demo.js";
import { resultLines } from "../../ovs-lab/bench/report/lines.js";
import { page, readResults, writeDocs } from "../../ovs-lab/bench/report/page.js";
import { processorTable } from "../../ovs-lab/bench/report/processors.js";
import { resultTable, spreadText } from "../../ovs-lab/bench/report/table.js";
import { bench, machine, result } from "./samples.js";

const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-bench-"));
after(() => rmSync(directory, { recursive: true }));

describe("the table", () => {
  const { header, rows } = resultTable(bench, result);

  it("has the columns of which anything is known, and the emulator's", () => {
    assert.deepEqual(header, ["", "way", "Mbit/s", "of the ceiling", "late, ms", "own drops"]);
  });

  it("has median, least and greatest, and the drops of all trials", () => {
    assert.deepEqual(rows[0], [
      "100mbit 100ms 1%",
      "ovs-tpo",
      "92.2 (90.3…94.0)",
      "98.0 % (96.0 %…100 %)",
      "1.3",
      "3",
    ]);
  });

  it("tells of trials that failed, and of ways that could not be run", () => {
    assert.deepEqual(rows[1]!.slice(0, 3), ["", "bbr (1 failed)", "84.6"]);
    assert.deepEqual(rows[2]!.slice(0, 3), ["", "ssh", "sshd is not installed"]);
    assert.ok(rows.every((row) => row.length === header.length));
  });

  it("shows one value where all are the same", () => {
    const column = { figure: "x", title: "x", decimals: 1 };
    assert.equal(spreadText(column, { median: 2, least: 2, greatest: 2.01 }), "2.0");
    assert.equal(spreadText(column, { median: 2, least: 1, greatest: 3 }), "2.0 (1.0…3.0)");
  });
});

describe("the processors' table", () => {
  it("has the median of each process, without ways that have none", () => {
    assert.deepEqual(processorTable(result), {
      header: ["", "way", "plugin a", "whole machine", "stolen"],
      rows: [
        ["100mbit 100ms 1%", "ovs-tpo", "9.80", "5.00", "0.00"],
        ["", "bbr", "9.00", "5.00", "0.00"],
      ],
    });
  });

  it("is not there where nothing was seen", () => {
    assert.equal(processorTable({ cells: [] }), undefined);
  });
});

describe("the page", () => {
  const text = page([result], new Map([["matrix", "benchmarks-matrix.svg"]]));

  it("names the machine and the conditions, and no date", () => {
    assert.match(text, /2 cores \(Abacus 3000\), 8 GB, .*Open vSwitch 3\.1\.0\. Nothing else ran\./);
    assert.match(text, /^- Everything on two cores\.$/m);
    assert.doesNotMatch(text, /20\d\d-\d\d/);
  });

  it("says so if other work ran", () => {
    const busy = page([{ ...result, machine: { ...machine, load: 7 } }]);
    assert.match(busy, /load average 7\.0/);
  });

  it("judges what is wanted", () => {
    assert.match(text, /\| 0\.97 of the ceiling \| 0\.980 \| yes \|/);
    assert.match(text, /\| never below direct bbr \| 1\.09 × \| yes \|/);
  });

  it("says why something is missing", () => {
    assert.match(text, /^- 100mbit 100ms 1%, ssh: sshd is not installed$/m);
    assert.match(page([{ ...result, complete: false }]), /interrupted/);
  });

  it("has no sections of benches that were not run", () => {
    assert.equal([...text.matchAll(/^## /gm)].length, 1);
  });
});

describe("the README's demo", () => {
  const readme = "| direct, bbr | 18.5 s | 86.5 |\n| **through ovs-tpo** | 17.9 s | **89.4** | 83 |\n";

  it("is read from its table", () => {
    assert.equal(demoFigure(readme), 89.4);
    assert.equal(demoFigure("nothing"), undefined);
    assert.ok(demoFigure(readFileSync(new URL("../../../README.md", import.meta.url), "utf8"))! > 0);
  });

  it("is told where it differs", () => {
    assert.match(besideDemo(result, readme)!, /shows 89\.4 Mbit\/s; here it is 92\.2\.$/);
    assert.match(besideDemo(result, readme.replace("89.4", "50"))!, /differs by more than a tenth/);
    assert.equal(besideDemo({ ...result, bench: "short" }, readme), undefined);
  });
});

describe("the chart", () => {
  it("has a dot for each way that was measured", () => {
    const dots = chartDots(bench, bench.chart!, result);
    assert.deepEqual(
      dots.map(({ way, median, least, greatest }) => [way, median, least, greatest].map((x) => x)),
      [
        ["ovs-tpo", 98, 96, 100],
        ["bbr", 90, 90, 90],
      ],
    );
  });

  it("is SVG, the same each time", async () => {
    const svg = await renderChart(bench, result);
    assert.match(svg!, /^<svg [\s\S]*A sample[\s\S]*<\/svg>\n$/);
    assert.equal(await renderChart(bench, result), svg);
  });

  it("is not there where there is nothing to show", async () => {
    assert.equal(await renderChart(bench, { ...result, cells: [] }), undefined);
  });
});

describe("result files", () => {
  it("are read back, later ones before earlier, and written as page and charts", async () => {
    const [first, second] = [join(directory, "1.json"), join(directory, "2.json")];
    writeFileSync(first, JSON.stringify({ results: [{ ...result, repeats: 1 }] }));
    writeFileSync(second, JSON.stringify({ results: [result] }));
    const results = readResults([first, second]);
    assert.deepEqual(results, [result]);
    const written = await writeDocs(results, directory);
    assert.deepEqual(
      written.map((path) => path.slice(directory.length)),
      ["/benchmarks-matrix.svg", "/benchmarks.md"],
    );
    assert.match(readFileSync(join(directory, "benchmarks.md"), "utf8"), /!\[.*\]\(benchmarks-matrix\.svg\)/);
  });

  it("that are none are named", () => {
    const path = join(directory, "none.json");
    writeFileSync(path, "[]");
    assert.throws(() => readResults([path]), { code: "RESULT_UNREADABLE", message: /none\.json/ });
  });

  it("are shown in a terminal", () => {
    const lines = resultLines(result);
    assert.ok(lines.some((line) => /^100mbit 100ms 1% +ovs-tpo +92\.2/.test(line)));
    assert.ok(lines.includes("  ✓ 100mbit 100ms 1%: 0.97 of the ceiling: 0.980"));
  });
});
