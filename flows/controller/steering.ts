import { EventEmitter } from "node:events";
import type { LookupTable } from "../table/index.js";
import type { SteeringEvents, SteeringOptions, SteeringStatus } from "./options.js";

/** Keeps the flows of the look-up table on a bridge, from `start` to `stop`, whatever becomes of vswitchd and OVSDB. */
export declare class Steering extends EventEmitter<SteeringEvents> {
  constructor(options: SteeringOptions);
  /** Begins; returns at once. Also removes what an earlier process has left on the bridge. */
  start(): void;
  /** Takes flows and ports off the bridge, which is then as it was found. Resolves also where the switch is gone. */
  stop(): Promise<void>;
  /** The peers whose sessions are up: new connections to these alone are taken. */
  setPeersUp(peers: Iterable<string>): void;
  setTable(table: LookupTable): void;
  status(): SteeringStatus;
  /** Resolves when the state is `in-sync`. */
  ready(options?: { timeout?: number }): Promise<void>;
}
