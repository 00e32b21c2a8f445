import { formatFlow } from "openflow-ts";
import { decodeCookie, type Flow, FlowKind, isLearned } from "../pipeline/index.js";
import { flowBody, flowKey } from "./flow-key.js";
import type { Spellings } from "./reconcile.js";

/**
 * | status | |
 * |---|---|
 * | `installed` | wanted, and there as wanted |
 * | `missing` | wanted, and not there |
 * | `different` | wanted, and there with another cookie, other timeouts or other actions |
 * | `surplus` | there, and not wanted |
 * | `learned` | made by the switch: a connection, or the lease |
 */
export type FlowStatus = "installed" | "missing" | "different" | "surplus" | "learned";

/** A flow of ours, with what is on the switch beside what should be there. */
export interface ListedFlow {
  readonly status: FlowStatus;
  readonly table: number;
  readonly priority: number;
  readonly kind: keyof typeof FlowKind | undefined;
  /** Number of the peer that it steers to; 0 for none. */
  readonly peer: number;
  /** As `ovs-ofctl` writes it. */
  readonly wanted?: string;
  readonly there?: string;
  /** Absent for a flow that is not there. */
  readonly packets?: bigint;
}

type ReportedFlow = Flow & { readonly stats: { readonly packetCount?: bigint } };

/** All flows of ours, wanted or there, in the order in which packets meet them, those of one priority by their text. */
export function listFlows(
  wanted: readonly Flow[],
  reported: readonly ReportedFlow[],
  spellings: Spellings,
): ListedFlow[] {
  const rest = new Map(reported.map((flow) => [flowKey(flow), flow]));
  const listed = wanted.map((flow) => {
    const there = rest.get(flowKey(flow));
    rest.delete(flowKey(flow));
    return entry(statusOf(flow, there, spellings), flow, there);
  });
  const others = [...rest.values()].map((there) => {
    const cookie = decodeCookie(there.cookie);
    return entry(cookie && isLearned(cookie) ? "learned" : "surplus", undefined, there);
  });
  const text = ({ wanted, there }: ListedFlow) => wanted ?? there!;
  return [...listed, ...others].sort(
    (a, b) => a.table - b.table || b.priority - a.priority || (text(a) < text(b) ? -1 : 1),
  );
}

function statusOf(wanted: Flow, there: Flow | undefined, spellings: Spellings): FlowStatus {
  if (!there) return "missing";
  const [body, found] = [flowBody(wanted), flowBody(there)];
  return found === body || found === spellings.get(body) ? "installed" : "different";
}

function entry(status: FlowStatus, wanted: Flow | undefined, there: ReportedFlow | undefined): ListedFlow {
  const { table, priority, cookie } = (wanted ?? there)!;
  const known = decodeCookie(cookie);
  const names = Object.keys(FlowKind) as (keyof typeof FlowKind)[];
  return {
    status,
    table,
    priority,
    kind: names.find((name) => FlowKind[name] === known?.kind),
    peer: known?.peer ?? 0,
    ...(wanted && { wanted: formatFlow(wanted) }),
    ...(there && { there: formatFlow(there) }),
    ...(there?.stats.packetCount !== undefined && { packets: there.stats.packetCount }),
  };
}
