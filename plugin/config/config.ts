/**
 * The configuration of one switch, as the rest of the plugin sees it: every default filled in, every text parsed.
 * Durations are milliseconds, sizes bytes, rates bits per second. `schema.ts` says how the YAML file writes them.
 */

import type { LookupTable } from "../../flows/table/index.js";
import type { TrafficClass } from "../edge/tcp/traffic-class.js";

export type Family = 4 | 6;

/** An IP address in its canonical text form (RFC 5952 for IPv6). */
export interface Address {
  readonly family: Family;
  readonly address: string;
}

/** An address and the length of its network's prefix. A network has no host bits; an interface address may have. */
export interface Prefix extends Address {
  readonly length: number;
}

/** An address and a UDP or TCP port. */
export interface Endpoint extends Address {
  readonly port: number;
}

/** The switch whose bridges the plugin attaches to. */
export interface OvsConfig {
  /** Where the Open_vSwitch database is served: `unix:PATH` or `tcp:HOST:PORT`. */
  readonly database: string;
  /** Folder of vswitchd's sockets; the bridge's OpenFlow service is `RUN_DIR/BRIDGE.mgmt`. */
  readonly runDir: string;
}

/** The local port: the internal port of the bridge by which the plugin is on the LAN. */
export interface PortConfig {
  readonly name: string;
  readonly addresses: readonly Prefix[];
  /** At most one of each family; each lies in the network of one of the addresses. */
  readonly gateways: readonly Address[];
  /** Other routers on the LAN; each lies in the network of one of the port's addresses, or of a trunk's. */
  readonly routes: readonly RouteConfig[];
  /** The VLAN of the LAN; absent: its frames have no tag. */
  readonly vlan?: number;
  /** Further VLANs. */
  readonly trunk: readonly TrunkConfig[];
  readonly mtu: number;
}

export interface RouteConfig {
  readonly to: Prefix;
  readonly via: Address;
}

/** An internal port for the hosts of one LAN. */
export interface LanConfig {
  readonly name: string;
  readonly vlan?: number;
  readonly addresses: readonly Prefix[];
}

export interface TrunkConfig extends LanConfig {
  readonly vlan: number;
}

/**
 * How packets that are taken reach the edge: `transparent`, with their addresses; `rewrite`: the switch rewrites them to an
 * address of the edge's own, and back.
 */
export type SteeringForm = "transparent" | "rewrite";

/** One bridge, and what is the plugin's there. What is shared by all owners of the host is different for each bridge. */
export interface BridgeConfig {
  readonly bridge: string;
  /** A bridge of our own to attach to, in front of the bridge's uplink; absent: the bridge itself. */
  readonly ownBridge?: { readonly name: string; readonly uplink: string };
  readonly form: SteeringForm;
  readonly port: PortConfig;
  /** The first entry that fits a connection decides. Peers that entries name are in `peers`. */
  readonly table: LookupTable;
  /** TCP port of the listener. No client ever addresses it. */
  readonly listenPort: number;
  readonly steering: SteeringConfig;
}

export interface MoverConfig {
  readonly listen: Endpoint;
  /** `listen` is an address of the host's own, not of the local port: the mover's UDP takes the host's routes. */
  readonly underlay: boolean;
  /** Peers prove who they are, and datagrams are sealed. */
  readonly encrypted: boolean;
  /** Bytes of UDP payload in one segment, at most; what the path takes is found out, from `leastSegmentSize` up. */
  readonly segmentSize: number;
  readonly leastSegmentSize: number;
  /** Bytes of one buffer before compression. */
  readonly bufferSize: number;
  /** `fixed` sends at `rateLimit`, whatever is lost. */
  readonly rate: "adaptive" | "fixed";
  /** The ceiling that the mover never sends above, or null: it finds the rate itself. */
  readonly rateLimit: number | null;
  /** Bytes of buffers that may wait for their missing segments. */
  readonly receiveWindow: number;
  /** Something is sent at least this often. */
  readonly keepalive: number;
  /** Silence after which a peer counts as gone: new connections pass, those under way wait. */
  readonly silentAfter: number;
  /** Silence after which the session is given up and its connections are reset. */
  readonly deadAfter: number;
}

/** `auto`: UDP, and TCP while UDP does not get through. */
export type LinkMode = "auto" | "udp" | "tcp";

export interface PeerConfig {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Its public key, 32 bytes; absent if datagrams are not encrypted. */
  readonly publicKey?: Uint8Array;
  /** What carries the mover's datagrams. */
  readonly link: LinkMode;
}

export interface TcpEdgeConfig {
  /** Bytes that a connection may have under way in one direction; it begins with less (`INITIAL_CREDIT`). */
  readonly creditMax: number;
  /** How long the far edge tries to reach the destination. */
  readonly connectTimeout: number;
  /** Ceiling on what all connections together may hold; past it new connections pass unaccelerated. */
  readonly memory: number;
}

/** What we take of name spaces that are shared with other owners of the bridge and of the host. */
export interface SteeringConfig {
  /** Which of several plugins on one bridge, 0 to 255: part of our flows' cookie. */
  readonly instance: number;
  /** Our flows in table 0 stand at this priority and the few above it. */
  readonly priority: number;
  /** First of our OpenFlow tables. */
  readonly firstTable: number;
  /** Number of the register that is ours. */
  readonly register: number;
  /** Ports of the bridge whose packets are never taken. */
  readonly passFrom: readonly string[];
  /** How long a connection may be silent before the switch forgets it … */
  readonly idle: number;
  /** … and how long once it has seen a FIN or RST. */
  readonly finIdle: number;
  /** Firewall mark of packets for our transparent sockets … */
  readonly mark: number;
  /** … and of packets that our own sockets send. */
  readonly ownMark: number;
  /** Host route table by which marked packets reach our transparent sockets … */
  readonly routeTable: number;
  /** … and by which our own packets leave through the local port. */
  readonly ownRouteTable: number;
  /** Priority of our `ip rule`s: this one and the next. */
  readonly rulePriority: number;
}

/** Ceilings past which new connections pass directly. */
export interface LimitsConfig {
  /** Connections that are being opened. */
  readonly opening: number;
  readonly openingPerPeer: number;
  /** Flows that each bridge has learned. */
  readonly switchFlows: number;
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

export interface Config {
  /** Name of this site; peers know us by it. */
  readonly site: string;
  /** Path of our private key; absent if datagrams are not encrypted, or there are no peers. */
  readonly keyFile?: string;
  readonly ovs: OvsConfig;
  /** At least one. */
  readonly bridges: readonly BridgeConfig[];
  /** `default` is always among them; those that entries name are. */
  readonly classes: ReadonlyMap<string, TrafficClass>;
  readonly mover: MoverConfig;
  readonly peers: ReadonlyMap<string, PeerConfig>;
  readonly edge: { readonly tcp: TcpEdgeConfig };
  readonly limits: LimitsConfig;
  /** What open connections get at a stop to come to their end. */
  readonly stop: { readonly drain: number };
  /** Path of the control socket. */
  readonly control: { readonly socket: string };
  readonly log: { readonly level: LogLevel };
}
