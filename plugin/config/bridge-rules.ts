/** What must be true of bridges and of the ports that the plugin has on them. */

import { contains, formatPrefix, isNetwork, networkOf, sameAddress } from "./address.js";
import type { Address, Family, Prefix } from "./config.js";
import { trunkPortName } from "./defaults.js";
import type { Path } from "./document.js";
import type { Keys, Read, Rule } from "./rule.js";
import * as schema from "./schema.js";
import { address } from "./values.js";

const port = schema.port.shape;
const trunk = schema.trunk.shape;

/** Where the file has what belongs to one bridge: in its list, or at the top. */
export function bridgePaths(keys: Keys): readonly Path[] {
  const listed = keys("bridges");
  return listed.length > 0 ? listed.map((index) => ["bridges", index]) : [[]];
}

/** The lists of addresses of a bridge's ports, the local port's first. */
function addressPaths(keys: Keys, base: Path): readonly Path[] {
  const further = keys(...base, "port", "trunk");
  return [
    [...base, "port", "addresses"],
    ...further.map((index) => [...base, "port", "trunk", index, "addresses"]),
  ];
}

/** All addresses that the plugin has, which are right by themselves, and whether those are all. */
export function ownAddresses(read: Read, keys: Keys, bases = bridgePaths(keys)) {
  const paths = bases.flatMap((base) => addressPaths(keys, base));
  const fields = paths.flatMap((path) => keys(...path).map((index) => [...path, index]));
  const prefixes = fields.flatMap((field) => read(port.addresses.element, ...field) ?? []);
  const complete = paths.every((path) => keys(...path).length > 0) && prefixes.length === fields.length;
  return { prefixes, complete };
}

const addressesAreUnique: Rule = function* (read, keys) {
  const seen: Prefix[] = [];
  for (const list of bridgePaths(keys).flatMap((base) => addressPaths(keys, base))) {
    for (const index of keys(...list)) {
      const path = [...list, index];
      const prefix = read(port.addresses.element, ...path);
      if (prefix === undefined) continue;
      if (seen.some((other) => sameAddress(other, prefix)))
        yield {
          path,
          found: `${prefix.address} a second time`,
          expected: "each address once",
          advice: "remove one",
        };
      seen.push(prefix);
    }
  }
};

/** A router has to be on a network of the bridge's ports, and to be somebody else. */
function* neighbour(router: Address, path: Path, own: ReturnType<typeof ownAddresses>) {
  const found = router.address;
  if (own.prefixes.some((prefix) => sameAddress(prefix, router)))
    yield {
      path,
      found: `the port's own address ${found}`,
      expected: "a router",
      advice: "give the router's address",
    };
  else if (own.complete && !own.prefixes.some((prefix) => contains(prefix, router)))
    yield {
      path,
      found,
      expected: `an address in ${own.prefixes.map((prefix) => formatPrefix(networkOf(prefix))).join(" or ")}`,
      advice: "give a router on the port's own network, or give the port an address on the router's",
    };
}

const gatewaysAreNeighbours: Rule = function* (read, keys) {
  for (const base of bridgePaths(keys)) {
    const own = ownAddresses(read, keys, [base]);
    const families = new Set<Family>();
    for (const index of keys(...base, "port", "gateways")) {
      const path = [...base, "port", "gateways", index];
      const gateway = read(address, ...path);
      if (gateway === undefined) continue;
      if (families.has(gateway.family))
        yield {
          path,
          found: `a second gateway for IPv${gateway.family}, ${gateway.address}`,
          expected: "at most one of each family",
          advice: "remove one; networks behind other routers are `routes`",
        };
      families.add(gateway.family);
      yield* neighbour(gateway, path, own);
    }
  }
};

const routesLead: Rule = function* (read, keys) {
  for (const base of bridgePaths(keys)) {
    const own = ownAddresses(read, keys, [base]);
    const seen = new Set(own.prefixes.map((prefix) => formatPrefix(networkOf(prefix))));
    for (const index of keys(...base, "port", "routes")) {
      const path = [...base, "port", "routes", index];
      const to = read(schema.route.shape.to, ...path, "to");
      const via = read(schema.route.shape.via, ...path, "via");
      if (to !== undefined && !isNetwork(to))
        yield {
          path: [...path, "to"],
          found: formatPrefix(to),
          expected: `a network, such as ${formatPrefix(networkOf(to))}`,
          advice: "clear the bits behind the prefix",
        };
      else if (to?.length === 0)
        yield {
          path: [...path, "to"],
          found: `${formatPrefix(to)}, which is everything`,
          expected: "a network",
          advice: "name the router in `gateways`",
        };
      else if (to !== undefined && seen.has(formatPrefix(to)))
        yield {
          path: [...path, "to"],
          found: `${formatPrefix(to)} a second time`,
          expected: "each network once, and none that is the port's own",
          advice: "remove one",
        };
      if (to !== undefined) seen.add(formatPrefix(to));
      if (via !== undefined) yield* neighbour(via, [...path, "via"], own);
      if (to !== undefined && via !== undefined && to.family !== via.family)
        yield {
          path: [...path, "via"],
          found: `the IPv${via.family} address ${via.address}`,
          expected: `an IPv${to.family} address, like to`,
          advice: "give the router's address of that family",
        };
    }
  }
};

