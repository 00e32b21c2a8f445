/** What the running plugin can be asked about its steering, and the words in which it answers. */

import { type Explanation, formatFlow, type ListedFlow, type Steering, type Tuple } from "../flows/index.js";
import type { Methods } from "./control.js";

/** The answer to `explain`, as JSON. */
export interface Explained {
  readonly taken: boolean;
  /** Place in the table from 1, and the peer; null where no entry matches, or it lets the packet pass. */
  readonly entry: number | null;
  readonly peer: string | null;
  readonly because: readonly string[];
  /** As ovs-ofctl writes them. */
  readonly flows: readonly string[];
}

/** The answer to `flows`, as JSON: big numbers as text. */
export type Listed = Omit<ListedFlow, "packets"> & { readonly packets: string | null };

export function steeringQueries(steering: Steering): Methods {
  return {
    explain: (parameters) => explained(steering.explain(parameters as Tuple)),
    flows: async () => (await steering.flows()).map(listed),
  };
}

function explained({ taken, entry, because, flows }: Explanation): Explained {
  return {
    taken,
    entry: entry === undefined ? null : entry.index + 1,
    peer: entry?.action.type === "optimize" ? entry.action.peer : null,
    because,
    flows: flows.map(formatFlow),
  };
}

function listed({ packets, ...flow }: ListedFlow): Listed {
  return { ...flow, packets: packets?.toString() ?? null };
}
