import { complaints } from "../demo/plugin-log.js";
import { Lab } from "../lab.js";
import type { Bench, Cell } from "./bench.js";
import type { Ground } from "./ground.js";
import type { BenchResult, CellResult, Machine, Trial, WayResult } from "./result.js";

export interface RunOptions {
  readonly quick: boolean;
  readonly repeats: number;
  /** A cell takes part if its name holds any of these; all do where there are none. */
  readonly only: readonly string[];
  /** The same for ways, by their whole names. */
  readonly ways: readonly string[];
}

export interface RunListener {
  say(line: string): void;
  /** After each cell: what there is so far. */
  partial(result: BenchResult): void;
}

/** A way that failed so often in a cell is not tried there again. */
const MOST_FAILURES = 2;
/** What a change of conditions takes: plugins are started anew. */
const CHANGE_SECONDS = 3;

export function chosenCells(bench: Bench, { quick, only, ways }: RunOptions): Cell[] {
  return bench
    .cells({ quick })
    .filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)))
    .map((cell) =>
      ways.length === 0 ? cell : { ...cell, ways: cell.ways.filter((way) => ways.includes(way)) },
    )
    .filter((cell) => cell.ways.length > 0);
}

/** Seconds, about. */
export function estimate(cells: readonly Cell[], repeats: number): number {
  return cells.reduce((sum, cell) => sum + cell.seconds * cell.ways.length * repeats + CHANGE_SECONDS, 0);
}

/** Runs a bench to its end. Whatever fails is told in its place, and the rest goes on. */
export async function runBench(
  bench: Bench,
  ground: Ground,
  machine: Machine,
  options: RunOptions,
  listener: RunListener,
): Promise<BenchResult> {
  const cells = chosenCells(bench, options);
  const done: CellResult[] = [];
  const result = (complete: boolean): BenchResult => ({
    bench: bench.name,
    quick: options.quick,
    repeats: options.repeats,
    complete,
    machine,
    conditions: ground.conditions,
    ways: Object.fromEntries([...ground.contenders].map(([name, { description }]) => [name, description])),
    cells: done,
  });
  for (const [index, cell] of cells.entries()) {
    const left = Math.ceil(estimate(cells.slice(index), options.repeats) / 60);
    listener.say(`${bench.name} ${index + 1}/${cells.length}: ${cell.name} (about ${left} min left of it)`);
    done.push(await runCell(cell, ground, options.repeats, listener));
    listener.partial(result(index + 1 === cells.length));
  }
  return result(true);
}

/** Every way once, then every way again: what changes about the machine meanwhile changes for all. */
async function runCell(
  cell: Cell,
  ground: Ground,
  repeats: number,
  { say }: Pick<RunListener, "say">,
): Promise<CellResult> {
  const ways = cell.ways.map((way) => ({ way, trials: [] as Trial[], failures: [] as string[] }));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { way, trials, failures } of ways) {
      if (failures.length >= MOST_FAILURES) continue;
      try {
        const trial = await cell.trial(ground, way);
        trials.push(trial);
        say(`  ${way.padEnd(16)} ${told(trial)}`);
      } catch (error) {
        if (ground.closed) throw error;
        const reason = await explain(error, ground);
        failures.push(reason);
        say(`  ${way.padEnd(16)} FAILED: ${reason}`);
      }
    }
  }
  const { name, wan, parameters } = cell;
  const results: WayResult[] = ways;
  return { cell: name, ...(wan === undefined ? {} : { wan }), parameters, ways: results };
}

/** A trial's figures in one line. */
function told({ figures, observation }: Trial): string {
  const shown = Object.entries(figures)
    .filter(([, value]) => Number.isFinite(value) && value !== 0)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  const late = observation === undefined ? [] : [`emulator late ${observation.emulator.p99.toFixed(1)} ms`];
  const drops =
    observation === undefined || observation.emulator.drops === 0
      ? []
      : [`EMULATOR DROPPED ${observation.emulator.drops}`];
  return [...shown, ...late, ...drops].join(", ");
}

/** With what the plugins complained of, since that goes with the lab. */
async function explain(error: unknown, ground: Ground): Promise<string> {
  const reason = error instanceof Error ? error.message : String(error);
  const words = await Promise.resolve()
    .then(() => Lab.open(ground.name).status())
    .then(({ sites }) => complaints(sites).slice(-1))
    .catch(() => []);
  return [reason, ...words].join("; ").replaceAll("\n", " ");
}
