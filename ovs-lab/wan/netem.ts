import { readFileSync, writeFileSync } from "node:fs";
import { must } from "../command.js";
import { LabError } from "../errors.js";
import { ip } from "../namespace.js";
import type { DirectedParameters, PipeReport } from "./lane.js";
import { Lateness } from "./lateness.js";
import { noFrames, type PipeParameters } from "./pipe.js";
import type { Wan, WanEnd, WanReport } from "./wan.js";

export interface NetemWanOptions {
  readonly ends: readonly WanEnd[];
  /** The interface's name in each end's namespace. */
  readonly device: string;
  /** Where the bridge between the ends is. */
  readonly namespace: string;
  /** For what has to be remembered. */
  readonly directory: string;
}

interface Remembered {
  readonly up: boolean;
  readonly pipes: readonly DirectedParameters[];
  /** By disciplines that have been removed since. */
  readonly counted: readonly PipeReport[];
}

/**
 * The WAN as the kernel's own queueing disciplines: the routers' devices meet at a Linux bridge, and the port towards
 * router `to` holds, for each router `from`:
 *
 *   prio ── band of `from` (by source address) ── netem: loss, delay, … ── tbf: rate and queue
 *
 * Other than our own emulator's, its jitter is drawn for each frame, so that it reorders; what it reorders it sends at
 * once instead of late; and the delay comes before the rate, which is the same unless there is jitter.
 */
export class NetemWan implements Wan {
  readonly #options: NetemWanOptions;
  readonly #memory: string;

  constructor(options: NetemWanOptions) {
    this.#options = options;
    this.#memory = `${options.directory}/netem.json`;
  }

