import type { Bench } from "../bench.js";
import { BenchError } from "../error.js";
import { ceiling } from "./ceiling.js";
import { compress } from "./compress.js";
import { cpu } from "./cpu.js";
import { fairness } from "./fairness.js";
import { many } from "./many.js";
import { matrix } from "./matrix.js";
import { mixed } from "./mixed.js";
import { queue } from "./queue.js";
import { setup } from "./setup.js";
import { short } from "./short.js";

/** In the order in which they are run and reported. Those that need another lab come last. */
export const benches: readonly Bench[] = [
  matrix,
  queue,
  short,
  many,
  mixed,
  fairness,
  compress,
  ceiling,
  setup,
  cpu,
];

/** @throws BenchError `RESULT_UNREADABLE` for a name that there is not */
export function findBench(name: string): Bench {
  const bench = benches.find((bench) => bench.name === name);
  if (bench !== undefined) return bench;
  const known = benches.map((bench) => bench.name).join(", ");
  throw new BenchError("RESULT_UNREADABLE", `there is no bench "${name}"; there are ${known}`);
}
