import type { LookupTable } from "../table/index.js";

/** The plugin's port on the bridge, as it is now. */
export interface LocalPort {
  readonly name: string;
  /** OpenFlow port number. */
  readonly ofport: number;
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly mac: string;
  /** Of the device in the host; another one after vswitchd has made the device anew. */
  readonly ifindex: number;
}

export interface SteeringOptions {
  /** The bridge's name, e.g. `br0`. */
  readonly bridge: string;
  /** The database of the switch. Default: `unix:` and `db.sock` in `runDirectory`. */
  readonly database?: string;
  /** Where vswitchd has its sockets. Default: `/var/run/openvswitch`. */
  readonly runDirectory?: string;
  /** The internal port that is made for the plugin. Default: `tpo0`. */
  readonly localPort?: string;
  /**
   * A tap device that this process has made and holds open for as long as it serves connections. It becomes a port of
   * the bridge; when it goes away, with the process or before, everything passes from that moment on. At most 15 bytes.
   */
  readonly canary: string;
  readonly table: LookupTable;
  /**
   * Called when the local port has come or was made anew (vswitchd restarted), before anything is steered to it: give the
   * device its addresses, routes and rules here. If it throws, the state is `error`, and it is called again.
   */
  readonly prepareHost?: (port: LocalPort) => Promise<void> | void;
  /** Ports whose packets are never taken, by name: those towards the WAN. Default: none. */
  readonly passFrom?: readonly string[];
  /** IPv6 is taken only where the host side handles it. Default: `["ipv4"]`. */
  readonly families?: readonly ("ipv4" | "ipv6")[];
  /** Which of several plugins on one bridge: 0 to 255. Default: 0. */
  readonly instance?: number;
  readonly layout?: Partial<SwitchLayout>;
  /** Seconds. */
  readonly timeouts?: Partial<ConnectionTimeouts>;
}

/** What is ours of the resources that all owners of the bridge's flows share. */
export interface SwitchLayout {
  /** Our flows in table 0 stand at this priority and the three above it. Default: 60000. */
  readonly priority: number;
  /** The first of our `TABLE_COUNT` tables. Default: 200. */
  readonly firstTable: number;
  /** The register, 0 to 15, that our flows use; other owners' flows must leave it alone. Default: 15. */
  readonly register: number;
}

export interface ConnectionTimeouts {
  /** A connection of which the switch sees nothing for so long is forgotten. Default: 600. */
  readonly idle: number;
  /** The same, once it has seen a FIN or RST. It must be well above the edges' keepalive interval. Default: 45. */
  readonly finIdle: number;
}

/**
 * | state | waits for |
 * |---|---|
 * | `stopped` | `start()` |
 * | `connecting-ovsdb` | the switch's database |
 * | `no-bridge` | the bridge in the database |
 * | `port-pending` | vswitchd to give the ports their numbers and devices, and `prepareHost` |
 * | `connecting-openflow` | the bridge's management socket |
 * | `syncing` | the switch's answers while its flows are brought in line |
 * | `in-sync` | nothing: the flows are as they should be |
 * | `stopping` | the removal of flows and ports |
 * | `error` | the next attempt; `reason` says what failed |
 */
export type SteeringState =
  | "stopped"
  | "connecting-ovsdb"
  | "no-bridge"
  | "port-pending"
  | "connecting-openflow"
  | "syncing"
  | "in-sync"
  | "stopping"
  | "error";

export interface SteeringStatus {
  readonly state: SteeringState;
  /** Why it is in that state, where that says more than the state. */
  readonly reason?: string;
  readonly bridge: string;
  readonly port?: LocalPort;
  readonly peersUp: readonly string[];
  /** Our flows on the switch, without those of connections. */
  readonly flows: number;
  /** How often flows of ours were missing or changed and were put back. */
  readonly repairs: number;
}

export interface SteeringEvents {
  state: [status: SteeringStatus];
  /** Flows of ours had been changed or removed by someone else, and are back. */
  repaired: [changed: number];
}
