/**
 * Policy routing of our own, beside the host's, whose rules and tables are never changed:
 *
 * | packets | rule | table | routes there |
 * |---|---|---|---|
 * | intercepted | `fwmark mark iif PORT` | routeTable | `local default dev lo`: to our sockets, whatever the address |
 * | the check of their way back | `fwmark mark` | ownRouteTable | as below |
 * | our sockets' | `fwmark ownMark` | ownRouteTable | the ports' networks, routes and gateways, else unreachable |
 * | from the port's addresses | `from ADDRESS` | ownRouteTable | as above |
 *
 * With the form `rewrite` there are no rules, and the host's main table gets the ports' networks, routes and gateways with
 * the lowest preference there is: the host's own routes come first, but for sockets that are bound to the port's device.
 * Beside these, the peers' addresses lead to the port, for the mover.
 *
 * Ours are told from other people's by the routing protocol number that rules and routes carry.
 */

import {
  type Address,
  addressBits,
  contains,
  type Family,
  formatPrefix,
  lansOf,
  networkOf,
  nextHop,
  type PortConfig,
} from "../config/index.js";
import { run } from "./command.js";
import { HostError } from "./error.js";
import type { HostRulesOptions } from "./host-rules.js";

const mainTable = 254;
/** Not taken in iproute2's rt_protos. */
const protocol = "116";
/** The last resort among a table's routes; numbers count downwards in preference. */
const lastMetric = 0xffff_ffff;

/** Of `ip -json -Numeric rule show`. */
interface ShownRule {
  readonly priority: number;
  readonly src: string;
  readonly srclen?: number;
  readonly fwmark?: string;
  readonly iif?: string;
  readonly table: string;
  readonly protocol?: string;
}

/** Of `ip -json -Numeric -details route show`. */
interface ShownRoute {
  /** RTN_… of the kernel's uapi/linux/rtnetlink.h. */
  readonly type: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly protocol: string;
}

/** What `ip rule add` and `ip route add` take, without the words that all of ours share. */
type Words = readonly string[];

/** The types of our routes; `ip route add` takes their names, `ip -Numeric` shows their numbers. */
const routeTypes: ReadonlyMap<string, string> = new Map([
  ["1", "unicast"],
  ["2", "local"],
  ["7", "unreachable"],
]);

const families: readonly Family[] = [4, 6];

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}

/** The rules that we want, from the first to the last. */
function wantedRules({ form, port, steering }: HostRulesOptions, family: Family): Words[] {
  if (form === "rewrite") return [];
  const lans = lansOf(port);
  const own = lans.flatMap(({ addresses }) => addresses.filter((address) => address.family === family));
  if (own.length === 0) return [];
  const [first, next] = [steering.rulePriority, steering.rulePriority + 1].map(String) as [string, string];
  const ownTable = String(steering.ownRouteTable);
  return [
    ...lans.map(({ name }) => [
      "priority",
      first,
      "fwmark",
      hex(steering.mark),
      "iif",
      name,
      "lookup",
      String(steering.routeTable),
    ]),
    ["priority", next, "fwmark", hex(steering.mark), "lookup", ownTable],
    ["priority", next, "fwmark", hex(steering.ownMark), "lookup", ownTable],
    ...own.map(({ address }) => ["priority", next, "from", address, "lookup", ownTable]),
  ];
}

function wordsOfRule({ priority, src, srclen, fwmark, iif, table }: ShownRule): Words {
  return [
    ...["priority", String(priority)],
    ...(src === "all" ? [] : ["from", srclen === undefined ? src : `${src}/${srclen}`]),
    ...(fwmark === undefined ? [] : ["fwmark", fwmark]),
    ...(iif === undefined ? [] : ["iif", iif]),
    ...["lookup", table],
  ];
}

/** The routes that we want in a table. */
function wantedRoutes(options: HostRulesOptions, family: Family, table: number): Words[] {
  const { form, port, steering, ways } = options;
  const last = ["metric", String(lastMetric)];
  if (form === "rewrite") {
    if (table !== mainTable) return [];
    return [
      ...routesByPort(port, family).map((words) => [...words, ...last]),
      ...ways.filter((way) => way.family === family).flatMap((way) => wayTo(port, way)),
    ];
  }
  if (table === mainTable) return [];
  const routes = routesByPort(port, family);
  if (routes.length === 0) return [];
  if (table === steering.routeTable) return [["local", "default", "dev", "lo"]];
  // Without it, packets in a client's name would leave by the host's own default route when the port is away.
  return [...routes, ["unreachable", "default", ...last]];
}

/** To one address of whom the host itself has no better. */
function wayTo(port: PortConfig, { family, address }: Address): Words[] {
  const hop = nextHop(port, { family, address });
  if (hop === undefined) return [];
  const via = hop.address === address ? [] : ["via", hop.address];
  return [["unicast", `${address}/${addressBits(family)}`, ...via, "dev", deviceOf(port, hop)]];
}

/** The port in whose network a neighbour is. */
function deviceOf(port: PortConfig, neighbour: Address): string {
  const lans = lansOf(port);
  return lans.find(({ addresses }) => addresses.some((own) => contains(own, neighbour)))?.name ?? port.name;
}

