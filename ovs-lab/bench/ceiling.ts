import { parseRate, parseShare } from "../units.js";
import type { WanSettings } from "../wan/settings.js";

/** The share of whole frames that is a connection's own data. */
const DATA_SHARE = 0.95;

/** Of the frames that the conditions lose. */
export function lossOf({ loss, burstLoss }: Pick<WanSettings, "loss" | "burstLoss">): number {
  return parseShare("loss", loss) + parseShare("burst-loss", burstLoss.split(":")[0]!);
}

/** What one incompressible connection can get of a link, in bits per second. NaN of an unlimited one. */
export function ceilingOf(wan: WanSettings): number {
  return (parseRate("rate", wan.rate) ?? Number.NaN) * DATA_SHARE * (1 - lossOf(wan));
}