/** Names of ports and numbers of VLANs, each once. */
const portsDiffer: Rule = function* (read, keys) {
  const names = new Set<string>();
  for (const base of bridgePaths(keys)) {
    const local = read(port.name, ...base, "port", "name") ?? "tpo0";
    const named: [Path, string][] = [[[...base, "port", "name"], local]];
    const vlans = new Set([read(port.vlan, ...base, "port", "vlan")]);
    for (const index of keys(...base, "port", "trunk")) {
      const path = [...base, "port", "trunk", index];
      const vlan = read(trunk.vlan, ...path, "vlan");
      if (vlan === undefined) continue;
      if (vlans.has(vlan))
        yield {
          path: [...path, "vlan"],
          found: `VLAN ${vlan} a second time`,
          expected: "each VLAN once",
          advice: "put all its addresses into one",
        };
      vlans.add(vlan);
      const name = read(trunk.name, ...path, "name") ?? trunkPortName(local, vlan);
      named.push([[...path, "name"], name]);
      if (name.length > LONGEST_PORT_NAME)
        yield {
          path: [...path, "name"],
          found: `${name}, which is made of port.name and the VLAN`,
          expected: `at most ${LONGEST_PORT_NAME} letters`,
          advice: "give it a `name`",
        };
    }
    for (const [path, name] of named) {
      if (names.has(name))
        yield {
          path,
          found: `${name} a second time`,
          expected: "each port once",
          advice: "give each a name",
        };
      names.add(name);
    }
  }
};

/** IFNAMSIZ, less its terminator. */
const LONGEST_PORT_NAME = 15;

const rewriteHasOneLan: Rule = function* (read, keys) {
  for (const base of bridgePaths(keys)) {
    const path = [...base, "port", "trunk"];
    if (read(schema.form, ...base, "form") !== "rewrite" || keys(...path).length === 0) continue;
    yield {
      path,
      found: "several VLANs with form: rewrite",
      expected: "one LAN",
      advice: "remove them, or use the form transparent",
    };
  }
};

const ownBridgeHasUplink: Rule = function* (_read, keys) {
  for (const base of bridgePaths(keys)) {
    const path = base.length === 0 ? ["ovs"] : base;
    const [own, uplink] = ["own_bridge", "uplink"].map((key) => keys(...path).includes(key));
    if (own === uplink) continue;
    yield {
      path: [...path, own ? "uplink" : "own_bridge"],
      found: "nothing",
      expected: own ? "the bridge's port towards the WAN, with own_bridge" : "own_bridge, with uplink",
      advice: "add it, or remove the other",
    };
  }
};

/** One bridge at the top of the file, or a list of them. */
const bridgesAreNamed: Rule = function* (read, keys) {
  const top = keys();
  const alone = [
    ...["form", "port", "table"].filter((key) => top.includes(key)).map((key) => [key]),
    ...(keys("ovs").includes("bridge") ? [["ovs", "bridge"]] : []),
  ];
  if (top.includes("bridges")) {
    for (const path of alone)
      yield {
        path,
        found: `${path.join(".")} beside bridges`,
        expected: "one or the other",
        advice: "move it into the list, to its bridge",
      };
    const seen = new Set<string>();
    for (const index of keys("bridges")) {
      const path = ["bridges", index, "bridge"];
      const bridge = read(schema.bridge.shape.bridge, ...path);
      if (bridge === undefined) continue;
      if (seen.has(bridge))
        yield { path, found: `${bridge} a second time`, expected: "each bridge once", advice: "remove one" };
      seen.add(bridge);
    }
    return;
  }
  const missing = (path: Path, expected: string, example: string) => ({
    path,
    found: "nothing",
    expected,
    advice: `add it, for example \`${example}\`, or list several \`bridges\``,
  });
  if (!top.includes("ovs")) yield missing(["ovs"], "a map with the field bridge", 'ovs: {"bridge":"br0"}');
  else if (!keys("ovs").includes("bridge"))
    yield missing(["ovs", "bridge"], "a bridge name", 'bridge: "br0"');
  if (!top.includes("port"))
    yield missing(["port"], "a map with the field addresses", 'port: {"addresses":["10.1.0.2/24"]}');
};

/** What goes up from bridge to bridge meets nothing else of ours. */
const hostNumbersDiffer: Rule = function* (read, keys) {
  const steering = schema.steering.unwrap().shape;
  const last = 2 * (bridgePaths(keys).length - 1);
  for (const [one, other] of [
    ["mark", "own_mark"],
    ["route_table", "own_route_table"],
  ] as const) {
    const [first, second] = [read(steering[one], "steering", one), read(steering[other], "steering", other)];
    if (first === undefined || second === undefined || first === second) continue;
    if (Math.abs(first - second) > last || (first - second) % 2 !== 0) continue;
    yield {
      path: ["steering", other],
      found: `${second}, which another bridge has as its ${one}`,
      expected: `a number that is odd where ${one} is even, since both go up by 2 from bridge to bridge`,
      advice: `make it ${first + 1}`,
    };
  }
};

export const bridgeRules: readonly Rule[] = [
  bridgesAreNamed,
  addressesAreUnique,
  gatewaysAreNeighbours,
  routesLead,
  portsDiffer,
  hostNumbersDiffer,
  rewriteHasOneLan,
  ownBridgeHasUplink,
];
