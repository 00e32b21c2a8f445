import { writeFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { exitStatus } from "../command.js";
import { LabError } from "../errors.js";
import { Interruption } from "../interruption.js";
import { checkName } from "../options.js";
import type { Bench } from "./bench.js";
import { benches } from "./benches/all.js";
import { BenchError } from "./error.js";
import { Ground } from "./ground.js";
import { resultLines } from "./report/lines.js";
import { readResults, writeDocs } from "./report/page.js";
import { type BenchResult, describeMachine } from "./result.js";
import { chosenCells, estimate, type RunOptions, runBench } from "./runner.js";

const USAGE_ERROR = 2;
const REPEATS = 3;

interface Options {
  readonly quick?: boolean;
  readonly json?: string;
  readonly repeats?: number;
  readonly only?: readonly string[];
  readonly ways?: readonly string[];
  readonly docs?: boolean;
  readonly list?: boolean;
  readonly name: string;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

const program = new Command("bench")
  .description("What ovs-tpo does, measured on the lab beside what else there is")
  .showHelpAfterError("(bench help COMMAND tells more)")
  .exitOverride();

function measuring(name: string, description: string, chosen: readonly Bench[]): void {
  program
    .command(name)
    .description(description)
    .option("--quick", "some cells, short windows, once each")
    .option("--repeats <n>", `of every cell and way (default ${REPEATS}, with --quick 1)`, positive)
    .option("--only <words...>", "cells whose names hold one of these")
    .option("--ways <names...>", "only these ways")
    .option("--list", "show the cells and how long they take, and end")
    .option("--json <file>", "write everything that was measured there, after each cell")
    .option("--docs", "write docs/benchmarks.md and its charts from it")
    .option("--name <name>", "of the lab", "bench")
    .action((options: Options) => measure(chosen, options));
}

for (const bench of benches) measuring(bench.name, bench.title, [bench]);
measuring("all", "all of these, one after the other", benches);
program
  .command("report <files...>")
  .description(
    "write docs/benchmarks.md and its charts from what --json has written; later files go before earlier",
  )
  .action(async (files: readonly string[]) => {
    for (const path of await writeDocs(readResults(files))) say(path);
  });

async function measure(chosen: readonly Bench[], options: Options): Promise<void> {
  const { quick = false, only = [], ways = [], json, docs = false } = options;
  const runOptions: RunOptions = { quick, repeats: options.repeats ?? (quick ? 1 : REPEATS), only, ways };
  const plans = chosen.map((bench) => ({ bench, cells: chosenCells(bench, runOptions) }));
  const found = plans.filter(({ cells }) => cells.length > 0);
  if (found.length === 0) {
    throw new BenchError("BAD_OPTION", "no cell is left of --only and --ways; --list shows what there is");
  }
  let total = 0;
  for (const { bench, cells } of found) {
    const seconds = estimate(cells, runOptions.repeats);
    total += seconds;
    say(`${bench.name}: ${cells.length} cells, ${runOptions.repeats} × each way, about ${minutes(seconds)}`);
    if (options.list) for (const { name, ways } of cells) say(`  ${name.padEnd(32)} ${ways.join(" ")}`);
  }
  say(`about ${minutes(total)} in all`);
  if (options.list) return;
  if (process.geteuid?.() !== 0) throw new BenchError("NOT_ROOT", "the lab needs root; try sudo");

  const ground = new Ground(checkName(options.name), (line) => say(`lab: ${line}`));
  const results = new Map<string, BenchResult>();
  const keep = () => {
    if (json === undefined) return;
    write(json, `${JSON.stringify({ results: [...results.values()] }, null, 1)}\n`);
  };
  keep(); // a result that cannot be kept is better known before it is there
  const started = Date.now();
  try {
    const machine = await describeMachine();
    const run = async () => {
      for (const { bench } of found) {
        const result = await runBench(bench, ground, machine, runOptions, {
          say,
          partial: (partial) => {
            results.set(bench.name, partial);
            keep();
          },
        });
        results.set(bench.name, result);
        for (const line of resultLines(result)) say(line);
      }
    };
    await Promise.race([run(), interruption()]);
  } finally {
    await ground.close();
  }
  say(`done after ${minutes((Date.now() - started) / 1000)}`);
  if (docs) for (const path of await writeDocs([...results.values()])) say(path);
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function positive(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number of 1 or more");
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new BenchError("OUTPUT", `${path} cannot be written (${code})`, { cause });
  }
}

/** Rejects when somebody wants the bench to end; whatever is under way then is left to fail unheard. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => reject(new Interruption(signal)));
    }
  });
}

try {
  await program.parseAsync();
  process.exit(process.exitCode ?? 0); // a load that was given up may still be held
} catch (error) {
  if (error instanceof Interruption) {
    process.exit(exitStatus(null, error.signal));
  } else if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR; // commander has said it
  } else if (error instanceof BenchError || error instanceof LabError) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(error.code === "BAD_OPTION" ? USAGE_ERROR : 1);
  } else {
    throw error;
  }
}
