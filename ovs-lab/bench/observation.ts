import { request } from "../../plugin/control.js";
import type { Status } from "../../plugin/status.js";
import type { Lab } from "../lab.js";
import type { DirectionStatus, LabStatus } from "../status.js";
import {
  type MachineSeconds,
  machineSeconds,
  type ProcessorSeconds,
  processorSeconds,
  spent,
} from "./processor.js";
import { type SiteDrops, siteDrops } from "./site-drops.js";

/** What was seen of the lab between two moments. */
export interface Observation {
  readonly seconds: number;
  /** Into the WAN towards the client, whole Ethernet frames. */
  readonly wire: WireCount;
  /** Into the WAN the other way: requests and acknowledgements. */
  readonly back: WireCount;
  readonly emulator: EmulatorAccount;
  readonly siteDrops: SiteDrops;
  readonly cpu: ProcessorSeconds;
  readonly machine: MachineSeconds;
  /** Of the mover that sends to the client; nothing where no plugin runs. */
  readonly mover?: MoverCount;
}

export interface WireCount {
  readonly frames: number;
  readonly bytes: number;
  /** As the conditions want it. */
  readonly lost: number;
  readonly queueFull: number;
}

export interface EmulatorAccount {
  /** Frames lost to the emulation itself, not to what it emulates. */
  readonly drops: number;
  /** How much later than due frames were delivered, in milliseconds; the later of both ways. */
  readonly p99: number;
  readonly latest: number;
}

export interface MoverCount {
  readonly sent: number;
  readonly retransmitted: number;
  readonly spurious: number;
}

interface Reading {
  readonly at: number;
  readonly status: LabStatus;
  readonly siteDrops: SiteDrops;
  readonly cpu: ProcessorSeconds;
  readonly machine: MachineSeconds;
  readonly mover: MoverCount | undefined;
}

/** What runs beside the lab: contenders' processes and the load's, by name. */
export type Beside = readonly (readonly [name: string, pid: number])[];

/** Begins with its making: `await observe(…)`, then `end()`. */
export async function observe(lab: Lab, beside: Beside): Promise<{ end(): Promise<Observation> }> {
  await lab.resetLateness();
  const before = await read(lab, beside);
  return {
    end: async () => between(before, await read(lab, beside)),
  };
}

async function read(lab: Lab, beside: Beside): Promise<Reading> {
  const status = await lab.status();
  const { sites, wan } = status;
  const own = [
    ...sites.flatMap(({ name, plugin, vswitchd }) => [
      [`plugin ${name}`, plugin.pid] as const,
      [`vswitchd ${name}`, vswitchd] as const,
    ]),
    ["emulator", wan.pid] as const,
  ].flatMap(([name, pid]) => (pid === null ? [] : [[name, pid] as const]));
  return {
    status,
    siteDrops: siteDrops(lab),
    mover: await moverCount(lab),
    cpu: processorSeconds([...own, ...beside]),
    machine: machineSeconds(),
    at: performance.now(),
  };
}

/** What site b's plugin says of the mover to site a. */
async function moverCount(lab: Lab): Promise<MoverCount | undefined> {
  const peer = (await pluginStatus(lab, "b"))?.peers["a"];
  return peer === undefined
    ? undefined
    : {
        sent: peer.sent_segments,
        retransmitted: peer.retransmitted_segments,
        spurious: peer.spurious_segments,
      };
}

/** What a site's plugin says of itself; undefined where none answers. */
export async function pluginStatus(lab: Lab, site: string): Promise<Status | undefined> {
  try {
    return (await request(`${lab.directory}/${site}/ovs-tpo.sock`, "status")) as Status;
  } catch {
    return undefined; // it does not run, or has other things to do
  }
}

function between(before: Reading, after: Reading): Observation {
  const one = (status: LabStatus, from: string) =>
    status.wan.directions.find((direction) => direction.from === from)!;
  const wire = (from: string) => difference(one(before.status, from), one(after.status, from));
  const late = after.status.wan.directions.flatMap(({ counters }) =>
    counters === null ? [] : [counters.lateness],
  );
  const drops = ({ wan }: LabStatus) =>
    wan.directions.reduce(
      (sum, { counters, deviceDrops }) =>
        sum + deviceDrops + (counters?.refused ?? 0) + (counters?.overrun ?? 0),
      0,
    );
  const mover =
    before.mover === undefined || after.mover === undefined
      ? {}
      : {
          mover: {
            sent: after.mover.sent - before.mover.sent,
            retransmitted: after.mover.retransmitted - before.mover.retransmitted,
            spurious: after.mover.spurious - before.mover.spurious,
          },
        };
  return {
    seconds: (after.at - before.at) / 1000,
    wire: wire("b"),
    back: wire("a"),
    emulator: {
      drops: drops(after.status) - drops(before.status),
      p99: Math.max(0, ...late.map(({ p99 }) => p99)),
      latest: Math.max(0, ...late.map(({ max }) => max)),
    },
    siteDrops: {
      port: after.siteDrops.port - before.siteDrops.port,
      socket: after.siteDrops.socket - before.siteDrops.socket,
    },
    cpu: spent(before.cpu, after.cpu),
    machine: {
      busy: after.machine.busy - before.machine.busy,
      stolen: after.machine.stolen - before.machine.stolen,
    },
    ...mover,
  };
}

function difference(before: DirectionStatus, after: DirectionStatus): WireCount {
  const count = (name: keyof WireCount) => (after.counters?.[name] ?? 0) - (before.counters?.[name] ?? 0);
  return {
    frames: count("frames"),
    bytes: count("bytes"),
    lost: count("lost"),
    queueFull: count("queueFull"),
  };
}
