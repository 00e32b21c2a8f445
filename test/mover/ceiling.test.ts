import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Bulk } from "./bulk.js";

/** What a mover with this ceiling sends, in bits per second on the wire. */
function sent(ceiling: number, loss: number): number {
  const { wireRate } = new Bulk({
    rate: 100e6,
    roundTrip: 100,
    conditions: { loss },
    mode: { mode: "capped", ceiling },
    warm: 3,
    span: 8,
  }).measure();
  return wireRate;
}

describe("a ceiling on a link of 100 Mbit/s", () => {
  for (const ceiling of [5e6, 40e6, 80e6]) {
    for (const loss of [0, 0.02]) {
      it(`${ceiling / 1e6} Mbit/s with ${loss * 100} % loss is reached and kept within 1 %`, () => {
        const share = sent(ceiling, loss) / ceiling;
        assert.ok(share > 0.99 && share < 1.01, `${share} of the ceiling`);
      });
    }
  }
});
