/** What the running plugin can be asked about its steering, and the words in which it answers. */

import { type Explanation, formatFlow, type ListedFlow, type Steering, type Tuple } from "../flows/index.js";
import type { Methods } from "./control.js";
import { DEFAULT_CLASS } from "./edge/tcp/index.js";

/** The answer to `explain`, as JSON. */
export interface Explained {
  readonly taken: boolean;
  /** Place in the table from 1, and the peer; null where no entry matches, or it lets the packet pass. */
  readonly entry: number | null;
  readonly peer: string | null;
  /** The traffic class; null where there is no peer. */
  readonly class: string | null;
  readonly because: readonly string[];
  /** As ovs-ofctl writes them. */
  readonly flows: readonly string[];
}

/** The answer to `flows`, as JSON: big numbers as text. */
export type Listed = Omit<ListedFlow, "packets"> & { readonly packets: string | null };

/** An answer for one bridge. */
export type OfBridge<T> = T & { readonly bridge: string };

/** What a question is about: one bridge, or all where none is named. */
interface About {
  readonly bridge?: string;
}

/** The methods that answer `explain` and `flows`, each with a list: one answer for each bridge. */
export function steeringQueries(steerings: readonly Steering[]): Methods {
  const asked = (parameters: unknown) => {
    const { bridge } = (parameters ?? {}) as About;
    const chosen = steerings.filter((steering) => bridge === undefined || steering.bridge === bridge);
    if (chosen.length > 0) return chosen;
    const names = steerings.map((steering) => steering.bridge).join(", ");
    throw new RangeError(`there is no bridge ${bridge} in the configuration (there are: ${names})`);
  };
  return {
    explain: (parameters) =>
      asked(parameters).map((steering): OfBridge<Explained> => {
        const { bridge: _, ...tuple } = parameters as Tuple & About;
        return { bridge: steering.bridge, ...explained(steering.explain(tuple)) };
      }),
    flows: (parameters) =>
      Promise.all(
        asked(parameters).map(
          async (steering): Promise<OfBridge<{ flows: Listed[] }>> => ({
            bridge: steering.bridge,
            flows: (await steering.flows()).map(listed),
          }),
        ),
      ),
  };
}

function explained({ taken, entry, because, flows }: Explanation): Explained {
  return {
    taken,
    entry: entry === undefined ? null : entry.index + 1,
    peer: entry?.action.type === "optimize" ? entry.action.peer : null,
    class: entry?.action.type === "optimize" ? (entry.action.class ?? DEFAULT_CLASS) : null,
    because,
    flows: flows.map(formatFlow),
  };
}

function listed({ packets, ...flow }: ListedFlow): Listed {
  return { ...flow, packets: packets?.toString() ?? null };
}
