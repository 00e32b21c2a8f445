import { checkName } from "../options.js";
import { bad, parseBytes, parseRate } from "../units.js";
import { defaultWan, pipeParameters, type WanSettings } from "../wan/settings.js";

/** What the command line may say; quantities are text, as the lab writes them. */
export interface DemoOptions {
  readonly name?: string;
  readonly size?: string;
  readonly rate?: string;
  readonly rtt?: string;
  readonly loss?: string;
  readonly quick?: boolean;
  readonly keep?: boolean;
  readonly json?: string;
  readonly svg?: string;
}

export type FileName = "data" | "text";

/** One download: which file, on which way, and how long at most. */
export interface TransferPlan {
  readonly file: FileName;
  readonly path: "direct" | "ovs-tpo";
  /** Of the server's TCP. On the way through ovs-tpo it crosses the LAN only. */
  readonly congestionControl: "cubic" | "bbr";
  /** Seconds after which what has come by then is the result. */
  readonly limit: number;
}

export interface DemoPlan {
  /** The lab's. */
  readonly name: string;
  readonly wan: WanSettings;
  /** Bytes of each file. */
  readonly size: number;
  readonly transfers: readonly TransferPlan[];
  readonly keep: boolean;
  readonly json: string | undefined;
  readonly svg: string;
}

/** The conditions that the demo is about: a good link, but long, and one frame in a hundred is lost each way. */
export const demoWan: WanSettings = {
  ...defaultWan,
  rate: "100mbit",
  rtt: "100ms",
  loss: "1%",
  queue: "1bdp",
};

const LEAST_SIZE = 64e3;
const MOST_SIZE = 4e9;
const DEFAULT_SIZE_RANGE = [4e6, 400e6] as const;
const UNLIMITED_RATE = 400e6;

/**
 * A file takes 16 seconds at the link's full rate, the limits keep the whole below 3 minutes whatever the conditions
 * are: cubic's is by intention shorter than cubic needs, its result is a rate and not a file.
 */
const FULL = { fileSeconds: 16, cubicLimit: 20, limit: 35 } as const;
const QUICK = { fileSeconds: 3, cubicLimit: 4, limit: 15 } as const;

/** @throws LabError `BAD_OPTION` */
export function planDemo(options: DemoOptions): DemoPlan {
  const {
    name = "demo",
    rate,
    rtt,
    loss,
    quick = false,
    keep = false,
    json,
    svg = "demo-throughput.svg",
  } = options;
  const given = Object.entries({ rate, rtt, loss }).filter(([, value]) => value !== undefined);
  const wan: WanSettings = { ...demoWan, ...Object.fromEntries(given) };
  pipeParameters(wan);
  const times = quick ? QUICK : FULL;
  const data = (
    path: TransferPlan["path"],
    congestionControl: TransferPlan["congestionControl"],
    limit: number,
  ) => ({ file: "data", path, congestionControl, limit }) as const;
  const transfers: TransferPlan[] = [
    data("direct", "cubic", times.cubicLimit),
    data("direct", "bbr", times.limit),
    data("ovs-tpo", "cubic", times.limit),
    ...(quick ? [] : [{ ...data("direct", "bbr", times.limit), file: "text" } as const]),
    { ...data("ovs-tpo", "cubic", times.limit), file: "text" },
  ];
  return {
    name: checkName(name),
    wan,
    size: options.size === undefined ? defaultSize(wan, times.fileSeconds) : parseSize(options.size),
    transfers,
    keep,
    json,
    svg,
  };
}

function parseSize(text: string): number {
  const size = parseBytes("size", text);
  if (Number.isInteger(size) && size >= LEAST_SIZE && size <= MOST_SIZE) return size;
  throw bad("size", text, "64kb to 4gb");
}

function defaultSize({ rate }: WanSettings, seconds: number): number {
  const bytes = ((parseRate("rate", rate) ?? UNLIMITED_RATE) / 8) * seconds;
  const [least, most] = DEFAULT_SIZE_RANGE;
  return Math.round(Math.min(most, Math.max(least, bytes)));
}

/** What a transfer is called, in the progress, the table and the chart. */
export function label({ path, congestionControl }: Pick<TransferPlan, "path" | "congestionControl">): string {
  return path === "direct" ? `direct, ${congestionControl}` : "through ovs-tpo";
}
