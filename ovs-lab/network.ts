import { ip, setSysctls } from "./namespace.js";
import { type Site, type Topology, WAN_DEVICE } from "./topology.js";

/** In every namespace, before its devices are made: addresses serve at once, and nothing is changed behind the lab's back. */
const EVERYWHERE = {
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  "ipv4/conf/all/accept_redirects": 0,
  "ipv4/conf/default/accept_redirects": 0,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/conf/default/accept_redirects": 0,
} as const;

/**
 * Direct connections are the baseline, so they may fill any link that the lab can be: 1 Gbit/s at 500 ms takes 64 MB.
 * And none may begin with what an earlier one, perhaps under other conditions, has learnt of the path.
 */
const HOST = {
  "ipv4/tcp_rmem": "4096 131072 67108864",
  "ipv4/tcp_wmem": "4096 65536 67108864",
  "ipv4/tcp_no_metrics_save": 1,
} as const;

const ROUTER = { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 } as const;

/** What a tap holds while its reader is kept from the processor: 10,000 full frames are 120 ms at 1 Gbit/s. */
const WAN_DEVICE_QUEUE = 10_000;

/**
 * A device whose other end has the same index, in another namespace, counts as a device without one; then the kernel
 * tells of its link's coming up a second late (linkwatch), and IPv6 addresses wait for that. Ports count up from 2.
 */
const CABLE_INDEX = 1000;

/**
 * A netdev datapath of OVS 3.1 cuts a large TCP segment into pieces of the MTU less 54 bytes (74 for IPv6), whatever size the
 * sender meant; the sender, which counts losses by its own pieces, then sends twice as much again as was lost. With
 * these, and timestamps, both sizes are the same.
 */
const ADVERTISED_MSS = { ipv4: 1458, ipv6: 1438 } as const;

/** Makes the namespaces, the hosts, and each router's side towards its site. The WAN's devices are the WAN's to make. */
export async function buildSites(topology: Topology): Promise<void> {
  const { sites, nodes, namespaces } = topology;
  await ip(namespaces.map((name) => `netns add ${name}`));
  for (const name of namespaces) setSysctls(name, EVERYWHERE);
  for (const { role, namespace } of nodes) {
    if (role === "host") setSysctls(namespace, HOST);
    if (role === "router") setSysctls(namespace, ROUTER);
  }
  await ip(sites.flatMap(cables));
  for (const site of sites) setSysctls(site.switch.namespace, portSettings(site));
  const loopback = ["link set lo up"];
  await Promise.all([
    ip(loopback, topology.wanNamespace),
    ...sites.flatMap((site) => [
      ip([...loopback, ...switchPorts(site)], site.switch.namespace),
      ip([...loopback, ...routerLan(site)], site.router.namespace),
      ...site.hosts.map((host) =>
        ip([...loopback, ...device("eth0", host.addresses), ...defaultRoutes(site)], host.namespace),
      ),
    ]),
  ]);
}

/** Sets up each router's side towards the WAN, once the devices are there. */
export async function connectSites({ sites }: Topology, mtu: number): Promise<void> {
  await Promise.all(sites.map((site) => ip(routerWan(site, sites, mtu), site.router.namespace)));
}

/** Each router tells senders of packets that are too long. */
export async function setWanMtu({ sites }: Topology, mtu: number): Promise<void> {
  const line = `link set ${WAN_DEVICE} mtu ${mtu}`;
  await Promise.all(sites.map((site) => ip([line], site.router.namespace)));
}

function cables({ switch: ovs, router, hosts }: Site): string[] {
  const cable = (device: string, address: string, namespace: string, port: string) =>
    `link add ${device} index ${CABLE_INDEX} address ${address} netns ${namespace} type veth peer name ${port} netns ${ovs.namespace}`;
  return [
    cable("lan0", router.lanHardwareAddress, router.namespace, router.port),
    ...hosts.map((host) => cable("eth0", host.hardwareAddress, host.namespace, host.port)),
  ];
}

function switchPorts({ router, hosts }: Site): string[] {
  return [router, ...hosts].map(({ port }) => `link set ${port} up`);
}

/** A port of a switch is nobody on the network. */
function portSettings({ router, hosts }: Site): Record<string, number> {
  return Object.fromEntries([router, ...hosts].map(({ port }) => [`ipv6/conf/${port}/disable_ipv6`, 1]));
}

function routerLan({ router }: Site): string[] {
  return device("lan0", router.addresses.slice(0, 2));
}

function defaultRoutes({ gateways }: Site): string[] {
  return [
    `route add default via ${gateways.ipv4} advmss ${ADVERTISED_MSS.ipv4}`,
    `route add default via ${gateways.ipv6} advmss ${ADVERTISED_MSS.ipv6}`,
  ];
}

/** Neighbours are fixed: nothing but the sites' own packets crosses the WAN, and the first one takes one round trip, not two. */
function routerWan(site: Site, sites: readonly Site[], mtu: number): string[] {
  const { router } = site;
  const others = sites.filter((other) => other !== site);
  return [
    `link set ${WAN_DEVICE} address ${router.wan.hardwareAddress} txqueuelen ${WAN_DEVICE_QUEUE} mtu ${mtu}`,
    ...device(WAN_DEVICE, router.addresses.slice(2)),
    ...others.flatMap(({ ipv4Prefix, ipv6Prefix, router: { wan } }) => [
      `neigh add ${wan.ipv4} lladdr ${wan.hardwareAddress} dev ${WAN_DEVICE} nud permanent`,
      `neigh add ${wan.ipv6} lladdr ${wan.hardwareAddress} dev ${WAN_DEVICE} nud permanent`,
      `route add ${ipv4Prefix} via ${wan.ipv4}`,
      `route add ${ipv6Prefix} via ${wan.ipv6}`,
    ]),
  ];
}

function device(name: string, addresses: readonly string[]): string[] {
  return [...addresses.map((address) => `address add ${address} dev ${name}`), `link set ${name} up`];
}
