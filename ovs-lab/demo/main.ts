import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Command, CommanderError } from "commander";
import { exitStatus } from "../command.js";
import { LabError } from "../errors.js";
import { Interruption } from "../interruption.js";
import { renderChart } from "./chart.js";
import { Demo } from "./demo.js";
import { DemoError } from "./error.js";
import { type DemoOptions, type DemoPlan, demoWan, planDemo } from "./plan.js";
import { checkLines, picture, resultTable, throughputChart } from "./report.js";
import { Screen } from "./screen.js";

const USAGE_ERROR = 2;
const screen = new Screen(process.stdout, process.env);
const { bold, bad, dim } = screen.style;

const program = new Command("demo")
  .description("A download over a long link that loses frames: directly, and through ovs-tpo")
  .option("--quick", "smaller files, shorter limits")
  .option("--size <bytes>", "of each file, such as 50mb (default: 16 s at the link's rate)")
  .option("--rate <rate>", `of the link (default ${demoWan.rate})`)
  .option("--rtt <time>", `round trip (default ${demoWan.rtt})`)
  .option("--loss <share>", `frames lost, each way (default ${demoWan.loss})`)
  .option("--json <file>", "write everything that was measured there")
  .option("--svg <file>", "write the chart there (default demo-throughput.svg)")
  .option("--keep", "leave the lab and its web servers up at the end")
  .option("--name <name>", "of the lab (default demo)")
  .allowExcessArguments(false)
  .exitOverride()
  .action(async (options: DemoOptions) => show(planDemo(options)));

async function show(plan: DemoPlan): Promise<void> {
  for (const path of [plan.svg, plan.json]) if (path !== undefined) checkWritable(path);
  const demo = new Demo(plan, screen);
  let keep = false;
  try {
    screen.say();
    for (const line of picture(plan.wan, screen.style)) screen.say(line);
    const result = await Promise.race([demo.run(), interruption()]);
    screen.say();
    for (const line of resultTable(result.runs, screen.style)) screen.say(`  ${line}`);
    screen.say();
    for (const line of checkLines(result.checks, screen.style)) screen.say(`  ${line}`);
    screen.say();
    write(plan.svg, renderChart(throughputChart(result.runs, plan.wan)), "throughput over time");
    if (plan.json !== undefined)
      write(plan.json, `${JSON.stringify(result, null, 2)}\n`, "all that was measured");
    keep = plan.keep;
    const failed = result.checks.filter(({ passed }) => !passed);
    if (failed.length > 0)
      throw new DemoError("CHECK_FAILED", failed.map(({ finding }) => finding).join("; "));
  } finally {
    if (keep) {
      screen.say(dim(`  the lab is still up: ovs-lab/bin/ovs-lab status --name ${plan.name}`));
      screen.say(
        dim(`  remove it with: ovs-lab/bin/ovs-lab down --name ${plan.name}; rm -r ${demo.directory}`),
      );
    } else {
      screen.live(dim("  removing the lab"));
      await demo.cleanUp();
      screen.clear();
    }
  }
}

/** A result that cannot be kept is better known before it is there. */
function checkWritable(path: string): void {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function write(path: string, text: string, what: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
  screen.say(`  ${bold(path)}  ${what}`);
}

function unwritable(path: string, cause: unknown): DemoError {
  return new DemoError("OUTPUT", `${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
    cause,
  });
}

/** Rejects when somebody wants the demo to end; whatever is under way then is left to fail unheard. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => reject(new Interruption(signal)));
    }
    // Nobody reads on: as good as a signal, which Node spares us.
    process.stdout.on("error", () => reject(new Interruption("SIGPIPE")));
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Interruption) {
    process.exit(exitStatus(null, error.signal)); // what was under way is not waited for
  } else if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR; // commander has said it
  } else if (error instanceof DemoError || error instanceof LabError) {
    process.stderr.write(`${bad("demo:")} ${error.message}\n`);
    process.exitCode = error.code === "BAD_OPTION" ? USAGE_ERROR : 1;
  } else {
    throw error;
  }
}
