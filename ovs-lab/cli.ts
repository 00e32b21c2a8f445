import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitStatus } from "./command.js";
import { LabError } from "./errors.js";
import { Lab } from "./lab.js";
import { DEFAULT_NAME, defaultOptions, type LabOptions, readOptions } from "./options.js";
import { render, renderWan } from "./report.js";
import { MOST_HOSTS, MOST_SITES } from "./topology.js";
import { defaultWan, type WanSettings, wanSettingNames } from "./wan/settings.js";

interface NameOption {
  readonly name: string;
}

const USAGE_ERROR = 2;

const program = new Command("ovs-lab")
  .description(
    "Sites with Open vSwitch and an emulated WAN between them, in network namespaces of this machine",
  )
  .showHelpAfterError("(ovs-lab help COMMAND tells more)")
  .exitOverride();

function command(usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .addOption(new Option("--name <name>", "which lab, where there are several").default(DEFAULT_NAME));
}

/** The WAN's settings, on the commands that take them. */
function withWan(command: Command, isFirst: boolean): Command {
  const helps: Readonly<Record<keyof WanSettings, readonly [flag: string, help: string]>> = {
    rate: ["--rate <rate>", "such as 100mbit; unlimited"],
    rtt: ["--rtt <time>", "round trip, half of it each way"],
    loss: ["--loss <share>", "frames lost at random"],
    burstLoss: ["--burst-loss <share:length>", "frames lost in bursts, and their mean length"],
    queue: ["--queue <size>", "bytes, or bandwidth-delay products (1bdp); unlimited"],
    jitter: ["--jitter <time>", "how far the delay wanders, each way; keeps the order"],
    reorder: ["--reorder <share:time>", "frames that arrive late, and how late"],
    duplicate: ["--duplicate <share>", "frames that arrive twice"],
    mtu: ["--mtu <bytes>", "of the network layer"],
  };
  for (const name of wanSettingNames) {
    const [flag, help] = helps[name];
    command.option(flag, isFirst ? `${help} (default ${defaultWan[name]})` : help);
  }
  return command;
}

const progress = (line: string) => process.stderr.write(`ovs-lab: ${line}\n`);

withWan(command("up", "build the lab and start everything in it"), true)
  .option("--sites <n>", `1 to ${MOST_SITES} (default ${defaultOptions.sites})`, integer)
  .option("--hosts <n>", `at each site, 1 to ${MOST_HOSTS} (default ${defaultOptions.hosts})`, integer)
  .option("--no-plugin", "leave the plugins out")
  .option("--datapath <kind>", "kernel or netdev (default auto)")
  .option("--emulation <kind>", `emulator or netem (default ${defaultOptions.emulation})`)
  .option("--seed <n>", "of the WAN's randomness (default: another each time)", integer)
  .option("--config <file>", "YAML with these options' names as keys; the command line goes before it")
  .action(async ({ config, plugin, ...options }: LabOptions & { config?: string }) => {
    const fromFile = config === undefined ? {} : readOptions(config);
    const started = Date.now();
    const lab = await interruptible(options.name, () =>
      // Without --no-plugin, commander says true: then the file decides.
      Lab.up({ ...fromFile, ...options, ...(plugin === false ? { plugin } : {}), kept: true }, progress),
    );
    console.log(render(await lab.status()));
    progress(`up after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });

withWan(command("set", "change the WAN while it runs"), false)
  .option("--from <site>", "only the direction from this site …")
  .option("--to <site>", "… to this one")
  .action(
    async ({
      name,
      from,
      to,
      ...changes
    }: NameOption & Partial<WanSettings> & Partial<{ from: string; to: string }>) => {
      if ((from === undefined) !== (to === undefined)) {
        throw new LabError("BAD_OPTION", "--from and --to belong together");
      }
      if (Object.keys(changes).length === 0) throw new LabError("BAD_OPTION", "nothing to set");
      const lab = Lab.open(name);
      await lab.set(changes, from === undefined || to === undefined ? undefined : { from, to });
      console.log(renderWan((await lab.status()).wan));
    },
  );

command("link <state>", "take the WAN down, or up again").action(
  async (state: string, { name }: NameOption) => {
    if (state !== "up" && state !== "down")
      throw new LabError("BAD_OPTION", `link "${state}": expected up or down`);
    await Lab.open(name).link(state === "up");
  },
);

command(
  "exec <node> [command...]",
  "run a command in a node, such as: ovs-lab exec client -- ping 10.2.0.11",
).action(async (node: string, argv: readonly string[], { name }: NameOption) => {
  const child = Lab.open(name).spawn(node, argv, { stdio: "inherit" });
  // The terminal sends these to the command as well; we wait for what it makes of them.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) process.on(signal, () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(exitStatus(code, signal)));
  });
});

command("status", "what there is, and how it is")
  .option("--json", "everything, for programs")
  .action(async ({ name, json }: NameOption & { json?: boolean }) => {
    const status = await Lab.open(name).status();
    console.log(json ? JSON.stringify(status, null, 2) : render(status));
  });

command("plugin <site> <action>", "start, stop, kill or restart a site's plugin").action(
  async (site: string, action: string, { name }: NameOption) => {
    const plugin = Lab.open(name).plugin(site);
    if (action === "start") await plugin.start();
    else if (action === "stop") await plugin.stop();
    else if (action === "kill") await plugin.kill();
    else if (action === "restart") await plugin.restart();
    else throw new LabError("BAD_OPTION", `plugin "${action}": expected start, stop, kill or restart`);
  },
);

command("down", "end everything in the lab and remove it").action(async ({ name }: NameOption) => {
  const existed = await Lab.down(name);
  progress(existed ? `lab "${name}" is gone` : `there is no lab "${name}"`);
});

function integer(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number");
}

/** Whoever interrupts a start is left with nothing, not with half a lab. */
async function interruptible<T>(name: string | undefined, body: () => Promise<T>): Promise<T> {
  let building: Promise<T> | undefined;
  let isInterrupted = false;
  const interrupt = async (signal: NodeJS.Signals) => {
    isInterrupted = true;
    progress(`${signal}: removing what there is`);
    await Lab.down(name).catch(() => {}); // what is being built resists, or fails for want of what is gone
    await building?.catch(() => {});
    await Lab.down(name);
    process.exit(exitStatus(null, signal));
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    building = body();
    return await building;
  } catch (error) {
    if (isInterrupted) await new Promise(() => {}); // the interrupt has the last word
    throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE_ERROR; // commander has said it
  } else if (error instanceof LabError) {
    progress(error.message);
    process.exitCode = error.code === "BAD_OPTION" ? USAGE_ERROR : 1;
  } else {
    progress(`unexpected: ${error instanceof Error ? error.message : String(error)}`);
    if (process.env["OVS_LAB_DEBUG"]) console.error(error);
    process.exitCode = 1;
  }
}
