import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Conditions } from "../../driver/mover/simulation/index.js";
import { Bulk, type BulkResult } from "./bulk.js";

/**
 * Throughput against round trip and loss, exact to the last digit because every run is repeatable. The table lies
 * beside this file in `throughput.txt`, so that a change of it is seen in review; UPDATE_SNAPSHOTS=1 writes it anew.
 */
const SNAPSHOT = join(dirname(fileURLToPath(import.meta.url)), "../../../test/mover/throughput.txt");

const RATE = 100e6;
const ROUND_TRIPS = [20, 100, 200, 600];
const LOSSES: readonly [name: string, conditions: Partial<Conditions>][] = [
  ["0 %", {}],
  ["0.1 %", { loss: 0.001 }],
  ["1 %", { loss: 0.01 }],
  ["2 %", { loss: 0.02 }],
  ["5 %", { loss: 0.05 }],
  ["10 %", { loss: 0.1 }],
  ["1 % bursts", { burstLoss: 0.01 }],
  ["5 % bursts", { burstLoss: 0.05 }],
  ["20 %", { loss: 0.2 }],
];

function line(roundTrip: number, name: string, result: BulkResult): string {
  const { goodput, ofCeiling, redundancy, acknowledgements, queue } = result;
  return [
    `${roundTrip} ms`.padStart(8),
    name.padEnd(10),
    (goodput / 1e6).toFixed(2).padStart(8),
    ofCeiling.toFixed(3).padStart(11),
    (redundancy * 100).toFixed(2).padStart(12),
    (acknowledgements * 100).toFixed(2).padStart(7),
    queue.toFixed(3).padStart(9),
  ].join("  ");
}

describe("100 Mbit/s, queue of one bandwidth-delay product", () => {
  const lines = ["     RTT  loss          Mbit/s   of ceiling  redundancy %   acks %  queue BDP"];
  for (const roundTrip of ROUND_TRIPS) {
    for (const [name, conditions] of LOSSES) {
      it(`${roundTrip} ms, ${name}`, () => {
        const warm = Math.max(2, roundTrip / 75);
        const result = new Bulk({ rate: RATE, roundTrip, conditions, warm, span: 8 }).measure();
        lines.push(line(roundTrip, name, result));
        assert.ok(result.ofCeiling >= 0.97, `${result.ofCeiling} of the ceiling`);
        // What is lost again on the second way makes 1 / (1 - p) of 1 + p.
        assert.ok(result.redundancy <= 1 / (1 - result.loss) - 1 + 0.01, `redundancy ${result.redundancy}`);
        assert.ok(result.acknowledgements <= 0.01, `acknowledgements ${result.acknowledgements}`);
        assert.equal(result.spurious, 0);
      });
    }
  }

  it("is the table that was reviewed", () => {
    const table = `${lines.map((row) => row.trimEnd()).join("\n")}\n`;
    if (process.env["UPDATE_SNAPSHOTS"] === "1" || !existsSync(SNAPSHOT)) writeFileSync(SNAPSHOT, table);
    assert.equal(table, readFileSync(SNAPSHOT, "utf8"), "UPDATE_SNAPSHOTS=1 writes the table anew");
  });
});
