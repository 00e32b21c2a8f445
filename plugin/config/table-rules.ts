/** What must be true of each entry of the look-up table. */

import { type EntryField, LookupTable, TableError } from "../../flows/table/index.js";
import { DEFAULT_CLASS } from "../edge/tcp/traffic-class.js";
import { bridgePaths } from "./bridge-rules.js";
import { type EntryFields, entrySpec } from "./defaults.js";
import type { Path } from "./document.js";
import type { Keys, Read, Rule } from "./rule.js";
import * as schema from "./schema.js";
import { suggestion } from "./suggestion.js";

const fields = schema.entry.shape;
const port = schema.port.shape;
const trunk = schema.trunk.shape;

/** The entries of all bridges' tables. */
function entryPaths(keys: Keys): readonly Path[] {
  return bridgePaths(keys).flatMap((base) => {
    const table: Path = [...base, "table"];
    return keys(...table).map((index) => [...table, index]);
  });
}

const peersAreKnown: Rule = function* (read, keys) {
  const names = keys("peers").map(String);
  const known = names.length === 0 ? "there are none" : names.join(", ");
  for (const entryPath of entryPaths(keys)) {
    const path: Path = [...entryPath, "peer"];
    const action = read(fields.action, ...entryPath, "action");
    const named = read(fields.peer, ...path);
    const given = keys(...entryPath).includes("peer");
    if (action === "optimize" && !given)
      yield {
        path,
        found: "nothing",
        expected: `the name of a peer (${known})`,
        advice: "add `peer: NAME`, or say `action: pass`",
      };
    if (action === "pass" && given)
      yield {
        path,
        found: "a peer with action pass",
        expected: "no peer, as the bridge carries this",
        advice: "remove it, or say `action: optimize`",
      };
    if (action === "optimize" && named !== undefined && !names.includes(named)) {
      const near = suggestion(named, names);
      yield {
        path,
        found: JSON.stringify(named),
        expected: `the name of a peer (${known})`,
        advice: near === undefined ? "add it under peers, or name another" : `did you mean "${near}"?`,
      };
    }
  }
};

const policiesHaveAPeer: Rule = function* (read, keys) {
  for (const entryPath of entryPaths(keys)) {
    if (read(fields.action, ...entryPath, "action") !== "pass") continue;
    for (const field of ["accept", "class", "when_peer_down"] as const) {
      if (!keys(...entryPath).includes(field)) continue;
      yield {
        path: [...entryPath, field],
        found: `${field} with action pass`,
        expected: "none of accept, class and when_peer_down, as the bridge carries this",
        advice: "remove it, or say `action: optimize`",
      };
    }
  }
};

const classesAreKnown: Rule = function* (read, keys) {
  const names = keys("classes").map(String);
  const known = [...new Set([...names, DEFAULT_CLASS])];
  for (const entryPath of entryPaths(keys)) {
    const path: Path = [...entryPath, "class"];
    const named = read(fields.class, ...path);
    if (named === undefined || known.includes(named)) continue;
    const near = suggestion(named, known);
    yield {
      path,
      found: JSON.stringify(named),
      expected: `the name of a class (${known.join(", ")})`,
      advice: near === undefined ? "add it under classes, or name another" : `did you mean "${near}"?`,
    };
  }
};

/** Hosts of VLANs in which the plugin has no port are never taken. */
const vlansAreServed: Rule = function* (read, keys) {
  for (const base of bridgePaths(keys)) {
    const served = [
      read(port.vlan, ...base, "port", "vlan"),
      ...keys(...base, "port", "trunk").map((index) =>
        read(trunk.vlan, ...base, "port", "trunk", index, "vlan"),
      ),
    ].filter((vlan) => vlan !== undefined);
    for (const index of keys(...base, "table")) {
      const path: Path = [...base, "table", index, "vlan"];
      const vlan = read(fields.vlan, ...path);
      if (vlan === undefined || served.includes(vlan)) continue;
      const list = served.length === 0 ? "it has none" : served.join(", ");
      yield {
        path,
        found: `VLAN ${vlan}`,
        expected: `a VLAN of the port (${list})`,
        advice: "correct it, or give the port that VLAN by port.vlan or port.trunk",
      };
    }
  }
};

/** The names that the file has for fields of an entry. */
const fileNames: Partial<Record<EntryField, string>> = {
  sourcePorts: "source_port",
  ports: "destination_port",
};

/** The look-up table's own judgement. */
const entriesMatch: Rule = function* (read, keys) {
  for (const path of entryPaths(keys)) {
    for (const { field, message } of entryProblems(matchOf(read, path))) {
      yield { path: [...path, fileNames[field] ?? field], message };
    }
  }
};

/** What of an entry says which connections it matches. */
function matchOf(read: Read, path: Path): Partial<EntryFields> {
  const names = ["protocol", "source", "source_port", "destination", "destination_port"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = read(fields[name], ...path, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function entryProblems(match: Partial<EntryFields>) {
  try {
    new LookupTable([entrySpec({ protocol: "tcp", ...match })]);
    return [];
  } catch (error) {
    if (error instanceof TableError) return error.problems;
    throw error;
  }
}

export const tableRules: readonly Rule[] = [
  peersAreKnown,
  policiesHaveAPeer,
  classesAreKnown,
  vlansAreServed,
  entriesMatch,
];
