import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Bottleneck, type Contender } from "./bottleneck.js";
import { Bbr } from "./rivals/bbr.js";
import { Bbr3 } from "./rivals/bbr3.js";
import { Cubic } from "./rivals/cubic.js";
import type { Control } from "./rivals/rival.js";

/**
 * What `adaptive` gets beside others, in fair shares: 1 is the rate divided by the number of flows. Exact to the last
 * digit, as `throughput.txt`; UPDATE_SNAPSHOTS=1 writes `fairness.txt` anew.
 */
const SNAPSHOT = join(dirname(fileURLToPath(import.meta.url)), "../../../test/mover/fairness.txt");

const RATE = 40e6;
/** Seconds. */
const FROM = 40;
const UNTIL = 60;
/**
 * Who gets what is a matter of chance, too: of the seed, and of what has just been under way when the others join. Each
 * run has its own of both.
 */
const RUNS = 4;
/** When the others join in the first run, and how much later in each further one, seconds. */
const JOIN = 4.5;
const JOIN_STEP = 0.5;

const RIVALS: readonly [
  name: string,
  make: () => Control,
  counts: readonly number[],
  queues: readonly number[],
][] = [
  ["CUBIC", () => new Cubic(), [1, 4], [0.5, 1, 4]],
  ["BBR", () => new Bbr(), [1, 4], [0.5, 1, 4]],
  ["BBRv3", () => new Bbr3(), [1], [1, 4]],
];
/** Known to come out elsewhere than between half and twice the fair share (docs/mover.md, "Fairness"). */
const KNOWN = ["4 CUBIC, 200 ms, 0.5", "1 BBR, 200 ms, 0.5", "4 BBR, 20 ms, 0.5"];

interface Shares {
  readonly ours: number[];
  readonly theirs: number[];
  readonly use: number;
}

/** In the mean of all runs. */
function share(roundTrip: number, queue: number, movers: number, rivals: () => readonly Control[]): Shares {
  const runs = Array.from({ length: RUNS }, (_, run) => {
    const join = JOIN + run * JOIN_STEP;
    const bottleneck = new Bottleneck({ rate: RATE, roundTrip, queue, seed: run + 1 });
    const contenders: Contender[] = [];
    for (let i = 0; i < movers; i += 1) contenders.push(bottleneck.addMover(i * 700));
    rivals().forEach((rival, i) => {
      contenders.push(bottleneck.addRival(rival, join * 1000 + i * 370));
    });
    return bottleneck.measure(contenders, FROM, UNTIL);
  });
  const rates = runs[0]!.map((_, i) => mean(runs.map((run) => run[i]!)));
  const shares = rates.map((rate) => (rate * rates.length) / RATE);
  return {
    ours: shares.slice(0, movers),
    theirs: shares.slice(movers),
    use: rates.reduce((sum, rate) => sum + rate, 0) / RATE,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("sharing 40 Mbit/s", () => {
  const lines = ["beside      RTT    queue BDP   ours   theirs, each             use"];
  const note = (beside: string, roundTrip: number, queue: number, { ours, theirs, use }: Shares): void => {
    const list = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(" ");
    const cells = [beside.padEnd(8), `${roundTrip} ms`.padStart(6), queue.toFixed(1).padStart(9)];
    lines.push(
      [
        ...cells,
        ` ${list(ours.length === 1 ? ours : [mean(ours)])}`,
        ` ${list(theirs.length > 0 ? theirs : ours).padEnd(22)}`,
        use.toFixed(3),
      ].join("  "),
    );
  };

  for (const [name, make, counts, queues] of RIVALS) {
    for (const count of counts) {
      for (const roundTrip of [20, 100, 200]) {
        for (const queue of queues) {
          const beside = `${count} ${name}`;
          it(`${beside}, ${roundTrip} ms, a queue of ${queue}`, () => {
            const shares = share(roundTrip, queue, 1, () => Array.from({ length: count }, make));
            note(beside, roundTrip, queue, shares);
            const ours = shares.ours[0]!;
            assert.ok(shares.use > 0.94, `${shares.use} of the link is used`);
            if (KNOWN.includes(`${beside}, ${roundTrip} ms, ${queue}`)) return;
            assert.ok(ours >= 0.5 && ours <= 2, `${ours} of the fair share`);
          });
        }
      }
    }
  }

  for (const roundTrip of [20, 100, 200]) {
    for (const queue of [0.5, 4]) {
      it(`two of our own, ${roundTrip} ms, a queue of ${queue}`, () => {
        const shares = share(roundTrip, queue, 2, () => []);
        note("ourselves", roundTrip, queue, shares);
        for (const ours of shares.ours) assert.ok(ours > 0.5, `${shares.ours}`);
      });
    }
  }

  it("is the table that was reviewed", () => {
    const table = `${lines.map((row) => row.trimEnd()).join("\n")}\n`;
    if (process.env["UPDATE_SNAPSHOTS"] === "1" || !existsSync(SNAPSHOT)) writeFileSync(SNAPSHOT, table);
    assert.equal(table, readFileSync(SNAPSHOT, "utf8"), "UPDATE_SNAPSHOTS=1 writes the table anew");
  });
});

describe("joining four BBR flows that keep a queue overflowing", () => {
  for (const roundTrip of [10, 50]) {
    it(`takes no more than twice the fair share: ${roundTrip} ms`, () => {
      const shares = [1, 2, 3, 4].map((seed) => {
        const bottleneck = new Bottleneck({ rate: 100e6, roundTrip, queue: 1, seed });
        const rivals = [0, 1, 2, 3].map((i) => bottleneck.addRival(new Bbr(), i * 5));
        const ours = bottleneck.addMover(3000);
        const rates = bottleneck.measure([ours, ...rivals], 8, 16);
        return (rates[0]! * rates.length) / 100e6;
      });
      assert.ok(mean(shares) >= 0.5 && mean(shares) <= 2, `${shares}`);
    });
  }
});
