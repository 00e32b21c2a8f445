import { randomBytes } from "node:crypto";
import { type Database, operations } from "ovsdb-client";
import {
  addPort,
  deletePort,
  findBridge,
  findInterface,
  findPort,
  type SwitchTables,
} from "ovsdb-client/open-vswitch";

/** The ports that the pipeline speaks of, as the database has them. */
export interface PortNumbers {
  /** OpenFlow port numbers, like `canary` and `passFrom`. */
  readonly local: number;
  readonly canary: number;
  readonly passFrom: readonly number[];
  /** Of the local port's device. */
  readonly ifindex: number;
  /** The address that the local port was asked to have. What it has, the database may never say: ask the bridge. */
  readonly mac: string | undefined;
}

export type PortsView =
  | { readonly state: "no-bridge" }
  /** Ours are to be added, or a predecessor's removed. */
  | { readonly state: "unsettled"; readonly reason: string }
  | { readonly state: "pending"; readonly reason: string }
  | ({ readonly state: "ready" } & PortNumbers);

export interface SwitchPortsOptions {
  readonly bridge: string;
  readonly localPort: string;
  readonly canary: string;
  readonly passFrom: readonly string[];
  readonly instance: number;
  /** Of the local port. */
  readonly vlan: number | undefined;
}

const op = operations<SwitchTables>();

/** The key in `external_ids` that says that a port is ours; its value is the instance. */
export const OWNER_KEY = "ovs-tpo";

/** vswitchd gives its internal ports the least MTU of all others, among which the canary must not count: a tap's most. */
const CANARY_MTU = 65521;

/** OpenFlow 1.1 and later put the reserved ports, of which `OFPP_LOCAL` is one, at the end of 32 bits. */
const FIRST_RESERVED_PORT = 0xff00;
const RESERVED_PORT_BASE = 0xffff0000;

/** Our two ports in the switch's database: added, followed, removed. */
export class SwitchPorts {
  readonly #db: Database<SwitchTables>;
  readonly #options: SwitchPortsOptions;
  readonly #owner: Readonly<Record<string, string>>;

  constructor(db: Database<SwitchTables>, options: SwitchPortsOptions) {
    this.#db = db;
    this.#options = options;
    this.#owner = { [OWNER_KEY]: String(options.instance) };
  }

  /** What the database, which must be synchronised, says now. */
  view(): PortsView {
    const { bridge, localPort, canary, passFrom } = this.#options;
    const replica = this.#db.replica;
    const row = findBridge(replica, bridge);
    if (!row) return { state: "no-bridge" };
    for (const name of [localPort, canary]) {
      const port = findPort(replica, name);
      if (!port || !this.#isOurs(port)) return { state: "unsettled", reason: `adding port ${name}` };
    }
    if (findPort(replica, localPort)?.tag !== this.#options.vlan) {
      return { state: "unsettled", reason: `putting port ${localPort} into its VLAN` };
    }
    const [left] = this.#leftovers();
    if (left !== undefined)
      return { state: "unsettled", reason: `removing port ${left} of an earlier process` };

    const numbers = new Map<string, readonly number[]>();
    for (const name of [localPort, canary, ...passFrom]) {
      const port = findPort(replica, name);
      if (!port || !row.ports.includes(port._uuid)) {
        return { state: "pending", reason: `port ${name} is not on ${bridge}` };
      }
      const interfaces = port.interfaces.map((uuid) => replica.table("Interface").get(uuid));
      const waiting = interfaces.find((device) => device?.ofport === undefined || device.ofport <= 0);
      if (waiting !== undefined || interfaces.length === 0) {
        const why = waiting?.error ?? "the switch has not taken it up yet";
        return { state: "pending", reason: `port ${name}: ${why}` };
      }
      numbers.set(
        name,
        interfaces.map((device) => openFlowPort(Number(device!.ofport))),
      );
    }
    const { ifindex, mac } = findInterface(replica, localPort)!;
    if (ifindex === undefined) return { state: "pending", reason: `port ${localPort} has no device yet` };
    return {
      state: "ready",
      local: numbers.get(localPort)![0]!,
      canary: numbers.get(canary)![0]!,
      passFrom: passFrom.flatMap((name) => numbers.get(name)!),
      ifindex,
      mac,
    };
  }

  /** Adds what is missing. Throws `PortError` where a name is taken by a port that is not ours. */
  async add(): Promise<void> {
    const { bridge, localPort, canary, vlan } = this.#options;
    for (const name of this.#leftovers()) await deletePort(this.#db, { bridge, name, owner: this.#owner });
    // The address stays in the database, so that the neighbours' caches hold after vswitchd has made the device anew.
    const mac = findInterface(this.#db.replica, localPort)?.mac ?? randomMac();
    await addPort(this.#db, { bridge, name: localPort, type: "internal", owner: this.#owner, mac });
    await this.#db.transact([op.update("Port", [["name", "==", localPort]], { tag: vlan })]);
    await addPort(this.#db, { bridge, name: canary, type: "", owner: this.#owner, mtu: CANARY_MTU });
  }

  /** All ports of ours on the bridge, those of an earlier process as well. */
  names(): string[] {
    const ports = findBridge(this.#db.replica, this.#options.bridge)?.ports ?? [];
    return ports
      .map((uuid) => this.#db.replica.table("Port").get(uuid))
      .flatMap((port) => (port !== undefined && this.#isOurs(port) ? [port.name] : []));
  }

  async remove(): Promise<void> {
    for (const name of this.names()) {
      await deletePort(this.#db, { bridge: this.#options.bridge, name, owner: this.#owner });
    }
  }

  #isOurs(port: SwitchTables["Port"]): boolean {
    return port.external_ids.get(OWNER_KEY) === this.#owner[OWNER_KEY];
  }

  /** Ports of ours with names that are no longer in use. */
  #leftovers(): string[] {
    const { localPort, canary } = this.#options;
    return this.names().filter((name) => name !== localPort && name !== canary);
  }
}

function openFlowPort(ofport: number): number {
  return ofport < FIRST_RESERVED_PORT ? ofport : RESERVED_PORT_BASE + ofport;
}

/** A random unicast address of the locally administered kind (IEEE 802-2014 §8.4). */
function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
