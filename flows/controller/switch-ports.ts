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
import type { AccessPort, RestrictedPort } from "../pipeline/index.js";
import type { SteeringOptions } from "./options.js";
import { OwnBridge } from "./own-bridge.js";
import { OWNER_KEY } from "./owner.js";

/** The ports that the pipeline speaks of, as the database has them. */
export interface PortNumbers {
  readonly local: readonly LocalNumbers[];
  /** OpenFlow port numbers, like `passFrom`. */
  readonly canary: number;
  readonly passFrom: readonly number[];
  readonly access: readonly AccessPort[];
  readonly restricted: readonly RestrictedPort[];
}

export interface LocalNumbers {
  readonly name: string;
  /** OpenFlow port number. */
  readonly ofport: number;
  /** Of the port's device. */
  readonly ifindex: number;
  /** The address that it was asked to have. What it has, the database may never say: ask the bridge. */
  readonly mac: string | undefined;
  readonly vlan?: number;
}

export type PortsView =
  | { readonly state: "no-bridge"; readonly reason: string }
  /** Ours are to be added, or a predecessor's removed. */
  | { readonly state: "unsettled"; readonly reason: string }
  | { readonly state: "pending"; readonly reason: string }
  | ({ readonly state: "ready" } & PortNumbers);

export interface SwitchPortsOptions {
  readonly bridge: string;
  /** The internal ports, at least one. */
  readonly local: readonly { readonly name: string; readonly vlan?: number }[];
  readonly canary: string;
  readonly passFrom: readonly string[];
  readonly instance: number;
  /** Present where our ports are on a bridge of our own, which has to be there first: `bridge` is that. */
  readonly own: OwnBridge | undefined;
}

/** Another process with our instance is attached to the bridge. */
export class RivalError extends Error {
  readonly code = "rival";

  constructor(bridge: string, instance: number, canary: string) {
    super(
      `another ovs-tpo with instance ${instance} is attached to ${bridge} (its port ${canary} is up): stop it, or give this ` +
        "one a steering.instance, register and first_table of its own",
    );
    this.name = "RivalError";
  }
}

const op = operations<SwitchTables>();

/** vswitchd gives its internal ports the least MTU of all others, among which the canary must not count: a tap's most. */
const CANARY_MTU = 65521;

/** OpenFlow 1.1 and later put the reserved ports, of which `OFPP_LOCAL` is one, at the end of 32 bits. */
const FIRST_RESERVED_PORT = 0xff00;
const RESERVED_PORT_BASE = 0xffff0000;

