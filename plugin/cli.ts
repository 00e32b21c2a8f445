/** The command `ovs-tpo`. Exit status: 0 well, 1 not well, 2 wrong usage or configuration, 3 (`status`) not in sync. */

import { Command, CommanderError, InvalidArgumentError } from "commander";
import {
  formatKey,
  KeyFileError,
  type KeyPair,
  readKeyFile,
  writeKeyFile,
} from "../driver/security/index.js";
import { ConfigError, ConfigFileError, jsonSchema, loadConfig } from "./config/index.js";
import { parseDuration } from "./config/units.js";
import { ControlError, request } from "./control.js";
import { createLogger } from "./log.js";
import type { Explained, Listed, OfBridge } from "./queries.js";
import { isInSync, type Status } from "./status.js";
import { formatStatus } from "./status-text.js";
import {
  formatBridges,
  formatExplained,
  formatListed,
  isComplete,
  parseTuple,
  TupleError,
} from "./steering-text.js";
import { version } from "./version.js";

const failed = 1;
const wrongUsage = 2;
const notInSync = 3;

const defaultSocket = "/run/ovs-tpo/tpo0.sock";

/** What the steps of a drain take beside the waiting, in milliseconds. */
const drainOverhead = 10_000;

/** The command line says something that cannot be meant. */
class UsageError extends Error {
  readonly code = "USAGE";
}

interface AskOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: boolean;
  readonly bridge?: string;
}

interface ExplainOptions extends AskOptions {
  readonly vlan?: number;
}

interface DrainOptions extends AskOptions {
  readonly timeout: string;
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

/** Waits until the plugin has drained; it stops then. */
async function drainCommand({ timeout, ...options }: DrainOptions): Promise<number> {
  const patience = parseDuration(timeout);
  if (patience === undefined)
    throw new UsageError(`"${timeout}" is no time to wait; expected one such as 30s or 10m`);
  const { left } = (await ask(options, "drain", { timeout_ms: patience }, patience + drainOverhead)) as {
    left: number;
  };
  const rest = left === 0 ? "all connections have come to their end" : `${left} connections are reset`;
  console.log(`drained: ${rest}; the plugin stops`);
  return left === 0 ? 0 : failed;
}

async function statusCommand(options: AskOptions): Promise<number> {
  const status = (await ask(options, "status")) as Status;
  print(options, status, formatStatus);
  return isInSync(status) ? 0 : notInSync;
}

/** Asks the running plugin. */
async function ask(
  { config, socket }: AskOptions,
  method: string,
  parameters?: unknown,
  timeout?: number,
): Promise<unknown> {
  const path = socket ?? (config === undefined ? defaultSocket : loadConfig(config).control.socket);
  return await request(path, method, parameters, timeout);
}

function print<T>({ json }: AskOptions, answer: T, format: (answer: T) => string): void {
  process.stdout.write(json === true ? `${JSON.stringify(answer, null, 2)}\n` : format(answer));
}

function parseVlan(text: string): number {
  const vlan = Number(text);
  if (Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094) return vlan;
  throw new InvalidArgumentError("expected 1 to 4094.");
}

function printPublicKey({ publicKey }: KeyPair): void {
  console.log(formatKey(publicKey));
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
    .action(async (options: AskOptions) => finish(await statusCommand(options)));
  command
    .command("drain")
    .description("have the running plugin take no new connections, wait for those that are open, and stop")
    .option("-t, --timeout <time>", "after which those that are open are reset", "5m")
    .option("-c, --config <file>", "configuration that it runs with")
    .option("-s, --socket <path>", `its control socket (default: the configuration's, else ${defaultSocket})`)
    .action(async (options: DrainOptions) => finish(await drainCommand(options)));
  command
    .command("explain")
    .description("say what becomes of a new connection, and why: TCP 10.1.0.11:40000 10.2.0.11:80")
    .argument("<protocol>")
    .argument("<source>", "ADDRESS:PORT, or [ADDRESS]:PORT for IPv6")
    .argument("<destination>", "the same")
    .option("-b, --bridge <name>", "on this bridge alone (default: on each)")
    .option("--vlan <id>", "of its frames' tag (default: the local port's VLAN)", parseVlan)
    .option("-c, --config <file>", "configuration that the plugin runs with")
    .option("-s, --socket <path>", `its control socket (default: the configuration's, else ${defaultSocket})`)
    .option("--json", "as JSON")
    .action(async (protocol: string, source: string, destination: string, options: ExplainOptions) => {
      const { bridge, vlan } = options;
      const tuple = { ...parseTuple(protocol, source, destination), ...(vlan !== undefined && { vlan }) };
      const answers = (await ask(options, "explain", { ...tuple, bridge })) as OfBridge<Explained>[];
      print(options, answers, (all) => formatBridges(all, formatExplained));
      finish(0);
    });
  command
    .command("flows")
    .description(
      "list our flows, those that should be there beside those that are; exit status 3 if they differ",
    )
    .option("-b, --bridge <name>", "on this bridge alone (default: on each)")
    .option("-c, --config <file>", "configuration that the plugin runs with")
    .option("-s, --socket <path>", `its control socket (default: the configuration's, else ${defaultSocket})`)
    .option("--json", "as JSON")
    .action(async (options: AskOptions) => {
      const { bridge } = options;
      const answers = (await ask(options, "flows", { bridge })) as OfBridge<{ flows: Listed[] }>[];
      print(options, answers, (all) => formatBridges(all, ({ flows }) => formatListed(flows)));
      finish(answers.every(({ flows }) => isComplete(flows)) ? 0 : notInSync);
    });
  command
    .command("keygen")
    .description(
      "make this site's key pair: write the private key to a file, print the public key for the peers",
    )
    .argument("<file>", "of the private key; must not be there yet")
    .action((file: string) => {
      printPublicKey(writeKeyFile(file));
      finish(0);
    });
  command
    .command("pubkey")
    .description("print the public key that belongs to a private key")
    .argument("<file>", "of the private key")
    .action((file: string) => {
      printPublicKey(readKeyFile(file));
      finish(0);
    });
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
  if (error instanceof TupleError || error instanceof UsageError) return { status: wrongUsage, message };
  if (error instanceof ControlError || error instanceof KeyFileError) return { status: failed, message };
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
