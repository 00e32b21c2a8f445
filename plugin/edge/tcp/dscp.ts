/** Differentiated services code points (RFC 2474): names, and what they mean to the packet driver. Pure. */

import type { Priority } from "../../../driver/index.js";

export const DSCP_MAX = 63;

/** By their usual names: RFC 2474 (CS), RFC 2597 (AF), RFC 3246 (EF), RFC 5865 (VA), RFC 8622 (LE). */
export const DSCP_NAMES = {
  default: 0,
  le: 1,
  cs1: 8,
  af11: 10,
  af12: 12,
  af13: 14,
  cs2: 16,
  af21: 18,
  af22: 20,
  af23: 22,
  cs3: 24,
  af31: 26,
  af32: 28,
  af33: 30,
  cs4: 32,
  af41: 34,
  af42: 36,
  af43: 38,
  cs5: 40,
  va: 44,
  ef: 46,
  cs6: 48,
  cs7: 56,
} as const;
export type DscpName = keyof typeof DSCP_NAMES;

/**
 * The service classes of RFC 4594, figure 3, and RFC 8622. What is inelastic, or wants low latency, is served first; bulk
 * that says so comes behind the rest; what asks for less than best effort comes last.
 */
const PRIORITIES: readonly (readonly [Priority, readonly DscpName[]])[] = [
  [0, ["cs7", "cs6", "ef", "va", "cs5", "cs4", "af41", "af42", "af43", "af21", "af22", "af23"]],
  [2, ["af11", "af12", "af13"]],
  [3, ["cs1", "le"]],
];
/** Of all others, also those that nobody has given a meaning (RFC 2474 §4). */
const NORMAL: Priority = 1;

const byDscp = new Map<number, Priority>(
  PRIORITIES.flatMap(([priority, names]) => names.map((name) => [DSCP_NAMES[name], priority] as const)),
);

export function priorityOf(dscp: number): Priority {
  return byDscp.get(dscp) ?? NORMAL;
}
