import type { CallOptions, Database } from "../database.js";
import type { BridgeRow, InterfaceRow, OpenVSwitch, PortRow } from "./schema.js";

export interface PortSpecification {
  bridge: string;
  /** Of the port and of its interface: at most 15 bytes, as Linux has it. */
  name: string;
  /** `internal` for a port that the switch makes, "" for a device that is there already (e.g. a tap). */
  type: string;
  /** Marks the owner on port and interface, e.g. `{ "owner": "site-a" }`. A port without these marks is another's. */
  owner: Readonly<Record<string, string>>;
  /** A MAC address for an internal port. */
  mac?: string;
}

export declare function findBridge(db: Database<OpenVSwitch>, name: string): BridgeRow | undefined;
export declare function findPort(db: Database<OpenVSwitch>, name: string): PortRow | undefined;
export declare function findInterface(db: Database<OpenVSwitch>, name: string): InterfaceRow | undefined;
/** The bridge's version of Open vSwitch, as `Open_vSwitch.ovs_version` has it. */
export declare function switchVersion(db: Database<OpenVSwitch>): string | undefined;
/**
 * Makes sure that the port is on the bridge, in one transaction; what is there already stays. Throws `PortConflictError` where
 * the name is taken by a port of another bridge or another owner.
 */
export declare function addPort(
  db: Database<OpenVSwitch>,
  port: PortSpecification,
  options?: CallOptions,
): Promise<void>;
/** Takes the port off the bridge if it carries the owner's marks. Returns whether there was one. */
export declare function deletePort(
  db: Database<OpenVSwitch>,
  port: Pick<PortSpecification, "bridge" | "name" | "owner">,
  options?: CallOptions,
): Promise<boolean>;
/** Resolves when the interface has an OpenFlow port number (above 0); the error names `Interface.error` otherwise. */
export declare function waitForPort(
  db: Database<OpenVSwitch>,
  name: string,
  options?: CallOptions,
): Promise<{ ofport: number; mac: string | undefined; interface: InterfaceRow }>;
