/**
 * Every flow of ours has such a cookie, and no flow without one is ever touched.
 *
 * ```
 *  63                        40 39       32 31       24 23       16 15                 0
 * +----------------------------+-----------+-----------+-----------+--------------------+
 * |     owner: "TPO" (24)      | instance  |   kind    |   round   |     peer (16)      |
 * +----------------------------+-----------+-----------+-----------+--------------------+
 * ```
 *
 * - owner: 0x54504f. Together with the instance it says whose the flow is.
 * - instance: which of several plugins on the bridge.
 * - kind: what the flow is for, by `FlowKind`.
 * - round: of flows that the switch has learned: which life of the plugin they belong to. 0 in all others, which a new
 *   life of the plugin finds as it wants them and leaves alone.
 * - peer: number of the peer that the flow steers to; 0 for none.
 */
export interface Cookie {
  readonly instance: number;
  readonly kind: FlowKind;
  readonly round: number;
  readonly peer: number;
}

export const FlowKind = {
  /** In table 0. */
  HOOK: 1,
  /** Of the look-up table. */
  ENTRY: 2,
  /** Takes a packet or lets it go. */
  VERDICT: 3,
  /** Learned from a SYN. */
  CONNECTION: 4,
  /** Learned from a sign of life of the plugin. */
  LEASE: 5,
} as const;
export type FlowKind = (typeof FlowKind)[keyof typeof FlowKind];

const OWNER = 0x54504fn;

/** Bits of the cookie that say whose the flow is. */
export const OWNER_MASK = 0xffffffff00000000n;
/** Bits that also say what it is for. */
export const KIND_MASK = 0xffffffffff000000n;
/** Rounds run from 1 to this and then begin again. */
export const LAST_ROUND = 255;
/** Peers are numbered from 1 to this: the register of the pipeline has no room for more. */
export const LAST_PEER = 8191;

export function encodeCookie({ instance, kind, round, peer }: Cookie): bigint {
  const low = (BigInt(instance) << 32n) | (BigInt(kind) << 24n) | (BigInt(round) << 16n) | BigInt(peer);
  return (OWNER << 40n) | low;
}

/** The cookie's fields; undefined for a cookie that is not ours. */
export function decodeCookie(cookie: bigint): Cookie | undefined {
  if (cookie >> 40n !== OWNER) return undefined;
  const kind = Number((cookie >> 24n) & 0xffn);
  const known = Object.values(FlowKind).find((value) => value === kind);
  if (known === undefined) return undefined;
  return {
    instance: Number((cookie >> 32n) & 0xffn),
    kind: known,
    round: Number((cookie >> 16n) & 0xffn),
    peer: Number(cookie & 0xffffn),
  };
}
