import type { ChildProcess } from "node:child_process";
import type { Lab } from "../lab.js";
import type { WanSettings } from "../wan/settings.js";

export const contenderNames = [
  "ovs-tpo",
  "cubic",
  "bbr",
  "split",
  "kcptun",
  "kcptun-default",
  "ssh",
] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Where the load's source listens, on every site b's host. */
export const SOURCE_PORT = 9400;

/** A way from a client at site a to a source at site b, and what has to run for it. */
export interface Contender {
  readonly name: ContenderName;
  /** For people: what it is, with its settings, congestion control and encryption. */
  readonly description: string;
  /** The lab's nodes; `server` is the one whose source answers in the end. */
  readonly client: string;
  readonly server: string;
  /** What the client connects to. */
  readonly address: string;
  readonly port: number;
  /** Starts what runs beside the lab; returns when it can be connected to. @throws BenchError `CONTENDER_FAILED`, `NOT_INSTALLED` */
  start(lab: Lab, wan: WanSettings): Promise<void>;
  /** Ends it; nothing to do where nothing runs. */
  stop(): Promise<void>;
  /** What runs for it beside the lab, by what it is called. */
  readonly processes: Readonly<Record<string, ChildProcess>>;
}

/** The pair of hosts of that number: each way has its own, so that what one sets up is in no other's way. */
export function hostPair(number: number): Pick<Contender, "client" | "server" | "address" | "port"> {
  return {
    client: `a-host${number}`,
    server: `b-host${number}`,
    address: `10.2.0.${10 + number}`,
    port: SOURCE_PORT,
  };
}

/** Of the lab: every way's pair of hosts. */
export const HOSTS = 5;
