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
 * - kind: what the flow is for, by `FlowKind`. Its upper half tells the flows that we install to stay from those
 *   that come and go.
 * - round: of flows that come and go: which life of the plugin they belong to. 0 in all others, which a new life of the plugin
 *   finds as it wants them and leaves alone.
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
  HOOK: 0x11,
  /** Of the look-up table. */
  ENTRY: 0x12,
  /** Takes a packet or lets it go. */
  VERDICT: 0x13,
  /** Lets packets go that have no translation. */
  EXIT: 0x14,
  /** Hands a SYN to the controller, which is to ask the far edge. */
  CONFIRM: 0x15,
  /** Hands a SYN to the controller, which is to refuse it. */
  REFUSE: 0x16,
  /** Hands a copy of an ICMP error to the controller, which is to see whether it is about a connection of ours. */
  ERROR: 0x17,
  /** Hands a SYN to the controller, which is to take it (form `rewrite`). */
  TAKE: 0x18,
  /** Learned from a SYN. */
  CONNECTION: 0x21,
  /** Learned from a sign of life of the plugin. */
  LEASE: 0x22,
  /** Rewrites the packets of one connection; ours for as long as that lasts, like what is learned. */
  TRANSLATION: 0x23,
} as const;
export type FlowKind = (typeof FlowKind)[keyof typeof FlowKind];

/** Some of all cookies: those that agree with `cookie` in the bits of `mask`. */
export interface CookieRange {
  readonly cookie: bigint;
  readonly mask: bigint;
}

const OWNER = 0x54504fn;
const OWNER_MASK = 0xffffffff00000000n;
const HALF_KIND_MASK = 0xfffffffff0000000n;
const ROUND_MASK = 0xfffffffff0ff0000n;

/** Rounds run from 1 to this and then begin again. */
export const LAST_ROUND = 255;
/** Peers are numbered from 1 to this: the register of the pipeline has no room for more. */
export const LAST_PEER = 1023;

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

/** All flows of an instance. */
export function allOurs(instance: number): CookieRange {
  return {
    cookie: encodeCookie({ instance, kind: FlowKind.HOOK, round: 0, peer: 0 }) & OWNER_MASK,
    mask: OWNER_MASK,
  };
}

/** Those that the instance installs. */
export function installedByUs(instance: number): CookieRange {
  return {
    cookie: encodeCookie({ instance, kind: FlowKind.HOOK, round: 0, peer: 0 }) & HALF_KIND_MASK,
    mask: HALF_KIND_MASK,
  };
}

/** Those that the switch has learned for the instance in one round. */
export function learnedInRound(instance: number, round: number): CookieRange {
  return {
    cookie: encodeCookie({ instance, kind: FlowKind.CONNECTION, round, peer: 0 }) & ROUND_MASK,
    mask: ROUND_MASK,
  };
}

/** Whether a flow comes and goes with a connection or a sign of life: the switch has learned it, or it is a translation. */
export function isLearned({ kind }: Cookie): boolean {
  return kind === FlowKind.CONNECTION || kind === FlowKind.LEASE || kind === FlowKind.TRANSLATION;
}
