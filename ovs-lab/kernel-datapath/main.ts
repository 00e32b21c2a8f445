import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitStatus } from "../command.js";
import { LabError } from "../errors.js";
import { findAcceleration } from "./acceleration.js";
import { Guest } from "./guest.js";
import type { Accelerator } from "./qemu.js";

const USAGE_ERROR = 2;
const DEFAULT_TESTS = ["end-to-end", "lab/netem"];
const DEFAULT_MINUTES = 60;
/** How much longer than on this machine itself the tests may wait for what they expect. */
const PATIENCE: Readonly<Record<Accelerator, number>> = { kvm: 1, tcg: 10 };

const cache = fileURLToPath(new URL("../../../node_modules/.cache/kernel-datapath/", import.meta.url));
const boot = { kernel: `${cache}vmlinuz`, initramfs: `${cache}initramfs.gz` };

interface Options {
  readonly emulation: string;
  readonly minutes: number;
  readonly shell?: string;
}

const say = (line: string) => process.stdout.write(`kernel-datapath: ${line}\n`);

const program = new Command("kernel-datapath")
  .description("Runs tests in a small virtual machine, whose kernel has Open vSwitch's datapath and netem")
  .argument("[tests...]", "parts of test files' paths", DEFAULT_TESTS)
  .addOption(
    new Option("--emulation <kind>", "what carries the WAN").choices(["netem", "emulator"]).default("netem"),
  )
  .option("--minutes <n>", "after which the guest is ended", minutes, DEFAULT_MINUTES)
  .option("--shell <command>", "run this in place of the tests")
  .exitOverride()
  .action(async (tests: string[], options: Options) => {
    process.exitCode = await runInGuest(tests, options);
  });

async function runInGuest(tests: readonly string[], options: Options): Promise<number> {
  if (process.geteuid?.() !== 0) {
    throw new LabError("NOT_ROOT", "sharing this machine's files with a guest needs root; try sudo");
  }
  for (const file of Object.values(boot)) {
    if (existsSync(file)) continue;
    throw new LabError("MISSING", `${file} is not there; ovs-lab/kernel-datapath/bootstrap makes it`);
  }
  const { accelerator, reason } = await findAcceleration(boot);
  say(`accelerator ${accelerator}: ${reason}`);
  const environment = {
    HOME: "/root",
    PATH: process.env["PATH"] ?? "",
    OVS_LAB_EMULATION: options.emulation,
    OVS_TPO_SLOW: PATIENCE[accelerator],
  };
  const command =
    options.shell === undefined
      ? [process.execPath, "test/run.mjs", ...tests]
      : ["bash", "-c", options.shell];
  const guest = new Guest({
    boot,
    accelerator,
    command: ["env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...command],
    output: process.stdout,
    within: options.minutes * 60_000,
    progress: say,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => guest.stop().then(() => process.exit(exitStatus(null, signal))));
  }
  const started = Date.now();
  try {
    const status = await guest.run();
    say(`exit status ${status} after ${Math.round((Date.now() - started) / 1000)} s`);
    return status;
  } finally {
    await guest.stop();
  }
}

function minutes(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= 24 * 60) return number;
  throw new InvalidArgumentError("expected a number of minutes, at most a day's");
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR; // commander has said it
  } else if (error instanceof LabError) {
    process.stderr.write(`kernel-datapath: ${error.message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
