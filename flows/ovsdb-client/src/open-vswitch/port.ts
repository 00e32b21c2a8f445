import type { Database } from "../database.js";
import { type Operation, operations } from "../operation.js";
import type { CallOptions } from "../options.js";
import { OutcomeUnknownError } from "../outcome.js";
import type { Replica } from "../replica.js";
import { NotConnectedError } from "../rpc/errors.js";
import { TransactionError } from "../transaction.js";
import { NamedUuid } from "../uuid.js";
import type { SwitchTables } from "./switch.js";

const op = operations<SwitchTables>();

export interface PortSpecification {
  bridge: string;
  /** Of the port and of its interface: at most 15 bytes, as Linux has it. */
  name: string;
  /** `internal` for a port that the switch makes, "" for a device that is there already (e.g. a tap). */
  type: string;
  /**
   * Marks the owner on port and interface, e.g. `{ "owner": "site-a" }`. A port without these marks is
   * another's.
   */
  owner: Readonly<Record<string, string>>;
  /** A MAC address for an internal port. */
  mac?: string;
  /** What the switch is to make the device's MTU; it gives its internal ports the least of all others. */
  mtu?: number;
}

type Row<T extends keyof SwitchTables> = SwitchTables[T];

/** A port that cannot be had. */
export class PortError extends Error {
  readonly code: "NO_BRIDGE" | "PORT_TAKEN";

  constructor(code: PortError["code"], what: string) {
    super(what);
    this.name = "PortError";
    this.code = code;
  }
}

export function findBridge(replica: Replica<SwitchTables>, name: string): Row<"Bridge"> | undefined {
  return replica.table("Bridge").find((row) => row.name === name);
}

export function findPort(replica: Replica<SwitchTables>, name: string): Row<"Port"> | undefined {
  return replica.table("Port").find((row) => row.name === name);
}

export function findInterface(replica: Replica<SwitchTables>, name: string): Row<"Interface"> | undefined {
  return replica.table("Interface").find((row) => row.name === name);
}

/**
 * The version of Open vSwitch. The distribution's start script writes it, so a switch started by hand may
 * have none.
 */
export function switchVersion(replica: Replica<SwitchTables>): string | undefined {
  const [row] = replica.table("Open_vSwitch");
  return row?.ovs_version;
}

/**
 * Makes sure that the port is on the bridge, in one transaction. What is there already stays, so it can be
 * called again after any failure; it does so itself after a lost connection while there is time. Throws
 * `PortError` where there is no such bridge, or the name is taken by a port of another bridge or owner.
 */
export async function addPort(
  db: Database<SwitchTables>,
  port: PortSpecification,
  options: CallOptions = {},
): Promise<void> {
  await settle(db, options, (replica) => additions(replica, port));
}

/**
 * Takes the port off its bridge if it is there and carries the owner's marks. Resolves to whether it was
 * there.
 */
export async function deletePort(
  db: Database<SwitchTables>,
  { bridge, name, owner }: Pick<PortSpecification, "bridge" | "name" | "owner">,
  options: CallOptions = {},
): Promise<boolean> {
  const steps = await settle(db, options, (replica) => {
    const at = findBridge(replica, bridge);
    const port = findPort(replica, name);
    if (!at || !port || !at.ports.includes(port._uuid) || !isOwned(port, owner)) return [];
    return [
      op.mutate("Bridge", [["_uuid", "==", at._uuid]], [["ports", "delete", port._uuid]]),
      op.comment(`take port ${name} off ${bridge}`),
    ];
  });
  return steps > 0;
}

/** What an interface is once the switch has taken it up. */
export interface AttachedPort {
  /** The OpenFlow port number. It may change later: follow the `Interface` table. */
  readonly ofport: number;
  readonly mac: string | undefined;
  readonly interface: Row<"Interface">;
}

/**
 * Resolves when the interface has an OpenFlow port number, and the MAC address that was asked for. An error
 * that vswitchd reports may pass (a device may yet come), so it is waited out; a `DeadlineError` names it.
 */
