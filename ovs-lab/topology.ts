import { LabError } from "./errors.js";

/**
 * The lab's shape, and every name and address in it.
 *
 *   a-host1 ─┐                                        ┌─ b-host1
 *   a-host2 ─┤ a-switch   a-router ══ WAN ══ b-router   b-switch ├─ b-host2
 *            └── br0 ────────┘                └──────── br0 ─────┘
 *
 * Each node is a network namespace. In a host's, `eth0`; in a router's, `lan0` and `wan0`; in a switch's, the bridge's
 * ports, named for what is behind them: `host1`, `host2`, `router`.
 */
export type Role = "host" | "switch" | "router";

export interface Node {
  readonly name: string;
  readonly alias?: string;
  readonly site: string;
  readonly role: Role;
  readonly namespace: string;
  /** With prefix lengths. A switch has none until the plugin's port is there. */
  readonly addresses: readonly string[];
}

export interface Host extends Node {
  /** The switch's port that leads to it. */
  readonly port: string;
  readonly hardwareAddress: string;
}

export interface Router extends Node {
  readonly port: string;
  readonly lanHardwareAddress: string;
  readonly wan: { readonly ipv4: string; readonly ipv6: string; readonly hardwareAddress: string };
}

export interface Site {
  readonly name: string;
  readonly ipv4Prefix: string;
  readonly ipv6Prefix: string;
  readonly gateways: { readonly ipv4: string; readonly ipv6: string };
  /** For the plugin's port. */
  readonly plugin: { readonly ipv4: string; readonly ipv6: string };
  readonly switch: Node;
  readonly router: Router;
  readonly hosts: readonly Host[];
}

export const MOST_SITES = 26;
export const MOST_HOSTS = 100;
export const WAN_DEVICE = "wan0";
export const BRIDGE = "br0";

const FIRST_HOST = 11;
const NAMESPACE_ROOT = "ovs-lab";

/** Labs' names have no dot, so no lab's prefix is the beginning of another's. */
export function namespacePrefix(lab: string): string {
  return `${NAMESPACE_ROOT}.${lab}.`;
}

export class Topology {
  readonly name: string;
  readonly sites: readonly Site[];
  readonly nodes: readonly Node[];
  /** Where the WAN's own parts live, so that they are found and removed with the rest. */
  readonly wanNamespace: string;

  constructor(lab: string, siteCount: number, hostCount: number) {
    this.name = lab;
    const prefix = namespacePrefix(lab);
    this.sites = Array.from({ length: siteCount }, (_, index) => makeSite(prefix, index + 1, hostCount));
    this.nodes = this.sites.flatMap((site) => [...site.hosts, site.switch, site.router]);
    this.wanNamespace = `${prefix}wan`;
  }

  get namespaces(): string[] {
    return [...this.nodes.map((node) => node.namespace), this.wanNamespace];
  }

  /** @throws LabError `NO_NODE` */
  node(name: string): Node {
    const node = this.nodes.find((node) => node.name === name || node.alias === name);
    if (node === undefined) {
      const names = this.nodes.map((node) => (node.alias ? `${node.name} (${node.alias})` : node.name));
      throw new LabError("NO_NODE", `no node "${name}"; there are ${names.join(", ")}`);
    }
    return node;
  }

  /** @throws LabError `NO_NODE` */
  site(name: string): Site {
    const site = this.sites.find((site) => site.name === name);
    if (site === undefined) {
      const names = this.sites.map((site) => site.name).join(", ");
      throw new LabError("NO_NODE", `no site "${name}"; there are ${names}`);
    }
    return site;
  }
}

function makeSite(prefix: string, number: number, hostCount: number): Site {
  const name = String.fromCharCode("a".charCodeAt(0) + number - 1);
  const ipv4 = (last: number) => `10.${number}.0.${last}`;
  // The last part is written as in IPv4, so that fd00:1::11 is seen to be 10.1.0.11.
  const ipv6 = (last: number) => `fd00:${number}::${last}`;
  const hardware = (port: number) => `02:00:${hex(number)}:00:00:${hex(port)}`;
  const node = (role: Role, label: string, addresses: readonly string[]): Node => ({
    name: `${name}-${label}`,
    site: name,
    role,
    namespace: `${prefix}${name}-${label}`,
    addresses,
  });
  const wan = {
    ipv4: `192.0.2.${number}`,
    ipv6: `fd00:ff::${number}`,
    hardwareAddress: `02:00:00:00:ff:${hex(number)}`,
  };
  const hosts = Array.from({ length: hostCount }, (_, index): Host => {
    const last = FIRST_HOST + index;
    const alias = index === 0 ? { 1: "client", 2: "server" }[number] : undefined;
    return {
      ...node("host", `host${index + 1}`, [`${ipv4(last)}/24`, `${ipv6(last)}/64`]),
      ...(alias === undefined ? {} : { alias }),
      port: `host${index + 1}`,
      hardwareAddress: hardware(last),
    };
  });
  const routerAddresses = [`${ipv4(1)}/24`, `${ipv6(1)}/64`, `${wan.ipv4}/24`, `${wan.ipv6}/64`];
  return {
    name,
    ipv4Prefix: `10.${number}.0.0/24`,
    ipv6Prefix: `fd00:${number}::/64`,
    gateways: { ipv4: ipv4(1), ipv6: ipv6(1) },
    plugin: { ipv4: ipv4(2), ipv6: ipv6(2) },
    switch: node("switch", "switch", []),
    router: {
      ...node("router", "router", routerAddresses),
      port: "router",
      lanHardwareAddress: hardware(1),
      wan,
    },
    hosts,
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
