/** What must be true of each entry of the look-up table. */

import { type EntryField, LookupTable, TableError } from "../../flows/table/index.js";
import { bridgePaths } from "./bridge-rules.js";
import { type EntryFields, entrySpec } from "./defaults.js";
import type { Path } from "./document.js";
import type { Keys, Read, Rule } from "./rule.js";
import { entry } from "./schema.js";
import { suggestion } from "./suggestion.js";

const fields = entry.shape;

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
    for (const field of ["accept", "when_peer_down"] as const) {
      if (!keys(...entryPath).includes(field)) continue;
      yield {
        path: [...entryPath, field],
        found: `${field} with action pass`,
        expected: "neither accept nor when_peer_down, as the bridge carries this",
        advice: "remove it, or say `action: optimize`",
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

export const tableRules: readonly Rule[] = [peersAreKnown, policiesHaveAPeer, entriesMatch];
