import { type FlowMod, Group, NO_BUFFER, Port, Table } from "openflow-ts";
import { type CookieRange, decodeCookie, type Flow, isLearned, learnedInRound } from "../pipeline/index.js";
import { flowBody, flowKey } from "./flow-key.js";

/** What of our flows is on the switch, beside what should be. */
export interface Difference {
  /** Wanted and not there, or there with another cookie, other timeouts or other actions. */
  readonly missing: readonly Flow[];
  /** There and not wanted. */
  readonly surplus: readonly Flow[];
  /** Rounds of earlier lives of the plugin whose learned flows are still there. */
  readonly staleRounds: readonly number[];
}

/** What we send and how a switch reports it, where that differs: both as `flowBody` has it. */
export type Spellings = ReadonlyMap<string, string>;

/**
 * The difference between the flows that are wanted and those of ours that are there. Of the learned ones, those of
 * `round` are left alone.
 */
export function difference(
  wanted: readonly Flow[],
  there: readonly Flow[],
  round: number,
  spellings: Spellings,
): Difference {
  const rest = new Map<string, Flow>();
  const staleRounds = new Set<number>();
  for (const flow of there) {
    const cookie = decodeCookie(flow.cookie);
    if (!cookie || !isLearned(cookie)) rest.set(flowKey(flow), flow);
    else if (cookie.round !== round) staleRounds.add(cookie.round);
  }
  const missing = wanted.filter((flow) => {
    const key = flowKey(flow);
    const found = rest.get(key);
    rest.delete(key);
    if (found === flow) return false;
    if (found === undefined) return true;
    const body = flowBody(flow);
    const foundBody = flowBody(found);
    return foundBody !== body && foundBody !== spellings.get(body);
  });
  return { missing, surplus: [...rest.values()], staleRounds: [...staleRounds] };
}

/**
 * Versions of OVS differ in how they report an action. What is reported right after `sent` was accepted, in its place and
 * with its cookie, is what was sent.
 */
export function learnSpellings(
  sent: readonly Flow[],
  reported: readonly Flow[],
  spellings: Map<string, string>,
): void {
  const found = new Map(reported.map((flow) => [flowKey(flow), flow]));
  for (const flow of sent) {
    const as = found.get(flowKey(flow));
    if (as?.cookie === flow.cookie) spellings.set(flowBody(flow), flowBody(as));
  }
}

export function isEmpty({ missing, surplus, staleRounds }: Difference): boolean {
  return missing.length === 0 && surplus.length === 0 && staleRounds.length === 0;
}

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
  return flowMod({ command: "delete", table: Table.ALL, cookie, cookieMask: mask });
}

/** Deletes one flow. It names the cookie as well, so that it never meets a flow that another owner has put in its place. */
export function deleteFlow({ table, priority, cookie, match }: FlowPlace): FlowMod {
  return flowMod({ command: "delete_strict", table, priority, cookie, cookieMask: EXACT_COOKIE, match });
}

type FlowPlace = Pick<Flow, "table" | "priority" | "cookie" | "match">;

export function addFlow(flow: Flow): FlowMod {
  return flowMod({ command: "add", cookieMask: NO_COOKIE_MASK, ...flow });
}

/** The changes that make a difference vanish, for one atomic bundle. */
export function changes({ missing, surplus, staleRounds }: Difference, instance: number): FlowMod[] {
  return [
    ...staleRounds.map((round) => deleteByCookie(learnedInRound(instance, round))),
    ...surplus.map(deleteFlow),
    ...missing.map(addFlow),
  ];
}
