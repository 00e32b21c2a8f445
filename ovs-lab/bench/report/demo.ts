import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchResult } from "../result.js";
import { figure } from "../summary.js";

const README = fileURLToPath(new URL("../../../../README.md", import.meta.url));
/** The demo's own conditions. */
const CELL = "100mbit 100ms 1%";
/** More than machines differ by from run to run. */
const TOLERANCE = 0.1;

/** What a README's table says that a file that does not compress got through ovs-tpo, in Mbit/s; the first of its rows. */
export function demoFigure(readme: string): number | undefined {
  const [, found] = /\*\*through ovs-tpo\*\* *\|[^|]*\| *\*\*([\d.]+)\*\*/.exec(readme) ?? [];
  return found === undefined ? undefined : Number(found);
}

/** Whether the README's figure of the demo still holds, in a sentence; nothing where one of the two is not there. */
export function besideDemo(result: BenchResult, readme = readFileSync(README, "utf8")): string | undefined {
  const shown = demoFigure(readme);
  const cell = result.cells.find(({ cell }) => cell === CELL);
  const found = cell === undefined ? undefined : figure(cell, "ovs-tpo", "mbit");
  if (result.bench !== "matrix" || shown === undefined || found === undefined) return undefined;
  const differs = Math.abs(found / shown - 1) > TOLERANCE;
  return `The README's demo, a whole file with its start-up over the same link, shows ${shown} Mbit/s; here it is ${found.toFixed(1)}${differs ? ", which differs by more than a tenth: one of the two was measured on another machine, or the README is to be brought up to date" : ""}.`;
}
