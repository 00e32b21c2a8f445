/** The local port as a network device: its link, and its addresses. */

import type { LanConfig, Prefix } from "../config/index.js";
import { run } from "./command.js";
import { HostError } from "./error.js";

/** Of `ip -json address show`. */
interface Shown {
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly txqlen?: number;
  readonly addr_info: readonly {
    readonly family: "inet" | "inet6";
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly noprefixroute?: boolean;
  }[];
}

/**
 * Packets: 48 ms at 1 Gbit/s. In the netdev datapath the port is a tap, and what vswitchd is too slow to read waits
 * there: of the usual 1000 a busy switch loses some, before a delay tells the mover that it sends too fast. With 10,000
 * it was up to a second at 40 Mbit/s.
 */
const QUEUE_LENGTH = 4000;
/** As the kernel makes Ethernet devices. */
const USUAL_QUEUE_LENGTH = 1000;

type Held = Shown["addr_info"][number];

async function showDevice(name: string): Promise<Shown | undefined> {
  try {
    const [device] = JSON.parse(await run("ip", ["-json", "address", "show", "dev", name])) as Shown[];
    return device;
  } catch (error) {
    if (error instanceof HostError && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

/** Whether there is a network device of the name in our network namespace. */
export async function deviceExists(name: string): Promise<boolean> {
  return (await showDevice(name)) !== undefined;
}

/**
 * Without the connected route that an address brings with it (`noprefixroute`): that would go into the host's main
 * table and may draw the host's own traffic. `nodad`, since an address that is still tentative cannot be bound.
 */
function addArguments(name: string, { family, address, length }: Prefix): string[] {
  const flags = family === 4 ? ["noprefixroute"] : ["noprefixroute", "nodad"];
  return ["address", "add", `${address}/${length}`, "dev", name, ...flags];
}

function isWanted(held: Held, wanted: readonly Prefix[]): boolean {
  return (
    held.noprefixroute === true &&
    wanted.some(({ address, length }) => address === held.local && length === held.prefixlen)
  );
}

/** The addresses that are not the kernel's own (IPv6 link-local). The device is ours, so they are ours or left over. */
function assigned(device: Shown): readonly Held[] {
  return device.addr_info.filter(({ scope }) => scope !== "link");
}

async function removeAddresses(name: string, addresses: readonly Held[]): Promise<void> {
  for (const { local, prefixlen } of addresses) {
    await run("ip", ["address", "delete", `${local}/${prefixlen}`, "dev", name]);
  }
}

/** Brings the port up with exactly the configured addresses. Throws HostError HOST_PORT_MISSING without a port. */
export async function ensureDevice({ name, addresses }: LanConfig, mtu: number): Promise<void> {
  let device = await showDevice(name);
  if (device === undefined) {
    const advice =
      "it appears when ovs-vswitchd has made the port; see whether ovs-vswitchd runs in this namespace";
    throw new HostError("HOST_PORT_MISSING", `there is no network device ${name}; ${advice}`);
  }
  if (!device.flags.includes("UP") || device.mtu !== mtu || device.txqlen !== QUEUE_LENGTH) {
    const settings = ["txqueuelen", `${QUEUE_LENGTH}`, "mtu", String(mtu), "up"];
    await run("ip", ["link", "set", "dev", name, ...settings]);
  }
  const stale = assigned(device).filter((held) => !isWanted(held, addresses));
  if (stale.length > 0) {
    await removeAddresses(name, stale);
    // With an address, the kernel removes the later ones of its subnet.
    device = (await showDevice(name)) ?? device;
  }
  const held = assigned(device);
  for (const prefix of addresses) {
    if (!held.some((one) => isWanted(one, [prefix]))) await run("ip", addArguments(name, prefix));
  }
}

/** Takes the addresses and the long queue from the port and the port down, if it is there. */
export async function resetDevice({ name }: LanConfig): Promise<void> {
  const device = await showDevice(name);
  if (device === undefined) return;
  if (assigned(device).length > 0) await run("ip", ["address", "flush", "dev", name, "scope", "global"]);
  if (device.flags.includes("UP") || device.txqlen === QUEUE_LENGTH)
    await run("ip", ["link", "set", "dev", name, "txqueuelen", `${USUAL_QUEUE_LENGTH}`, "down"]);
}
