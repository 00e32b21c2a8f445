import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { conditions, outcome, picture, resultTable } from "../../ovs-lab/demo/report.js";
import { coloured, plain, styleFor } from "../../ovs-lab/demo/style.js";
import { renderTable } from "../../ovs-lab/demo/table.js";
import { defaultWan } from "../../ovs-lab/index.js";
import { directRun, optimizedRun } from "./samples.js";

const runs = [
  directRun("cubic", { bytes: 2.5e6, mbit_s: 1, stopped: true }),
  directRun("bbr", { seconds: 18.75, mbit_s: 85.333 }),
  optimizedRun({ seconds: 17, mbit_s: 94.1 }),
  optimizedRun({ file: "text", seconds: 6.25, mbit_s: 256 }),
];

describe("table", () => {
  it("is as wide as its cells, to the left or to the right", () => {
    const rows = [["a", "1.5"], "heading", ["bcd", "× 10.25"]];
    assert.deepEqual(renderTable(["", "n"], ["left", "right"], rows), [
      "           n",
      "a        1.5",
      "heading",
      "bcd  × 10.25",
    ]);
  });

  it("tells of each run beside the direct ones", () => {
    assert.deepEqual(resultTable(runs, plain), [
      "                     time  received  Mbit/s  × cubic  × bbr  SHA-256",
      "a file that does not compress, 200 MB",
      "  direct, cubic    20.0 s   2.50 MB    1.00     1.00   0.01  equal, stopped",
      "  direct, bbr      18.8 s    200 MB    85.3     85.3   1.00  equal",
      "  through ovs-tpo  17.0 s    200 MB    94.1     94.1   1.10  equal",
      "a text file, 200 MB",
      "  through ovs-tpo  6.25 s    200 MB     256      256   3.00  equal",
    ]);
  });

  it("says what differs", () => {
    const lines = resultTable([optimizedRun({ sha256: "00" })], plain);
    assert.match(lines.at(-1)!, /DIFFERS$/);
  });

  it("has no ratio to what was not measured", () => {
    const [, , line] = resultTable([optimizedRun()], plain);
    assert.equal(line, "  through ovs-tpo  20.0 s    200 MB    80.0                  equal");
  });

  it("takes a text's own direct run where there is one", () => {
    const own = directRun("bbr", { file: "text", mbit_s: 64 });
    assert.match(resultTable([...runs.slice(0, 3), own, runs[3]!], plain).at(-1)!, / 256 +256 +4\.00 /);
  });

  it("fits into 80 columns", () => {
    for (const line of [...resultTable(runs, plain), ...picture(defaultWan, plain)]) {
      assert.ok([...line].length <= 78, line);
    }
  });
});

describe("a run's outcome", () => {
  it("is one line", () => {
    assert.equal(outcome(runs[0]!), "direct, cubic     1.00 Mbit/s   2.50 MB in 20.0 s, stopped");
    assert.equal(outcome(runs[3]!), "through ovs-tpo    256 Mbit/s   200 MB in 6.25 s");
  });
});

describe("conditions", () => {
  it("are written as people do", () => {
    const wan = { ...defaultWan, rate: "1.5gbit", rtt: "20ms", loss: "0.1%", queue: "64kb" };
    assert.equal(conditions(wan), "1500 Mbit/s, RTT 20 ms, loss 0.1 % each way, queue 64 kb");
    assert.equal(
      conditions({ ...defaultWan, rate: "unlimited" }),
      "unlimited, RTT 100 ms, loss 0 % each way, queue 1 BDP",
    );
  });
});

describe("colour", () => {
  it("is for terminals whose user has nothing against it", () => {
    assert.equal(styleFor(true, { TERM: "xterm" }), coloured);
    assert.equal(styleFor(true, { TERM: "xterm", NO_COLOR: "" }), coloured);
    assert.equal(styleFor(true, { TERM: "xterm", NO_COLOR: "1" }), plain);
    assert.equal(styleFor(true, { TERM: "dumb" }), plain);
    assert.equal(styleFor(false, { TERM: "xterm" }), plain);
  });
});
