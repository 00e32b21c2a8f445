import type { DirectionStatus, WanStatus } from "../status.js";

/** What the WAN did in one direction during a transfer; counted in frames. Lateness is in milliseconds. */
export interface WanAccount {
  readonly from: string;
  readonly to: string;
  readonly frames: number;
  /** As the conditions want it. */
  readonly lost: number;
  readonly queueFull: number;
  /** As nobody wants it: the emulator, or the taps at its ends, were the limit. */
  readonly overrun: number;
  readonly refused: number;
  readonly notTaken: number;
  /** How much later than due frames were delivered. */
  readonly lateness: { readonly mean: number; readonly p99: number; readonly max: number };
}

/** Between two looks at a WAN whose lateness counts from the first. */
export function account(before: WanStatus, after: WanStatus): WanAccount[] {
  return after.directions.map((direction, index) => {
    const { from, to, lateness, ...counts } = reading(direction);
    const earlier = reading(before.directions[index]!);
    const names = Object.keys(counts) as (keyof typeof counts)[];
    const during = Object.fromEntries(names.map((name) => [name, counts[name] - earlier[name]]));
    return { from, to, ...(during as typeof counts), lateness };
  });
}

/** Frames that did not arrive for no reason but the emulation itself. */
export function emulatorDrops(accounts: readonly WanAccount[]): number {
  return accounts.reduce((sum, { overrun, refused, notTaken }) => sum + overrun + refused + notTaken, 0);
}

function reading({ from, to, counters, deviceDrops }: DirectionStatus): WanAccount {
  const { frames = 0, lost = 0, queueFull = 0, overrun = 0, refused = 0, lateness } = counters ?? {};
  const { mean = 0, p99 = 0, max = 0 } = lateness ?? {};
  return {
    from,
    to,
    frames,
    lost,
    queueFull,
    overrun,
    refused,
    notTaken: deviceDrops,
    lateness: { mean, p99, max },
  };
}