  /** @throws LabError `NO_NETEM` */
  async start(pipes: readonly DirectedParameters[]): Promise<void> {
    const { ends, device, namespace } = this.#options;
    if (ends.length > MOST_ENDS) throw new LabError("NO_NETEM", `netem serves at most ${MOST_ENDS} sites`);
    const cables = ends.map(
      (end, index) =>
        `link add ${device} netns ${end.namespace} type veth peer name ${port(index)} netns ${namespace}`,
    );
    await ip(cables);
    const ports = ends.map((_, index) => `link set ${port(index)} master wan up`);
    await ip(
      ["link add wan type bridge stp_state 0 mcast_snooping 0", "link set wan up", ...ports],
      namespace,
    );
    const addresses = ends.map(
      (end, index) => `fdb replace ${end.hardwareAddress} dev ${port(index)} master static`,
    );
    await must(["bridge", "-n", namespace, "-batch", "-"], { input: `${addresses.join("\n")}\n` });
    // Each frame is to be lost, queued and delayed by itself, so the routers' devices take no large segments.
    const single = ["tso", "off", "gso", "off", "tx-udp-segmentation", "off"];
    for (const end of ends) {
      await must(["ip", "netns", "exec", end.namespace, "ethtool", "-K", device, ...single]);
    }
    try {
      await this.#tc(ends.flatMap((_, to) => bands(to, ends)));
      await this.#tc(pipes.flatMap((pipe) => disciplines("add", pipe, true)));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new LabError(
        "NO_NETEM",
        `this kernel's netem cannot be used, the lab's own emulator can: ${said}`,
      );
    }
    this.#remember({ up: true, pipes, counted: [] });
  }

  async set(pipes: readonly DirectedParameters[]): Promise<void> {
    const before = this.#recall();
    const replace = (pipes: readonly DirectedParameters[]) =>
      this.#tc(pipes.flatMap((pipe) => disciplines("replace", pipe, before.up)));
    try {
      await replace(pipes);
    } catch (error) {
      await replace(before.pipes); // some may have been replaced
      const said = error instanceof Error ? error.message : String(error);
      throw new LabError("WAN_REFUSED", `netem: ${said}`);
    }
    this.#remember({ ...before, pipes });
  }

  async link(up: boolean): Promise<void> {
    const { pipes } = this.#recall();
    const counted = (await this.report()).pipes;
    const removals = pipes.map((pipe) => `qdisc delete ${place(pipe)}`);
    await this.#tc([...removals, ...pipes.flatMap((pipe) => disciplines("add", pipe, up))]);
    this.#remember({ up, pipes, counted });
  }

  async report(): Promise<WanReport> {
    const { up, pipes, counted } = this.#recall();
    const perPort = await Promise.all(
      this.#options.ends.map(async (_, to) => {
        const argv = ["tc", "-n", this.#options.namespace, "-s", "-j", "qdisc", "show", "dev", port(to)];
        return JSON.parse(await must(argv)) as QueueingDiscipline[];
      }),
    );
    const reports = pipes.map(({ from, to }) => {
      const before = counted.find((pipe) => pipe.from === from && pipe.to === to);
      const now = pipeReport(from, to, perPort[to]!);
      return before === undefined ? now : sum(before, now);
    });
    return { up, pipes: reports };
  }

  async #tc(lines: readonly string[]): Promise<void> {
    await must(["tc", "-n", this.#options.namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
  }

  #remember(what: Remembered): void {
    writeFileSync(this.#memory, JSON.stringify(what));
  }

  /** @throws LabError `WAN_GONE` */
  #recall(): Remembered {
    try {
      return JSON.parse(readFileSync(this.#memory, "utf8")) as Remembered;
    } catch (cause) {
      throw new LabError("WAN_GONE", `${this.#memory} cannot be read`, { cause });
    }
  }
}

/** A prio discipline has no more bands. */
const MOST_ENDS = 16;
const UNLIMITED_BYTES = 2 ** 31;
const UNLIMITED_FRAMES = 1_000_000;
/** netem's own bound, in frames, is not the queue: that is tbf's. */
const IN_DELAY_FRAMES = 10_000_000;

/** What of `tc -s -j qdisc show` is needed. */
interface QueueingDiscipline {
  readonly kind: string;
  readonly handle: string;
  readonly parent?: string;
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
  readonly qlen: number;
}

function port(index: number): string {
  return `end${index}`;
}

/** Handles are hexadecimal; each kind has its own for each band, since one kind cannot replace another under its handle. */
function handle(kind: keyof typeof HANDLES, from: number): string {
  return `${(HANDLES[kind] + from + 1).toString(16)}:`;
}
const HANDLES = { netem: 0x100, tbf: 0x200, pfifo: 0x300 } as const;

function place({ from, to }: { readonly from: number; readonly to: number }): string {
  return `dev ${port(to)} parent 1:${(from + 1).toString(16)} handle ${handle("netem", from)}`;
}

function bands(to: number, ends: readonly WanEnd[]): string[] {
  const device = `dev ${port(to)}`;
  // Every priority to the first band: the filters, by the sender's address, decide.
  const priorities = Array.from({ length: 16 }, () => 0).join(" ");
  return [
    `qdisc add ${device} root handle 1: prio bands ${Math.max(2, ends.length)} priomap ${priorities}`,
    ...ends.map(
      (end, from) =>
        `filter add ${device} parent 1: protocol all prio 1 flower src_mac ${end.hardwareAddress} classid 1:${(from + 1).toString(16)}`,
    ),
  ];
}

/** The two `tc` lines that make or change one direction. */
export function disciplines(verb: "add" | "replace", pipe: DirectedParameters, up: boolean): string[] {
  const { from, to, parameters } = pipe;
  const kind = parameters.rate === undefined ? "pfifo" : "tbf";
  const rate = `qdisc ${verb} dev ${port(to)} parent ${handle("netem", from)}1 handle ${handle(kind, from)}`;
  return [
    `qdisc ${verb} ${place(pipe)} netem ${netemArguments(parameters, up)}`,
    `${rate} ${rateArguments(parameters)}`,
  ];
}

function netemArguments({ delay, jitter, loss, burstLoss, reorder, duplicate }: PipeParameters, up: boolean) {
  const words = [`limit ${IN_DELAY_FRAMES}`, `delay ${microseconds(delay)}`];
  if (jitter > 0) words.push(microseconds(jitter));
  if (!up) words.push("loss random 100%");
  else if (burstLoss !== undefined) {
    const toGood = 1 / burstLoss.length;
    const toBad = (toGood * burstLoss.share) / (1 - burstLoss.share);
    words.push(`loss gemodel ${[toBad, toGood, 1, loss].map(percent).join(" ")}`);
  } else words.push(`loss random ${percent(loss)}`);
  if (duplicate > 0) words.push(`duplicate ${percent(duplicate)}`);
  // A change that does not name it leaves reordering as it was; without a delay there is none to be had.
  if (delay > 0) words.push(`reorder ${percent(reorder?.share ?? 0)}`);
  return words.join(" ");
}

function rateArguments({ rate, queue, maximumFrame }: PipeParameters): string {
  if (rate === undefined) return `pfifo limit ${UNLIMITED_FRAMES}`;
  // As much as the timer's own lateness takes, so that the rate is kept.
  const burst = Math.ceil(Math.max(2 * maximumFrame, (rate / 8) * 0.001));
  return `tbf rate ${Math.round(rate)}bit burst ${burst} limit ${Math.round(queue ?? UNLIMITED_BYTES)}`;
}

function pipeReport(from: number, to: number, disciplines: readonly QueueingDiscipline[]): PipeReport {
  const netem = disciplines.find((one) => one.handle === handle("netem", from));
  const rate = disciplines.find((one) => one.parent === `${handle("netem", from)}1`);
  const queueFull = rate?.drops ?? 0;
  const { packets = 0, bytes = 0, drops = 0, qlen = 0 } = netem ?? {};
  return {
    from,
    to,
    ...noFrames(),
    frames: packets + drops + qlen,
    bytes,
    lost: Math.max(0, drops - queueFull),
    queueFull,
    delivered: packets,
    refused: 0,
    overrun: 0,
    inFlight: qlen,
    lateness: new Lateness().report(),
  };
}

/** What was on the way when its discipline was removed is lost with it. */
function sum(before: PipeReport, now: PipeReport): PipeReport {
  return {
    ...now,
    frames: before.frames + now.frames,
    bytes: before.bytes + now.bytes,
    lost: before.lost + before.inFlight + now.lost,
    queueFull: before.queueFull + now.queueFull,
    delivered: before.delivered + now.delivered,
  };
}

function microseconds(nanoseconds: number): string {
  return `${(nanoseconds / 1000).toFixed(3)}us`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(6))}%`;
}
