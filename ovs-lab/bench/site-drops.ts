import { readFileSync } from "node:fs";
import { inNetworkNamespace } from "../../driver/ffi/index.js";
import type { Lab } from "../lab.js";
import { namespacePath, transmitDrops } from "../namespace.js";

/** What was lost within the sites, by where: no WAN has lost it, but somebody was too slow. */
export interface SiteDrops {
  /** Packets that a plugin sent, of which vswitchd did not take its share in time. */
  readonly port: number;
  /** Datagrams that came for a plugin, for which its socket had no space. */
  readonly socket: number;
}

/** The lab's names for what the plugins add. */
const PORT = "tpo0";

/** Of all sites together, since they are there. */
export function siteDrops({ topology }: Lab): SiteDrops {
  const namespaces = topology.sites.map((site) => site.switch.namespace);
  return {
    port: namespaces.reduce((sum, namespace) => sum + transmitDrops(namespace, PORT), 0),
    socket: namespaces.reduce((sum, namespace) => sum + receiveBufferErrors(namespace), 0),
  };
}

/** `Udp: ... RcvbufErrors ...`, then the same with numbers (proc(5), /proc/net/snmp). */
function receiveBufferErrors(namespace: string): number {
  const lines = inNetworkNamespace(namespacePath(namespace), () =>
    readFileSync("/proc/thread-self/net/snmp", "utf8"),
  ).split("\n");
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("RcvbufErrors")] ?? 0);
}
