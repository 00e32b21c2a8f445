import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Bulk } from "./bulk.js";

/**
 * Short transfers over a warm session, 100 Mbit/s and 100 ms: from the first byte handed over to the last one delivered,
 * and half a round trip more, for the request. UPDATE_SNAPSHOTS=1 writes `short.txt` anew.
 */
const SNAPSHOT = join(dirname(fileURLToPath(import.meta.url)), "../../../test/mover/short.txt");

const ROUND_TRIP = 100;
const BYTES_PER_MILLISECOND = 12_500;
const SIZES: readonly [name: string, bytes: number, transfers: number][] = [
  ["10 KB", 10e3, 40],
  ["100 KB", 100e3, 40],
  ["1 MB", 1e6, 30],
  ["10 MB", 10e6, 8],
];

/** Milliseconds that each of some transfers takes, in order of length. */
function transfers(loss: number, bytes: number, count: number): number[] {
  const bulk = new Bulk({ rate: 100e6, roundTrip: ROUND_TRIP, conditions: { loss }, warm: 0, span: 1 });
  bulk.clock.runUntil(5000);
  bulk.left = 0;
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    bulk.clock.runUntil(bulk.clock.now + 1500);
    const [begun, before] = [bulk.clock.now, bulk.delivered];
    bulk.left = bytes;
    bulk.a.wake();
    while (bulk.delivered - before < bytes) bulk.clock.runUntil(bulk.clock.now + 1);
    times.push(ROUND_TRIP / 2 + bulk.clock.now - begun);
  }
  return times.sort((a, b) => a - b);
}

describe("short transfers over a path that is known", () => {
  const lines = ["  bytes  loss   median ms  worst ms   1 RTT + bytes/C   median of it"];
  for (const loss of [0, 0.01]) {
    for (const [name, bytes, count] of SIZES) {
      it(`${name} with ${loss * 100} % loss take little more than a round trip and their bytes`, () => {
        const times = transfers(loss, bytes, count);
        const ideal = ROUND_TRIP + bytes / BYTES_PER_MILLISECOND;
        const [median, worst] = [times[count >> 1]!, times.at(-1)!];
        lines.push(
          [
            name.padStart(7),
            `${loss * 100} %`.padStart(4),
            median.toFixed(0).padStart(10),
            worst.toFixed(0).padStart(8),
            ideal.toFixed(0).padStart(16),
            (median / ideal).toFixed(3).padStart(13),
          ].join("  "),
        );
        assert.ok(median <= 1.25 * ideal, `${median} ms, ideally ${ideal}`);
        // What repair does not find has to come again, which takes a round trip and the wait for what may be late.
        assert.ok(worst <= 1.25 * ideal + (loss === 0 ? 0 : 2.5 * ROUND_TRIP), `${worst} ms at worst`);
      });
    }
  }

  for (const rate of [20e6, 100e6]) {
    it(`are repaired where there is nothing else, at ${rate / 1e6} Mbit/s`, () => {
      const bulk = new Bulk({ rate, roundTrip: ROUND_TRIP, conditions: { loss: 0.01 }, warm: 0, span: 1 });
      bulk.left = 0;
      for (let i = 0; i < 60; i += 1) {
        bulk.clock.runUntil(bulk.clock.now + 1000);
        bulk.left = 100e3;
        bulk.a.wake();
      }
      bulk.clock.runUntil(bulk.clock.now + 1000);
      const { segmentsLost, segmentsRetransmitted } = bulk.a.stats();
      const { segmentsRepaired } = bulk.b.stats();
      assert.ok(segmentsLost > 20, `${segmentsLost} lost`);
      assert.ok(segmentsRepaired > segmentsLost * 0.6, `${segmentsRepaired} of ${segmentsLost} repaired`);
      assert.ok(
        segmentsRetransmitted < segmentsLost * 0.4,
        `${segmentsRetransmitted} of ${segmentsLost} sent again`,
      );
    });
  }

  it("is the table that was reviewed", () => {
    const table = `${lines.map((row) => row.trimEnd()).join("\n")}\n`;
    if (process.env["UPDATE_SNAPSHOTS"] === "1" || !existsSync(SNAPSHOT)) writeFileSync(SNAPSHOT, table);
    assert.equal(table, readFileSync(SNAPSHOT, "utf8"), "UPDATE_SNAPSHOTS=1 writes the table anew");
  });
});
