/** What fields must be to each other, beside the look-up table's (`table-rules.ts`). */

import { formatEndpoint, headerBytes, sameAddress } from "./address.js";
import { bridgePaths, bridgeRules, ownAddresses } from "./bridge-rules.js";
import type { Endpoint } from "./config.js";
import type { Rule } from "./rule.js";
import * as schema from "./schema.js";
import { tableRules } from "./table-rules.js";
import { formatDuration, formatSize } from "./units.js";

const { port, mover, peer, tcp, steering } = {
  port: schema.port.shape,
  mover: schema.mover.shape,
  peer: schema.peer.shape,
  tcp: schema.tcp.unwrap().shape,
  steering: schema.steering.unwrap().shape,
};

const moverIsHere: Rule = function* (read, keys) {
  const listen = read(mover.listen, "mover", "listen");
  const underlay = read(mover.underlay, "mover", "underlay");
  const { prefixes: own, complete } = ownAddresses(read, keys);
  if (listen === undefined || underlay === undefined || !complete) return;
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

const DEFAULT_MTU = 1500;

const segmentFits: Rule = function* (read, keys) {
  const listen = read(mover.listen, "mover", "listen");
  const mtus = bridgePaths(keys).map((base) => read(port.mtu, ...base, "port", "mtu") ?? DEFAULT_MTU);
  const mtu = Math.min(...mtus);
  const size = read(mover.segment_size, "mover", "segment_size");
  if (listen === undefined || size === undefined) return;
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

const probesKeepSteering: Rule = function* (read, keys) {
  const finIdle = read(steering.fin_idle, "steering", "fin_idle");
  const paths = [
    ["edge", "tcp", "keepalive"],
    ...keys("classes").map((name) => ["classes", name, "keepalive"]),
  ];
  for (const path of paths) {
    const keepalive = keys(...path.slice(0, -1)).includes("keepalive")
      ? read(tcp.keepalive, ...path)
      : undefined;
    if (keepalive === undefined || finIdle === undefined || finIdle >= 2 * keepalive) continue;
    yield {
      path,
      found: formatDuration(keepalive),
      expected: `at most ${formatDuration(Math.floor(finIdle / 2))} (half of steering.fin_idle)`,
      advice:
        "lower it or raise steering.fin_idle, or the switch forgets half-closed connections that are silent",
    };
  }
};

const creditFits: Rule = function* (read) {
  const credit = read(tcp.credit_max, "edge", "tcp", "credit_max");
  const memory = read(tcp.memory, "edge", "tcp", "memory");
  if (credit === undefined || memory === undefined || credit <= memory) return;
  yield {
    path: ["edge", "tcp", "credit_max"],
    found: formatSize(credit),
    expected: `at most ${formatSize(memory)} (edge.tcp.memory)`,
    advice: "lower credit_max or raise memory",
  };
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

const fixedRateIsGiven: Rule = function* (read) {
  const rate = read(mover.rate, "mover", "rate");
  if (rate !== "fixed" || read(mover.rate_limit, "mover", "rate_limit") !== null) return;
  yield {
    path: ["mover", "rate"],
    found: "fixed without mover.rate_limit",
    expected: "the rate at which to send",
    advice: "give mover.rate_limit, such as 100mbit, or leave the rate to be found: adaptive",
  };
};

/** Encryption is given up by a word, not by something that is missing. */
const keysAreGiven: Rule = function* (read, keys) {
  if (keys("peers").length === 0 || read(mover.encryption, "mover", "encryption") !== "on") return;
  if (!keys().includes("key_file"))
    yield {
      path: ["key_file"],
      found: "nothing",
      expected: "the file of this site's private key",
      advice:
        "make it by `ovs-tpo keygen /etc/ovs-tpo/key` and give `key_file: /etc/ovs-tpo/key`; or say `encryption: off` in mover",
    };
  for (const name of keys("peers")) {
    if (read(peer.address, "peers", name, "address") === undefined) continue;
    if (keys("peers", name).includes("public_key")) continue;
    yield {
      path: ["peers", name, "public_key"],
      found: "nothing",
      expected: "the peer's public key",
      advice: "add what `ovs-tpo keygen` has printed there, or `ovs-tpo pubkey FILE` prints",
    };
  }
};

/** All the rules of a configuration. */
export const rules: readonly Rule[] = [
  ...bridgeRules,
  moverIsHere,
  segmentFits,
  silenceIsLong,
  fixedRateIsGiven,
  peersAreElsewhere,
  keysAreGiven,
  ...tableRules,
  probesKeepSteering,
  creditFits,
  marksDiffer,
  routeTablesAreFree,
];
