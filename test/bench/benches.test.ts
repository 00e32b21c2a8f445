import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { benches, findBench } from "../../ovs-lab/bench/benches/all.js";
import { ceilingOf, lossOf } from "../../ovs-lab/bench/ceiling.js";
import { contenderNames } from "../../ovs-lab/bench/contender.js";
import { tunedWindow } from "../../ovs-lab/bench/contenders/kcptun.js";
import { payload, payloadNames } from "../../ovs-lab/bench/load/payload.js";
import { decodeRequest, encodeRequest, REQUEST_BYTES } from "../../ovs-lab/bench/load/request.js";
import { packetDriverCost } from "../../ovs-lab/bench/packet-driver-round.js";
import { chosenCells, estimate } from "../../ovs-lab/bench/runner.js";
import { defaultWan, pipeParameters } from "../../ovs-lab/wan/settings.js";

const everything = { repeats: 3, only: [], ways: [] };

describe("the benches", () => {
  for (const bench of benches) {
    for (const quick of [true, false]) {
      const cells = bench.cells({ quick });

      it(`${bench.name}${quick ? " --quick" : ""} has cells that differ, with settings that the lab takes`, () => {
        assert.ok(cells.length > 0);
        assert.equal(new Set(cells.map(({ name }) => name)).size, cells.length);
        for (const { wan, ways } of cells) {
          if (wan !== undefined) pipeParameters(wan);
          assert.ok(ways.length > 0);
        }
      });
    }

    it(`${bench.name} charts a figure that it shows`, () => {
      if (bench.chart === undefined) return;
      assert.ok(bench.columns.some(({ figure }) => figure === bench.chart?.figure));
    });
  }

  it("take at most 20 minutes with --quick", () => {
    const seconds = benches.map((bench) => estimate(chosenCells(bench, { ...everything, quick: true }), 1));
    assert.ok(seconds.reduce((sum, each) => sum + each, 0) <= 20 * 60);
  });

  it("measure in the whole matrix every round trip and loss, beside every contender", () => {
    const cells = findBench("matrix").cells({ quick: false });
    for (const rtt of ["20ms", "100ms", "200ms", "600ms"]) {
      for (const loss of ["0%", "0.1%", "1%", "2%", "5%", "10%", "bursts 1%:5", "bursts 5%:5"]) {
        const cell = cells.find(({ name }) => name === `100mbit ${rtt} ${loss}`);
        assert.deepEqual(cell?.ways, contenderNames, `${rtt} ${loss}`);
      }
    }
    for (const rate of ["300mbit", "1gbit"]) assert.ok(cells.some(({ name }) => name === `${rate} 100ms 1%`));
  });

  it("are found by their cells' and ways' names", () => {
    const only = chosenCells(findBench("matrix"), {
      ...everything,
      quick: false,
      only: ["20ms 5%"],
      ways: ["bbr", "ssh"],
    });
    assert.deepEqual(
      only.map(({ name, ways }) => [name, ways]),
      [["100mbit 20ms 5%", ["bbr", "ssh"]]],
    );
    assert.throws(() => findBench("speed"), { code: "RESULT_UNREADABLE" });
  });
});

describe("the ceiling", () => {
  it("is C × 0.95 × (1 − p), bursts or not", () => {
    assert.equal(ceilingOf({ ...defaultWan, loss: "10%" }), 85.5e6);
    assert.equal(lossOf({ loss: "1%", burstLoss: "5%:5" }), 0.060000000000000005);
    assert.ok(Number.isNaN(ceilingOf({ ...defaultWan, rate: "unlimited" })));
  });
});

describe("kcptun's window", () => {
  it("follows bandwidth, delay and loss", () => {
    const clean = tunedWindow(defaultWan);
    assert.ok(clean * 1442 * 8 > 1.7 * 10e6 && clean * 1442 * 8 < 1.9 * 10e6);
    assert.ok(tunedWindow({ ...defaultWan, loss: "1%" }) > 3 * clean);
    assert.ok(tunedWindow({ ...defaultWan, rate: "unlimited" }) > 0);
  });
});

describe("the load", () => {
  it("pads requests to their length", () => {
    const request = { bytes: null, payload: "random" } as const;
    assert.equal(encodeRequest(request).length, REQUEST_BYTES);
    assert.deepEqual(decodeRequest(encodeRequest(request)), request);
  });

  for (const name of payloadNames) {
    it(`carries ${name} that is long enough, of which LZ4 makes what it should`, () => {
      const bytes = payload(name);
      assert.ok(bytes.length > 1 << 20);
      const { size } = packetDriverCost(bytes, 4e6, true);
      if (name === "random") assert.ok(size > 1 && size < 1.001, `${size}`);
      else assert.ok(size < 0.6, `${size}`);
    });
  }
});