export async function waitForPort(
  db: Database<SwitchTables>,
  name: string,
  options: CallOptions = {},
): Promise<AttachedPort> {
  const attached = (replica: Replica<SwitchTables>) => {
    const row = findInterface(replica, name);
    const ofport = Number(row?.ofport ?? -1);
    if (!row || ofport <= 0) return undefined;
    // The port comes with a MAC address of its own, and gets the one that we want a moment later.
    const settled = row.mac === undefined || row.mac.toLowerCase() === row.mac_in_use?.toLowerCase();
    return settled && { ofport, mac: row.mac_in_use, interface: row };
  };
  return db.waitFor(attached, { ...options, what: `port ${name} on the switch` }).catch((error: Error) => {
    const fault = findInterface(db.replica, name)?.error;
    if (fault !== undefined) error.message += `; the switch says: ${fault}`;
    throw error;
  });
}

/** What is to do for the port; nothing where it is there. */
function additions(replica: Replica<SwitchTables>, wanted: PortSpecification): Operation[] {
  const { name, type, owner, mac, mtu } = wanted;
  const bridge = findBridge(replica, wanted.bridge);
  if (!bridge) throw new PortError("NO_BRIDGE", `there is no bridge "${wanted.bridge}"`);
  const port = findPort(replica, name);
  const device = {
    type,
    ...(mac !== undefined && { mac }),
    ...(mtu !== undefined && { mtu_request: mtu }),
  };
  if (port) {
    if (!bridge.ports.includes(port._uuid)) throw taken(name, `it is not on ${wanted.bridge}`);
    if (!isOwned(port, owner)) throw taken(name, "it does not carry our marks");
    const there = findInterface(replica, name);
    const fits =
      there?.type === type &&
      (mac === undefined || there.mac === mac) &&
      (mtu === undefined || there.mtu_request === mtu);
    return fits ? [] : [op.update("Interface", [["name", "==", name]], device)];
  }
  const [newPort, newInterface] = [new NamedUuid<"Port">("port"), new NamedUuid<"Interface">("interface")];
  return [
    // Without the bridge the new port would be nobody's, and would go as it came, without an error.
    op.wait("Bridge", [["_uuid", "==", bridge._uuid]], ["name"], "==", [{ name: wanted.bridge }], 0),
    op.wait("Port", [["name", "==", name]], ["name"], "==", [], 0),
    op.insert("Interface", { name, external_ids: owner, ...device }, { as: newInterface }),
    op.insert("Port", { name, interfaces: newInterface, external_ids: owner }, { as: newPort }),
    op.mutate("Bridge", [["_uuid", "==", bridge._uuid]], [["ports", "insert", newPort]]),
    op.comment(`add port ${name} to ${wanted.bridge}`),
  ];
}

function taken(name: string, why: string): PortError {
  return new PortError("PORT_TAKEN", `there is a port "${name}" already: ${why}`);
}

function isOwned(port: Row<"Port">, owner: PortSpecification["owner"]): boolean {
  return Object.entries(owner).every(([key, value]) => port.external_ids.get(key) === value);
}

/**
 * Brings the database to where `steps` finds nothing more to do; resolves to the number of transactions. What
 * another client did in between (a `wait` that fails), or a connection that was lost, is a reason to look
 * again.
 */
async function settle(
  db: Database<SwitchTables>,
  options: CallOptions,
  steps: (replica: Replica<SwitchTables>) => Operation[],
): Promise<number> {
  const deadline = performance.now() + (options.timeout ?? 10_000);
  for (let transactions = 0; ; transactions++) {
    const left = { ...options, timeout: Math.max(1, deadline - performance.now()) };
    await db.ready(left);
    const next = steps(db.replica);
    if (next.length === 0) return transactions;
    await db.transact(next, left).catch((error: unknown) => {
      if (!mayPass(error) || performance.now() >= deadline) throw error;
    });
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof OutcomeUnknownError || error instanceof NotConnectedError) return true;
  return error instanceof TransactionError && error.tag === "timed out";
}
