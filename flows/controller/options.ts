import type { ConnectionTimeouts, SwitchLayout } from "../pipeline/index.js";
import type { Family, LookupTable } from "../table/index.js";
import type { HeldPacket } from "./held-packets.js";

/** The plugin's port on the bridge, as it is now. */
export interface LocalPort {
  readonly name: string;
  /** OpenFlow port number. */
  readonly ofport: number;
  /** `aa:bb:cc:dd:ee:ff`. */
  readonly mac: string;
  /** Of the device in the host; another one after vswitchd has made the device anew. */
  readonly ifindex: number;
  /** Of the hosts that it serves. */
  readonly vlan?: number;
}

/** A port for the hosts of a further VLAN. */
export interface TrunkPort {
  readonly name: string;
  readonly vlan: number;
}

export interface SteeringOptions {
  /** The bridge's name, e.g. `br0`. */
  readonly bridge: string;
  /** The database of the switch. Default: `unix:` and `db.sock` in `runDirectory`. */
  readonly database?: string;
  /** Where vswitchd has its sockets. Default: `/var/run/openvswitch`. */
  readonly runDirectory?: string;
  /**
   * Attaches to a bridge of our own, between `bridge` and its port `uplink`; `bridge` gets no flow. See `OwnBridge`.
   * Default: attaches to `bridge` itself.
   */
  readonly ownBridge?: { readonly name: string; readonly uplink: string };
  /** The internal port that is made for the plugin. Default: `tpo0`. */
  readonly localPort?: string;
  /**
   * A tap device that this process has made and holds open for as long as it serves connections. It becomes a port of
   * the bridge; when it goes away, with the process or before, everything passes from that moment on. At most 15 bytes.
   */
  readonly canary: string;
  readonly table: LookupTable;
  /**
   * Called when the local ports have come or were made anew (vswitchd restarted), before anything is steered to them, and
   * when the link of one or the canary's is down: give the devices their addresses, links, routes and rules here. If it
   * throws, the state is `error`, and it is called again. It is also called again for devices that may be the same, so it
   * must not mind what is there already.
   */
  readonly prepareHost?: (ports: readonly LocalPort[]) => Promise<void> | void;
  /** Ports whose packets are never taken, by name: those towards the WAN. Default: none. */
  readonly passFrom?: readonly string[];
  /**
   * The VLAN of the hosts that are served, where they are in one: the local port joins it, and what is taken are frames
   * with its tag, and those without one from the VLAN's access ports. Default: none; then frames of no VLAN are taken.
   */
  readonly vlan?: number;
  /** Further VLANs that are served, each by an internal port of its own. Default: none. */
  readonly trunk?: readonly TrunkPort[];
  /**
   * Takes packets in the form `rewrite`: every SYN that is to be taken is held (`wanted: "take"`), and of its connection
   * what `translate` has been told of. Default: `transparent`, in which packets keep their addresses.
   */
  readonly rewrite?: boolean;
  /** IPv6 is taken only where the host side handles it. Default: `["ipv4"]`. */
  readonly families?: readonly Family[];
  /** Which of several plugins on one bridge: 0 to 255. Default: 0. */
  readonly instance?: number;
  readonly layout?: Partial<SwitchLayout>;
  /** Default: 600 s, and 45 s after a FIN or RST. Both must be well above the edges' keepalive interval. */
  readonly timeouts?: Partial<ConnectionTimeouts>;
  /** Flows that the switch may learn for connections; past it nothing new is taken until they are half as many. Default: 200000. */
  readonly connectionLimit?: number;
}

/** Timeouts in seconds. */
export const DEFAULTS = { timeouts: { idle: 600, finIdle: 45 }, connectionLimit: 200_000 } as const;

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
  /** Those of the VLANs beside it. */
  readonly trunk?: readonly LocalPort[];
  /** The peers whose connections are taken. */
  readonly peersUp: readonly string[];
  /** Our flows on the switch, without those of connections. */
  readonly flows: number;
  /** How often flows of ours were missing or changed and were put back. */
  readonly repairs: number;
  /** Flows that the switch has learned for connections, one for each direction that it sees. */
  readonly connections: number;
  /** They are too many: nothing new is taken. */
  readonly crowded: boolean;
}

export interface SteeringEvents {
  state: [status: SteeringStatus];
  /** The switch has been looked after: it holds so many flows of ours, as table and peers say. */
  installed: [flows: number];
  /** Flows of ours had been changed or removed by someone else, and are back. */
  repaired: [changed: number];
  /** The switch has learned flows for more connections than it may, or for half of that at last. */
  crowded: [crowded: boolean];
  /** The switch holds a connection's first packet and waits to be told what is to become of it. */
  held: [packet: HeldPacket];
}
