/**
 * What the daemon says of itself: the answer to `status` on the control socket.
 *
 * Every state has a name, and a reason in words where it is not the wanted one. Times are milliseconds, sizes bytes,
 * rates bits per second. Field names are those of the JSON that `ovs-tpo status --json` prints.
 */

/** A named state: what the steering, a session or the whole says of itself. */
export interface Condition {
  readonly state: string;
  /** Why the state is not the wanted one; empty when it is. */
  readonly reason: string;
}

export interface SteeringStatus extends Condition {
  readonly bridge: string;
  readonly port: string;
  /** OpenFlow number of the local port, or null while it has none. */
  readonly ofport: number | null;
  readonly mac: string | null;
  /** Flows of ours that are installed, without those of connections. */
  readonly flows: number;
  /** How often flows of ours were missing or changed and were put back. */
  readonly repairs: number;
  /** Flows that the bridge has learned for connections, one for each direction that it sees. */
  readonly connections: number;
}

export interface PeerStatus extends Condition {
  /** Where the peer's mover is now: `address:port`. */
  readonly address: string;
  /** What carries the mover's datagrams to it. */
  readonly link: "udp" | "tcp";
  /** How datagrams are protected. */
  readonly encryption: "aes-256-gcm" | "off";
  readonly rtt_ms: number | null;
  /** What the mover may send to the peer at this moment. */
  readonly rate_bps: number | null;
  /** UDP payload of a full segment: what the path has been seen to take. */
  readonly segment_bytes: number | null;
  readonly sent_bytes: number;
  readonly received_bytes: number;
  readonly sent_segments: number;
  /** Of these, the ones that had been sent before … */
  readonly retransmitted_segments: number;
  /** … and of those, the ones whose first had arrived after all. */
  readonly spurious_segments: number;
  /** Those of the peer's that were lost, and found by its repair datagrams. */
  readonly repaired_segments: number;
}

export interface ConnectionsStatus {
  readonly open: number;
  /** Since the start. */
  readonly total: number;
  /** Being opened, here or at the far site; a part of `open`. */
  readonly opening: number;
  /** Of those, the ones that ended in an error. */
  readonly failed: number;
  /** Those that are open, by the names of their classes at the sites that opened them. */
  readonly classes: Readonly<Record<string, number>>;
}

/** What became of SYNs that were handed to the plugin, see `HeldSynsCounts`. */
export interface HeldStatus {
  readonly waiting: number;
  readonly taken: number;
  readonly refused: number;
  readonly direct: number;
}

export interface Status extends Condition {
  readonly site: string;
  readonly version: string;
  readonly pid: number;
  readonly uptime_ms: number;
  /** Of the bridge that is not in sync, or else of the first. */
  readonly steering: SteeringStatus;
  /** Of all bridges. */
  readonly bridges: readonly SteeringStatus[];
  readonly peers: Readonly<Record<string, PeerStatus>>;
  readonly connections: ConnectionsStatus;
  readonly held: HeldStatus;
  /** While it is about to stop: connections that it waits for, and how long yet; else null. */
  readonly draining: { readonly open: number; readonly remaining_ms: number } | null;
  /** Of the applications, uncompressed: taken from the LAN here and delivered to the LAN here. */
  readonly bytes: { readonly taken: number; readonly delivered: number };
  /** Those of the ceilings that are passed now, by the names of their fields, for which new connections pass directly. */
  readonly ceilings: readonly string[];
  readonly memory: {
    /** Held by connections, and its ceiling. */
    readonly edge_bytes: number;
    readonly edge_limit_bytes: number;
    /** Connections that were reset at the ceiling, since nobody held more than they. */
    readonly shed_connections: number;
    /** Resident set of the process. */
    readonly resident_bytes: number;
    /** Of JavaScript, on the main thread. */
    readonly heap_bytes: number;
  };
}

/** The states that are wanted: of the steering and of the whole, and of a session. */
const inSync = "in-sync";
const up = "up";

export function isInSync(condition: Condition): boolean {
  return condition.state === inSync;
}

/** The state of the whole while it is about to stop. */
export function drainingCondition({ open }: NonNullable<Status["draining"]>): Condition {
  return {
    state: "draining",
    reason: `it is about to stop, ${open} connections are open; new ones pass directly`,
  };
}

/**
 * The state of the whole: that of the steering while it is not in sync, else that of the first peer whose session is
 * not up (as `peer-STATE`), else `in-sync`. Between steering and peers: `full`, for the reason given.
 */
export function overall(
  steering: Condition,
  peers: Readonly<Record<string, Condition>>,
  full = "",
): Condition {
  if (!isInSync(steering)) return { state: steering.state, reason: steering.reason };
  if (full !== "") return { state: "full", reason: `${full}; new connections pass directly` };
  const [name, peer] = Object.entries(peers).find(([, { state }]) => state !== up) ?? [];
  if (peer === undefined) return { state: inSync, reason: "" };
  return { state: `peer-${peer.state}`, reason: [`peer ${name}`, peer.reason].filter(Boolean).join(": ") };
}
