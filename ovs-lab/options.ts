import { readFileSync } from "node:fs";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { LabError } from "./errors.js";
import { MOST_HOSTS, MOST_SITES } from "./topology.js";
import { bad, parseInteger } from "./units.js";
import { defaultWan, type WanSettings, wanSettingNames } from "./wan/settings.js";

/** Replaces parts of what the lab writes into the plugins' configurations: under "all", then under a site's name. */
export type PluginOverlays = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What a lab is to be; what is left out is as in {@link defaultOptions}. Quantities are text, as on the command line. */
export interface LabOptions extends Partial<WanSettings> {
  /** Tells labs on one machine apart: lower-case letters, digits and hyphens. */
  readonly name?: string;
  readonly sites?: number;
  /** At each site. */
  readonly hosts?: number;
  /** Whether the plugins are started and waited for. */
  readonly plugin?: boolean;
  readonly plugins?: PluginOverlays;
  /** "auto": the kernel's where its module can be loaded. */
  readonly datapath?: "auto" | "kernel" | "netdev";
  /** What carries the WAN: our own emulator, or the kernel's netem where it has it. Its default may be given by the environment's OVS_LAB_EMULATION. */
  readonly emulation?: "emulator" | "netem";
  /** Of the WAN's randomness; the same seed draws the same numbers. */
  readonly seed?: number;
  /** Whether it has a use when the process that started it is gone. */
  readonly kept?: boolean;
}

/** Every option, decided. */
export interface LabPlan {
  readonly name: string;
  readonly sites: number;
  readonly hosts: number;
  readonly plugin: boolean;
  readonly plugins: PluginOverlays;
  readonly datapath: "auto" | "kernel" | "netdev";
  readonly emulation: "emulator" | "netem";
  readonly seed: number;
  readonly kept: boolean;
  readonly wan: WanSettings;
}

export const DEFAULT_NAME = "lab";

export const defaultOptions = {
  name: DEFAULT_NAME,
  sites: 2,
  hosts: 2,
  plugin: true,
  datapath: "auto",
  emulation: "emulator",
  kept: false,
} as const;

/** Checks what can be checked without touching the machine, except for the WAN's settings. @throws LabError `BAD_OPTION` */
export function plan(options: LabOptions): LabPlan {
  const { name = DEFAULT_NAME, sites, hosts, plugin, plugins, datapath, emulation, seed, kept } = options;
  return {
    name: checkName(name),
    sites: parseInteger("sites", sites ?? defaultOptions.sites, 1, MOST_SITES),
    hosts: parseInteger("hosts", hosts ?? defaultOptions.hosts, 1, MOST_HOSTS),
    plugin: plugin ?? defaultOptions.plugin,
    plugins: plugins ?? {},
    datapath: oneOf("datapath", datapath ?? defaultOptions.datapath, ["auto", "kernel", "netdev"]),
    emulation: oneOf("emulation", emulation ?? process.env["OVS_LAB_EMULATION"] ?? defaultOptions.emulation, [
      "emulator",
      "netem",
    ]),
    seed: parseInteger("seed", seed ?? Math.floor(Math.random() * 2 ** 31), 0, 2 ** 31 - 1),
    kept: kept ?? defaultOptions.kept,
    wan: mergeWan(defaultWan, options),
  };
}

/** The settings with those replaced that `changes` has. */
export function mergeWan(settings: WanSettings, changes: Partial<WanSettings>): WanSettings {
  const given = wanSettingNames.flatMap((name) => {
    const value = changes[name];
    return value === undefined ? [] : [[name, `${value}`]];
  });
  return { ...settings, ...Object.fromEntries(given) };
}

export function checkName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) return name;
  throw bad("name", name, "1 to 31 lower-case letters, digits and hyphens");
}

function oneOf<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((choice) => choice === value);
  if (choice === undefined) throw bad(option, value, choices.join(" or "));
  return choice;
}

const scalar = z.union([z.string(), z.number()]);
const text = scalar.transform(String);
const file = z
  .strictObject({
    sites: z.number(),
    hosts: z.number(),
    plugin: z.boolean(),
    plugins: z.record(z.string(), z.record(z.string(), z.unknown())),
    datapath: z.enum(["auto", "kernel", "netdev"]),
    emulation: z.enum(["emulator", "netem"]),
    seed: z.number(),
    rate: text,
    rtt: text,
    loss: text,
    "burst-loss": text,
    queue: text,
    jitter: text,
    reorder: text,
    duplicate: text,
    mtu: text,
  })
  .partial();

/** Reads a YAML file that holds options under the command line's names. @throws LabError `BAD_OPTION` */
export function readOptions(path: string): LabOptions {
  let document: unknown;
  try {
    document = parse(readFileSync(path, "utf8")) ?? {};
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const why = error instanceof YAMLParseError ? message.split("\n")[0] : code;
    throw new LabError("BAD_OPTION", `${path}: ${why}`, { cause: error });
  }
  const checked = file.safeParse(document);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const where = issue!.path.length === 0 ? "" : ` ${issue!.path.join(".")}:`;
    throw new LabError("BAD_OPTION", `${path}:${where} ${issue!.message}`);
  }
  const { "burst-loss": burstLoss, ...rest } = checked.data;
  const given = Object.entries({ burstLoss, ...rest }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as LabOptions;
}
