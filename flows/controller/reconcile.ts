import { type FlowDescription, type FlowMod, Group, NO_BUFFER, Port } from "openflow-ts";
import { type CookieRange, decodeCookie, type Flow, isLearned, learnedInRound } from "../pipeline/index.js";
import { flowKey } from "./flow-key.js";

/** What of our flows is on the switch, beside what should be. */
export interface Difference {
  /** Wanted and not there, or there with another cookie, other timeouts or other actions. */
  readonly missing: readonly Flow[];
  /** There and not wanted. */
  readonly surplus: readonly FlowDescription[];
  /** Rounds of earlier lives of the plugin whose learned flows are still there. */
  readonly staleRounds: readonly number[];
}

/** What a flow does, as text: the same for what we send and for what OVS reports of it. */
function flowBody(flow: Omit<Flow, "table" | "priority" | "match">): string {
  const { cookie, idleTimeout, hardTimeout, instructions } = flow;
  return JSON.stringify({ cookie, idleTimeout, hardTimeout, instructions }, (_key, value: unknown) => {
    if (typeof value === "bigint") return `0x${value.toString(16)}`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    // Keys in one order; the form in which a field stands on the wire makes no difference.
    const entries = Object.entries(value).filter(([key]) => key !== "form");
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * The difference between the flows that are wanted and those of ours that were reported. Of the learned ones, those of
 * `round` are left alone.
 */
export function difference(
  wanted: readonly Flow[],
  reported: readonly FlowDescription[],
  round: number,
): Difference {
  const there = new Map<string, FlowDescription>();
  const staleRounds = new Set<number>();
  for (const flow of reported) {
    const cookie = decodeCookie(flow.cookie);
    if (cookie && isLearned(cookie)) {
      if (cookie.round !== round) staleRounds.add(cookie.round);
    } else {
      there.set(flowKey(flow), flow);
    }
  }
  const missing = wanted.filter((flow) => {
    const key = flowKey(flow);
    const found = there.get(key);
    there.delete(key);
    return found === undefined || flowBody(found) !== flowBody(flow);
  });
  return { missing, surplus: [...there.values()], staleRounds: [...staleRounds] };
}

export function isEmpty({ missing, surplus, staleRounds }: Difference): boolean {
  return missing.length === 0 && surplus.length === 0 && staleRounds.length === 0;
}

const ALL_TABLES = 255;
const NO_COOKIE_MASK = 0n;
const EXACT_COOKIE = 0xffffffffffffffffn;

function flowMod(
  mod: Pick<FlowMod, "command" | "table" | "cookie" | "cookieMask"> & Partial<FlowMod>,
): FlowMod {
  return {
    type: "flow_mod",
    priority: 0,
    idleTimeout: 0,
    hardTimeout: 0,
    importance: 0,
    bufferId: NO_BUFFER,
    outPort: Port.ANY,
    outGroup: Group.ANY,
    flags: 0,
    match: [],
    instructions: [],
    ...mod,
  };
}

/** Deletes the flows of a range of cookies, in all tables. */
export function deleteByCookie({ cookie, mask }: CookieRange): FlowMod {
  return flowMod({ command: "delete", table: ALL_TABLES, cookie, cookieMask: mask });
}

/**
 * The changes that make a difference vanish, for one atomic bundle. A deletion names the flow's cookie as well, so that
 * it never meets a flow that another owner has put in the same place meanwhile.
 */
export function changes({ missing, surplus, staleRounds }: Difference, instance: number): FlowMod[] {
  return [
    ...staleRounds.map((round) => deleteByCookie(learnedInRound(instance, round))),
    ...surplus.map(({ table, priority, cookie, match }) =>
      flowMod({ command: "delete_strict", table, priority, cookie, cookieMask: EXACT_COOKIE, match }),
    ),
    ...missing.map((flow) => flowMod({ command: "add", cookieMask: NO_COOKIE_MASK, ...flow })),
  ];
}
