import type { DirectionStatus, LabStatus, NodeStatus, WanStatus } from "./status.js";
import { defaultWan, wanSettingNames } from "./wan/settings.js";

/** A lab's status for people. */
export function render(status: LabStatus): string {
  const { name, state, broken, directory, datapath, sites, nodes, wan } = status;
  const trouble = broken.length === 0 ? "" : `: gone ${broken.join(", ")}`;
  const lines = [`lab "${name}" is ${state}${trouble} (datapath ${datapath}, files in ${directory})`];
  for (const site of sites) {
    const pid = (number: number | null) => (number === null ? "not running" : `pid ${number}`);
    lines.push(`site ${site.name}  ${site.prefixes.join("  ")}`);
    lines.push(
      `  vswitchd ${pid(site.vswitchd)}, plugin ${pid(site.plugin.pid)}, run directory ${site.runDirectory}`,
    );
    lines.push(...nodes.filter((node) => node.site === site.name).map(renderNode));
  }
  return [...lines, renderWan(wan)].join("\n");
}

function renderNode({ name, alias, addresses }: NodeStatus): string {
  const label = alias === undefined ? name : `${name} (${alias})`;
  return `  ${label.padEnd(20)}${addresses.join("  ")}`.trimEnd();
}

export function renderWan({ emulation, pid, up, directions }: WanStatus): string {
  const by = pid === null ? emulation : `${emulation}, pid ${pid}`;
  const link = up === null ? "not answering" : `link ${up ? "up" : "down"}`;
  return [`WAN (${by}) ${link}`, ...directions.map(renderDirection)].join("\n");
}

function renderDirection({ from, to, settings, counters, deviceDrops }: DirectionStatus): string {
  const shown = wanSettingNames
    .filter((name) => ["rate", "rtt", "queue"].includes(name) || settings[name] !== defaultWan[name])
    .map((name) => `${name} ${settings[name]}`);
  const line = `  ${from} → ${to}  ${shown.join(", ")}`;
  if (counters === null) return line;
  const { frames, delivered, lost, queueFull, linkDown, refused, overrun, lateness } = counters;
  const drops = {
    lost,
    "queue full": queueFull,
    "link down": linkDown,
    refused,
    overrun,
    "not taken": deviceDrops,
  };
  const dropped = Object.entries(drops).flatMap(([cause, count]) =>
    count === 0 ? [] : [`${cause} ${count}`],
  );
  // netem knows of none.
  const late =
    lateness.frames === 0
      ? []
      : [
          `late mean ${milliseconds(lateness.mean)}, p99 ${milliseconds(lateness.p99)}, max ${milliseconds(lateness.max)}`,
        ];
  return `${line}\n         ${[`frames ${frames}, delivered ${delivered}`, ...dropped, ...late].join("; ")}`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