/** To its networks, and by its routes and gateways, each after the network in which its router is. */
function routesByPort(port: PortConfig, family: Family): Words[] {
  const lans = lansOf(port);
  const own = lans.flatMap(({ name, addresses }) =>
    addresses.flatMap((prefix) => (prefix.family === family ? [{ name, prefix }] : [])),
  );
  if (own.length === 0) return [];
  // Two addresses of one network are one route; it prefers the first as source.
  const networks = new Map(
    own.map(({ name, prefix }) => [formatPrefix(networkOf(prefix)), { name, ...prefix }] as const).reverse(),
  );
  const ways = [
    ...port.gateways.map((via) => ({ family: via.family, network: "default", via })),
    ...port.routes.map(({ to, via }) => ({ family: to.family, network: formatPrefix(to), via })),
  ];
  return [
    ...[...networks].map(([network, { name, address }]) => ["unicast", network, "dev", name, "src", address]),
    ...ways
      .filter((way) => way.family === family)
      .map(({ network, via }) => ["unicast", network, "via", via.address, "dev", deviceOf(port, via)]),
  ];
}

function wordsOfRoute({ type, dst, gateway, dev, prefsrc, metric }: ShownRoute, family: Family): Words {
  const typeName = routeTypes.get(type) ?? type;
  return [
    ...[typeName, dst === "default" || dst.includes("/") ? dst : `${dst}/${addressBits(family)}`],
    ...(gateway === undefined ? [] : ["via", gateway]),
    ...(dev === undefined || typeName === "unreachable" ? [] : ["dev", dev]),
    ...(prefsrc === undefined ? [] : ["src", prefsrc]),
    ...(metric === lastMetric ? ["metric", String(metric)] : []),
  ];
}

async function showRules(family: Family): Promise<ShownRule[]> {
  return JSON.parse(await run("ip", [`-${family}`, "-json", "-Numeric", "rule", "show"])) as ShownRule[];
}

async function showRoutes(family: Family, table: number): Promise<ShownRoute[]> {
  try {
    const args = [`-${family}`, "-json", "-Numeric", "-details", "route", "show", "table", String(table)];
    return JSON.parse(await run("ip", args)) as ShownRoute[];
  } catch (error) {
    // The kernel makes a table with its first route.
    if (error instanceof HostError && /FIB table does not exist/.test(error.message)) return [];
    throw error;
  }
}

function tablesOf({ steering }: HostRulesOptions): readonly (readonly [field: string, table: number])[] {
  return [
    ["route_table", steering.routeTable],
    ["own_route_table", steering.ownRouteTable],
    ["", mainTable],
  ];
}

/** Ours, or left by a predecessor on the same port; another plugin's lead to another port. */
function isOurRoute({ protocol: by, dev, type }: ShownRoute, { port }: HostRulesOptions): boolean {
  return by === protocol && (routeTypes.get(type) !== "unicast" || isOurDevice(dev, port));
}

function isOurDevice(name: string | undefined, port: PortConfig): boolean {
  return lansOf(port).some((lan) => lan.name === name);
}

function isOurRule({ protocol: by, table, iif }: ShownRule, { port, steering }: HostRulesOptions): boolean {
  const tables = [steering.routeTable, steering.ownRouteTable].map(String);
  return by === protocol && tables.includes(table) && (iif === undefined || isOurDevice(iif, port));
}

function key(words: Words): string {
  return words.join(" ");
}

/**
 * Adds what is missing and deletes what a predecessor with another configuration left.
 * Throws HostError HOST_TAKEN where someone else uses one of the tables.
 */
export async function ensureRouting(options: HostRulesOptions): Promise<void> {
  for (const family of families) {
    for (const [field, table] of tablesOf(options)) await ensureRoutes(options, family, field, table);
    await ensureRules(options, family);
  }
}

async function ensureRoutes(options: HostRulesOptions, family: Family, field: string, table: number) {
  const shown = await showRoutes(family, table);
  const foreign = shown.find((route) => !isOurRoute(route, options));
  if (foreign !== undefined && table !== mainTable) {
    const route = key(wordsOfRoute(foreign, family));
    const advice = `set steering.${field} to the number of a table that nobody uses`;
    throw new HostError(
      "HOST_TAKEN",
      `route table ${table} holds a route of someone else (${route}); ${advice}`,
    );
  }
  const wanted = new Map(wantedRoutes(options, family, table).map((words) => [key(words), words]));
  const ours = shown.filter((route) => isOurRoute(route, options));
  for (const words of ours.map((route) => wordsOfRoute(route, family))) {
    if (!wanted.delete(key(words))) await changeRoute(family, "delete", words, table);
  }
  for (const words of wanted.values()) await changeRoute(family, "add", words, table);
}

async function changeRoute(family: Family, change: "add" | "delete", words: Words, table: number) {
  await run("ip", [`-${family}`, "route", change, ...words, "table", String(table), "protocol", protocol]);
}

async function ensureRules(options: HostRulesOptions, family: Family): Promise<void> {
  const wanted = new Map(wantedRules(options, family).map((words) => [key(words), words]));
  for (const rule of await showRules(family)) {
    const words = wordsOfRule(rule);
    if (isOurRule(rule, options) && !wanted.delete(key(words))) await changeRule(family, "delete", words);
  }
  for (const words of wanted.values()) await changeRule(family, "add", words);
}

async function changeRule(family: Family, change: "add" | "delete", words: Words): Promise<void> {
  await run("ip", [`-${family}`, "rule", change, ...words, "protocol", protocol]);
}

/** Deletes our rules and routes, and nothing else. */
export async function removeRouting(options: HostRulesOptions): Promise<void> {
  for (const family of families) {
    for (const rule of await showRules(family)) {
      if (isOurRule(rule, options)) await changeRule(family, "delete", wordsOfRule(rule));
    }
    for (const [, table] of tablesOf(options)) {
      for (const route of await showRoutes(family, table)) {
        if (!isOurRoute(route, options)) continue;
        await changeRoute(family, "delete", wordsOfRoute(route, family), table);
      }
    }
  }
}
