import type { RateOptions } from "../contract.js";
import { AdaptiveModel } from "./adaptive.js";
import type { CongestionModel } from "./model.js";

/** The model for `options`; `datagram` is a full one's bytes on the wire, `granularity` the link's, in milliseconds. */
export function congestionModel(
  options: RateOptions,
  datagram: number,
  granularity: number,
): CongestionModel {
  const perMillisecond = (bitsPerSecond: number | undefined) => bitsPerSecond && bitsPerSecond / 8000;
  switch (options.mode) {
    case "adaptive":
      return new AdaptiveModel(datagram, granularity, { startRate: perMillisecond(options.start) });
    case "capped":
      return new AdaptiveModel(datagram, granularity, { ceiling: perMillisecond(options.ceiling) });
  }
}
