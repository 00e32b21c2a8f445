import { contains } from "./address.js";
import type { Address, LanConfig, PortConfig } from "./config.js";
import { lansOf } from "./defaults.js";

/** The neighbour by which the port's own networks and routes lead to a destination; undefined where they do not. */
export function nextHop(port: PortConfig, destination: Address): Address | undefined {
  return way(port, destination)?.via;
}

/** How well the port's own networks and routes lead to a destination: the length of the best prefix; -1 for not at all. */
export function nearness(port: PortConfig, destination: Address): number {
  return way(port, destination)?.length ?? -1;
}

/** The LAN that a host is on, or behind a router of; undefined where no network or route leads to it. */
export function lanOf(port: PortConfig, host: Address): LanConfig | undefined {
  const via = nextHop(port, host);
  if (via === undefined) return undefined;
  const near = (lan: LanConfig) =>
    Math.max(-1, ...lan.addresses.filter((own) => contains(own, via)).map(({ length }) => length));
  return lansOf(port).reduce((best, lan) => (near(lan) > near(best) ? lan : best));
}

function way(port: PortConfig, destination: Address): { via: Address; length: number } | undefined {
  const networks = lansOf(port).flatMap(({ addresses }) => addresses);
  const ways = [
    ...networks.map((prefix) => ({ prefix, via: destination })),
    ...port.routes.map(({ to, via }) => ({ prefix: to, via })),
    ...port.gateways.map((via) => ({ prefix: { ...via, length: 0 }, via })),
  ];
  return ways
    .filter(({ prefix }) => contains(prefix, destination))
    .map(({ prefix, via }) => ({ via, length: prefix.length }))
    .sort((a, b) => b.length - a.length)[0];
}