/** Our ports in the switch's database: added, followed, removed. */
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
    const { bridge, local, canary, passFrom } = this.#options;
    const replica = this.#db.replica;
    const lacking = this.#options.own?.lacking;
    if (lacking) return lacking;
    const row = findBridge(replica, bridge);
    if (!row) return { state: "no-bridge", reason: `there is no bridge ${bridge}` };
    for (const name of this.#names) {
      const port = findPort(replica, name);
      if (!port || !this.#isOurs(port)) return { state: "unsettled", reason: `adding port ${name}` };
    }
    const astray = local.find(({ name, vlan }) => findPort(replica, name)?.tag !== vlan);
    if (astray) return { state: "unsettled", reason: `putting port ${astray.name} into its VLAN` };
    const [left] = this.#leftovers();
    if (left !== undefined)
      return { state: "unsettled", reason: `removing port ${left} of an earlier process` };

    const numbers = new Map<string, readonly number[]>();
    for (const name of [...this.#names, ...passFrom]) {
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
    const found: LocalNumbers[] = [];
    for (const port of local) {
      const { ifindex, mac } = findInterface(replica, port.name)!;
      if (ifindex === undefined) return { state: "pending", reason: `port ${port.name} has no device yet` };
      found.push({ ...port, ofport: numbers.get(port.name)![0]!, ifindex, mac });
    }
    return {
      state: "ready",
      local: found,
      canary: numbers.get(canary)![0]!,
      passFrom: passFrom.flatMap((name) => numbers.get(name)!),
      access: this.#accessPorts(row),
      restricted: this.#restrictedPorts(row),
    };
  }

  /**
   * The others' ports in a VLAN that their frames do not name: access ports, and those with a native VLAN
   * (ovs-vswitchd.conf.db(5), `vlan_mode`).
   */
  #accessPorts(bridge: SwitchTables["Bridge"]): AccessPort[] {
    return this.#otherPorts(bridge).flatMap(({ port, numbers }) => {
      const { tag: vlan, vlan_mode } = port;
      if (vlan === undefined || vlan_mode === "trunk") return [];
      return numbers.map((ofport) => ({ ofport, vlan }));
    });
  }

  /** The others' ports that do not take in frames of each VLAN. */
  #restrictedPorts(bridge: SwitchTables["Bridge"]): RestrictedPort[] {
    return this.#otherPorts(bridge).flatMap(({ port, numbers }) => {
      const tags = admittedTags(port);
      return tags === undefined ? [] : numbers.map((ofport) => ({ ofport, tags }));
    });
  }

  #otherPorts({ ports }: SwitchTables["Bridge"]) {
    const { replica } = this.#db;
    return ports.flatMap((uuid) => {
      const port = replica.table("Port").get(uuid);
      if (port === undefined || this.#isOurs(port)) return [];
      const numbers = port.interfaces
        .map((device) => Number(replica.table("Interface").get(device)?.ofport))
        .filter((number) => number > 0)
        .map(openFlowPort);
      return [{ port, numbers }];
    });
  }

  /**
   * Adds what is missing. Throws `PortError` where a name is taken by a port that is not ours, and `RivalError` where
   * another process with our instance is attached.
   */
  async add(): Promise<void> {
    const { bridge, local, canary, instance, own } = this.#options;
    const rival = this.rival();
    if (rival !== undefined) throw new RivalError(bridge, instance, rival);
    if (own?.lacking) await own.add();
    for (const name of this.#leftovers()) await deletePort(this.#db, { bridge, name, owner: this.#owner });
    for (const { name, vlan } of local) {
      // The address stays in the database, so that the neighbours' caches hold after vswitchd has made the device anew.
      const mac = findInterface(this.#db.replica, name)?.mac ?? randomMac();
      await addPort(this.#db, { bridge, name, type: "internal", owner: this.#owner, mac });
      await this.#db.transact([op.update("Port", [["name", "==", name]], { tag: vlan })]);
    }
    await addPort(this.#db, { bridge, name: canary, type: "", owner: this.#owner, mtu: CANARY_MTU });
  }

  /** All ports of ours on the bridge, those of an earlier process as well. */
  names(): string[] {
    const ports = findBridge(this.#db.replica, this.#options.bridge)?.ports ?? [];
    return ports
      .map((uuid) => this.#db.replica.table("Port").get(uuid))
      .flatMap((port) => (port !== undefined && this.#isOurs(port) ? [port.name] : []));
  }

  /**
   * The canary of another living process that has our instance, and so takes our ports and flows for its own, if there is
   * one: a process that has died takes its canary's link with it. Of two that have come at the same moment, and so have both
   * got their canaries on the bridge, the one whose canary comes first by name stays.
   */
  rival(): string | undefined {
    const { canary } = this.#options;
    const present = this.names().includes(canary);
    const isAlive = (name: string) => {
      const device = findInterface(this.#db.replica, name);
      return device?.type === "" && device.link_state === "up";
    };
    return this.#leftovers().find((name) => isAlive(name) && !(present && canary < name));
  }

  async remove(): Promise<void> {
    for (const name of this.names()) {
      await deletePort(this.#db, { bridge: this.#options.bridge, name, owner: this.#owner });
    }
  }

  /** Takes the bridge of our own away, from which our ports have gone. */
  async removeBridge(): Promise<void> {
    await this.#options.own?.remove();
  }

  #isOurs(port: SwitchTables["Port"]): boolean {
    return port.external_ids.get(OWNER_KEY) === this.#owner[OWNER_KEY];
  }

  /** Ports of ours with names that are no longer in use. */
  #leftovers(): string[] {
    return this.names().filter((name) => !this.#names.includes(name));
  }

  /** Of the ports that are to be there. */
  get #names(): string[] {
    return [...this.#options.local.map(({ name }) => name), this.#options.canary];
  }
}

/**
 * The tags that a port's frames may have, 0 for none; undefined where it takes in all. A port without a mode is an access
 * port if it has a tag, else a trunk; a trunk's `trunks` are all VLANs where there are none (ovs-vswitchd.conf.db(5)).
 */
function admittedTags({
  tag,
  trunks,
  vlan_mode,
}: Pick<SwitchTables["Port"], "tag" | "trunks" | "vlan_mode">): readonly number[] | undefined {
  const mode = vlan_mode ?? (tag === undefined ? "trunk" : "access");
  if (mode === "access" || mode === "dot1q-tunnel") return [0];
  if (trunks.length === 0) return undefined;
  return mode === "trunk" || tag === undefined ? trunks : [0, tag, ...trunks];
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

/** The ports that the steering's options ask for. */
export function switchPorts(db: Database<SwitchTables>, options: SteeringOptions): SwitchPorts {
  const {
    bridge,
    ownBridge,
    localPort = "tpo0",
    vlan,
    trunk = [],
    canary,
    passFrom = [],
    instance = 0,
  } = options;
  const own = ownBridge && new OwnBridge(db, { bridge, ...ownBridge, instance });
  const local = [{ name: localPort, ...(vlan !== undefined && { vlan }) }, ...trunk];
  return new SwitchPorts(db, { bridge: ownBridge?.name ?? bridge, own, local, canary, passFrom, instance });
}
