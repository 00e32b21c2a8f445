import { cpus, release } from "node:os";
import type { WanSettings } from "../wan/settings.js";
import type { Tally } from "./capture.js";
import type { FileName, TransferPlan } from "./plan.js";
import type { ProcessorTime } from "./processor-time.js";
import type { Sample } from "./series.js";
import type { WanAccount } from "./wan-account.js";

/** One download and all that was seen of it. Sizes are bytes, times seconds. */
export interface Run {
  readonly file: FileName;
  readonly path: TransferPlan["path"];
  /** What the server's TCP used, as the kernel said during the transfer; null if it was over before it was asked. */
  readonly congestion_control: string | null;
  /** What it was meant to use. */
  readonly congestion_control_wanted: TransferPlan["congestionControl"];
  readonly client_node: string;
  readonly server_node: string;
  readonly size: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly seconds_to_first_byte: number;
  /** It was ended by the limit, before the whole file had come. */
  readonly stopped: boolean;
  /** Of the file's bytes, 10^6 bits per second. */
  readonly mbit_s: number;
  readonly sha256: string;
  /** Of as many bytes of the file that was served. */
  readonly sha256_expected: string;
  /** The connection's client end, as the client and as the server saw it. */
  readonly client_address: string;
  readonly client_address_at_server: string;
  readonly samples: readonly Sample[];
  readonly wan: readonly WanAccount[];
  readonly cpu_seconds: ProcessorTime;
  readonly capture: {
    /** The first packets on the WAN, of any kind. */
    readonly first: Tally;
    /** From the first to the last: those from or to the download's own hosts, up to a bound. */
    readonly hosts: Tally;
  };
}

/** Something that the demo shows, and whether it did. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  /** In words, for people. */
  readonly finding: string;
}

export interface Machine {
  readonly kernel: string;
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly ovs: string;
}

/** What `--json` writes. */
export interface DemoResult {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly conditions: WanSettings & {
    readonly datapath: string;
    readonly emulation: string;
    readonly seed: number;
  };
  readonly runs: readonly Run[];
  readonly checks: readonly Check[];
  readonly passed: boolean;
}

export function machine(ovs: string): Machine {
  const [first] = cpus();
  return {
    kernel: release(),
    processor: first?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    ovs,
  };
}
