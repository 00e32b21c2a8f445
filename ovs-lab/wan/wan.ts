import type { EmulatorReport } from "./control.js";
import type { DirectedParameters } from "./lane.js";

/** A router's end of the WAN. */
export interface WanEnd {
  /** Network namespace, by name. */
  readonly namespace: string;
  /** Ethernet address that its device will have. */
  readonly hardwareAddress: string;
}

/**
 * What lies between the routers: it puts a device into each one's namespace and carries Ethernet frames from one to
 * another. Directions are given by the ends' indices.
 */
export interface Wan {
  /** Returns when the devices are there. */
  start(pipes: readonly DirectedParameters[]): Promise<void>;
  /** Changes some pipes; frames on their way keep their time. */
  set(pipes: readonly DirectedParameters[]): Promise<void>;
  /** A link that goes down loses what is on it, and the routers are not told. */
  link(up: boolean): Promise<void>;
  /** With `reset`, lateness counts anew from here on. */
  report(reset?: boolean): Promise<WanReport>;
}

/** netem does not know its own lateness, and not every cause of a drop. */
export type WanReport = EmulatorReport;
