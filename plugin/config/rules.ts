/**
 * What fields must be to each other. Each rule reads the fields it needs, by `read`, which gives undefined for a field
 * that is itself wrong (that is reported already), and yields what it finds amiss; so one run finds all there is.
 */

import type { z } from "zod";
import { contains, formatEndpoint, formatPrefix, networkOf, sameAddress } from "./address.js";
import type { Endpoint, Family, Prefix } from "./config.js";
import type { Path } from "./document.js";
import * as schema from "./schema.js";
import { suggestion } from "./suggestion.js";
import { formatDuration, formatSize } from "./units.js";
import { address } from "./values.js";

/** The field's value by its schema, or undefined where it does not fit. */
export type Read = <S extends z.ZodType>(schema: S, ...path: Path) => z.output<S> | undefined;
/** The keys of a map, or the indices of a list. */
export type Keys = (...path: Path) => readonly (string | number)[];

export interface Violation {
  readonly path: Path;
  readonly found: string;
  readonly expected: string;
  readonly advice: string;
}

type Rule = (read: Read, keys: Keys) => Iterable<Violation>;

const { port, mover, peer, entry, tcp, steering } = {
  port: schema.port.shape,
  mover: schema.mover.shape,
  peer: schema.peer.shape,
  entry: schema.entry.shape,
  tcp: schema.tcp.unwrap().shape,
  steering: schema.steering.unwrap().shape,
};

/** Bytes of IP and UDP headers before a segment. */
export function headerBytes(family: Family): 28 | 48 {
  return family === 4 ? 28 : 48;
}

function ownAddresses(read: Read, keys: Keys): { path: Path; prefix: Prefix }[] {
  return keys("port", "addresses").flatMap((index) => {
    const path = ["port", "addresses", index];
    const prefix = read(port.addresses.element, ...path);
    return prefix === undefined ? [] : [{ path, prefix }];
  });
}

const addressesAreUnique: Rule = function* (read, keys) {
  const seen: Prefix[] = [];
  for (const { path, prefix } of ownAddresses(read, keys)) {
    if (seen.some((other) => sameAddress(other, prefix)))
      yield {
        path,
        found: `${prefix.address} a second time`,
        expected: "each address once",
        advice: "remove one",
      };
    seen.push(prefix);
  }
};

const gatewaysAreNeighbours: Rule = function* (read, keys) {
  const own = ownAddresses(read, keys).map(({ prefix }) => prefix);
  const complete = own.length === keys("port", "addresses").length;
  const families = new Set<Family>();
  for (const index of keys("port", "gateways")) {
    const path = ["port", "gateways", index];
    const gateway = read(address, ...path);
    if (gateway === undefined) continue;
    const found = gateway.address;
    if (families.has(gateway.family))
      yield {
        path,
        found: `a second gateway for IPv${gateway.family}, ${found}`,
        expected: "at most one of each family",
        advice: "remove one",
      };
    families.add(gateway.family);
    if (own.some((prefix) => sameAddress(prefix, gateway)))
      yield {
        path,
        found: `the port's own address ${found}`,
        expected: "a router",
        advice: "give the router's address",
      };
    else if (complete && !own.some((prefix) => contains(prefix, gateway)))
      yield {
        path,
        found,
        expected: `an address in ${own.map((prefix) => formatPrefix(networkOf(prefix))).join(" or ")}`,
        advice: "give a router on the port's own network, or give the port an address on the router's",
      };
  }
};

const moverIsHere: Rule = function* (read, keys) {
  const listen = read(mover.listen, "mover", "listen");
  const underlay = read(mover.underlay, "mover", "underlay");
  const own = ownAddresses(read, keys).map(({ prefix }) => prefix);
  if (listen === undefined || underlay === undefined || own.length !== keys("port", "addresses").length)
    return;
  const isOwn = own.some((prefix) => sameAddress(prefix, listen));
  if (!underlay && !isOwn)
    yield {
      path: ["mover", "listen"],
      found: listen.address,
      expected: `one of the port's addresses (${own.map(({ address }) => address).join(", ")})`,
      advice:
        "give one of those, or say `underlay: true` if it is an address of the host's other way to the WAN",
    };
  if (underlay && isOwn)
    yield {
      path: ["mover", "listen"],
      found: `the local port's address ${listen.address} with underlay: true`,
      expected: "an address of the host's own",
      advice: "remove `underlay: true`, or give the host's address on the WAN side",
    };
};

const segmentFits: Rule = function* (read) {
  const listen = read(mover.listen, "mover", "listen");
  const mtu = read(port.mtu, "port", "mtu");
  const size = read(mover.segment_size, "mover", "segment_size");
  if (listen === undefined || mtu === undefined || size === undefined) return;
  const headers = headerBytes(listen.family);
  if (size > mtu - headers)
    yield {
      path: ["mover", "segment_size"],
      found: `${size}`,
      expected: `at most ${mtu - headers} (port.mtu ${mtu} less ${headers} for IPv${listen.family} and UDP headers)`,
      advice: "lower mover.segment_size, or raise port.mtu if the whole path to the peers carries more",
    };
};

const silenceIsLong: Rule = function* (read) {
  const keepalive = read(mover.keepalive, "mover", "keepalive");
  const silentAfter = read(mover.silent_after, "mover", "silent_after");
  const deadAfter = read(mover.dead_after, "mover", "dead_after");
  if (keepalive !== undefined && silentAfter !== undefined && silentAfter < 2 * keepalive)
    yield {
      path: ["mover", "silent_after"],
      found: formatDuration(silentAfter),
      expected: `at least ${formatDuration(2 * keepalive)} (twice mover.keepalive)`,
      advice: "raise silent_after or lower keepalive, or one lost datagram makes the peer silent",
    };
  if (silentAfter !== undefined && deadAfter !== undefined && deadAfter < silentAfter)
    yield {
      path: ["mover", "dead_after"],
      found: formatDuration(deadAfter),
      expected: `at least ${formatDuration(silentAfter)} (mover.silent_after)`,
      advice: "raise dead_after or lower silent_after",
    };
};

