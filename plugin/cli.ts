/** The command `ovs-tpo`. Exit status: 0 well, 1 not well, 2 wrong usage or configuration, 3 (`status`) not in sync. */

import { Command, CommanderError } from "commander";
import { ConfigError, ConfigFileError, jsonSchema, loadConfig } from "./config/index.js";
import { ControlError, request } from "./control.js";
import { createLogger } from "./log.js";
import { isInSync, type Status } from "./status.js";
import { formatStatus } from "./status-text.js";
import { version } from "./version.js";

const failed = 1;
const wrongUsage = 2;
const notInSync = 3;

const defaultSocket = "/run/ovs-tpo/tpo0.sock";

interface StatusOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

async function runCommand(file: string): Promise<number> {
  const config = loadConfig(file);
  const logger = createLogger({ level: config.log.level, site: config.site });
  const { reportFatal, run } = await import("./run.js");
  try {
    const { Daemon } = await import("./daemon.js");
    return await run(config, logger, new Daemon(config, logger));
  } catch (error) {
    reportFatal(logger, error as Error);
    return failed;
  }
}

async function checkCommand(file: string): Promise<number> {
  const { check } = await import("./check.js");
  const marks = { ok: "ok    ", note: "note  ", failed: "FAILED" };
  let well = true;
  for await (const { subject, outcome, detail } of check(file)) {
    console.log(`${marks[outcome]}  ${subject.padEnd(13)}  ${detail}`);
    well &&= outcome !== "failed";
  }
  return well ? 0 : failed;
}

async function statusCommand({ config, socket, json }: StatusOptions): Promise<number> {
  const path = socket ?? (config === undefined ? defaultSocket : loadConfig(config).control.socket);
  const status = (await request(path, "status")) as Status;
  process.stdout.write(json === true ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
  return isInSync(status) ? 0 : notInSync;
}

function program(finish: (status: number) => void): Command {
  const command = new Command("ovs-tpo")
    .description("Carries connections of an Open vSwitch bridge over a WAN, faster than TCP alone.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(see `ovs-tpo --help`)");
  command
    .command("run")
    .description("run the plugin of one switch, until SIGTERM or SIGINT")
    .requiredOption("-c, --config <file>", "configuration in YAML")
    .action(async ({ config }: { config: string }) => finish(await runCommand(config)));
  command
    .command("check")
    .description("say whether the plugin could run here; changes nothing")
    .requiredOption("-c, --config <file>", "configuration in YAML")
    .action(async ({ config }: { config: string }) => finish(await checkCommand(config)));
  command
    .command("status")
    .description("ask the running plugin for its state; exit status 3 if it is not in sync")
    .option("-c, --config <file>", "configuration that it runs with")
    .option("-s, --socket <path>", `its control socket (default: the configuration's, else ${defaultSocket})`)
    .option("--json", "as JSON")
    .action(async (options: StatusOptions) => finish(await statusCommand(options)));
  command
    .command("schema")
    .description("print the JSON Schema of the configuration")
    .action(() => {
      console.log(JSON.stringify(jsonSchema(), null, 2));
      finish(0);
    });
  return command;
}

/** Errors that are expected: their message is for the user, and says all. */
function explain(error: unknown): { status: number; message: string } {
  if (error instanceof CommanderError) return { status: error.exitCode === 0 ? 0 : wrongUsage, message: "" };
  const { message } = error as Error;
  if (error instanceof ConfigError || error instanceof ConfigFileError)
    return { status: wrongUsage, message };
  if (error instanceof ControlError) return { status: failed, message };
  return { status: failed, message: `unexpected error: ${message}` };
}

async function main(args: readonly string[]): Promise<number> {
  let status = 0;
  try {
    await program((result) => {
      status = result;
    }).parseAsync([...args], { from: "user" });
  } catch (error) {
    const { status: failure, message } = explain(error);
    if (message !== "") console.error(message);
    return failure;
  }
  return status;
}

// Whoever read our output may leave before we are done, as `head` does.
process.stdout.on("error", () => undefined);
process.exit(await main(process.argv.slice(2)));