const peersAreElsewhere: Rule = function* (read, keys) {
  const site = read(schema.file.shape.site, "site");
  const listen = read(mover.listen, "mover", "listen");
  const seen = new Map<string, string>();
  for (const key of keys("peers")) {
    const name = String(key);
    if (name === site)
      yield {
        path: ["peers", name],
        found: "this site",
        expected: "the other sites only",
        advice: "remove it",
      };
    const path = ["peers", name, "address"];
    const endpoint: Endpoint | undefined = read(peer.address, ...path);
    if (endpoint === undefined) continue;
    const found = formatEndpoint(endpoint);
    const other = seen.get(found);
    if (other !== undefined)
      yield {
        path,
        found: `${found}, which is peer ${other}'s`,
        expected: "an address for each peer",
        advice: "correct one",
      };
    seen.set(found, name);
    if (listen === undefined) continue;
    if (listen.family !== endpoint.family)
      yield {
        path,
        found: `the IPv${endpoint.family} address ${found}`,
        expected: `an IPv${listen.family} address, like mover.listen`,
        advice: "give the peer's address of that family, or listen on one of this",
      };
    else if (found === formatEndpoint(listen))
      yield {
        path,
        found: `mover.listen itself, ${found}`,
        expected: "the peer's mover",
        advice: "give the peer's address",
      };
  }
};

const entriesAreWhole: Rule = function* (read, keys) {
  const names = keys("peers").map(String);
  for (const index of keys("table")) {
    const at = (field: string): Path => ["table", index, field];
    const action = read(entry.action, ...at("action"));
    const named = read(entry.peer, ...at("peer"));
    const given = keys("table", index).includes("peer");
    const known = names.length === 0 ? "there are none" : names.join(", ");
    if (action === "optimize" && !given)
      yield {
        path: at("peer"),
        found: "nothing",
        expected: `the name of a peer (${known})`,
        advice: "add `peer: NAME`, or say `action: pass`",
      };
    if (action === "pass" && given)
      yield {
        path: at("peer"),
        found: "a peer with action pass",
        expected: "no peer, as the bridge carries this",
        advice: "remove it, or say `action: optimize`",
      };
    if (action === "optimize" && named !== undefined && !names.includes(named)) {
      const near = suggestion(named, names);
      yield {
        path: at("peer"),
        found: JSON.stringify(named),
        expected: `the name of a peer (${known})`,
        advice: near === undefined ? `add it under peers, or name another` : `did you mean "${near}"?`,
      };
    }
  }
};

const networksAgree: Rule = function* (read, keys) {
  for (const index of keys("table")) {
    const families = new Set<Family>();
    for (const field of ["source", "destination"] as const) {
      const path = ["table", index, field];
      const network = read(entry[field], ...path);
      if (network === undefined || network === "any") continue;
      families.add(network.family);
      const whole = networkOf(network);
      if (!sameAddress(whole, network))
        yield {
          path,
          found: `${formatPrefix(network)}, an address in ${formatPrefix(whole)}`,
          expected: "a network, without host bits",
          advice: `write ${formatPrefix(whole)} for the network, or ${network.address} for the one address`,
        };
    }
    if (families.size > 1)
      yield {
        path: ["table", index, "destination"],
        found: "one of source and destination in IPv4, the other in IPv6",
        expected: "both of one family",
        advice: "correct one, or make two entries",
      };
  }
};

const creditFits: Rule = function* (read) {
  const sizes = (["credit", "credit_max", "memory"] as const).map((field) => ({
    field,
    value: read(tcp[field], "edge", "tcp", field),
  }));
  for (const [index, { field, value }] of sizes.entries()) {
    const larger = sizes[index + 1];
    if (larger?.value === undefined || value === undefined || value <= larger.value) continue;
    yield {
      path: ["edge", "tcp", field],
      found: formatSize(value),
      expected: `at most ${formatSize(larger.value)} (edge.tcp.${larger.field})`,
      advice: `lower ${field} or raise ${larger.field}`,
    };
  }
};

const marksDiffer: Rule = function* (read) {
  for (const [one, other] of [
    ["mark", "own_mark"],
    ["route_table", "own_route_table"],
  ] as const) {
    const value = read(steering[other], "steering", other);
    if (value !== undefined && value === read(steering[one], "steering", one))
      yield {
        path: ["steering", other],
        found: `${value}, which is ${one} as well`,
        expected: "two different numbers",
        advice: "change one",
      };
  }
};

const routeTablesAreFree: Rule = function* (read) {
  for (const field of ["route_table", "own_route_table"] as const) {
    const value = read(steering[field], "steering", field);
    if (value === undefined || value < 253 || value > 255) continue;
    yield {
      path: ["steering", field],
      found: `${value}, which is the kernel's table ${["default", "main", "local"][value - 253]}`,
      expected: "a table that nobody else uses",
      advice: "choose another number; `ip rule` and `ip route show table all` show the used ones",
    };
  }
};

export const rules: readonly Rule[] = [
  addressesAreUnique,
  gatewaysAreNeighbours,
  moverIsHere,
  segmentFits,
  silenceIsLong,
  peersAreElsewhere,
  entriesAreWhole,
  networksAgree,
  creditFits,
  marksDiffer,
  routeTablesAreFree,
];
