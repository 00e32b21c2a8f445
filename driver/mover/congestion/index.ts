import type { RateOptions } from "../contract.js";
import { AdaptiveModel } from "./adaptive.js";
import { FixedModel } from "./fixed.js";
import type { CongestionModel } from "./model.js";
import { StreamModel } from "./stream.js";

/** The model for `options`; `datagram` is a full one's bytes on the wire, `granularity` the link's, in milliseconds. */
export function congestionModel(
  options: RateOptions,
  datagram: number,
  granularity: number,
): CongestionModel {
  switch (options.mode) {
    case "adaptive":
      return new AdaptiveModel(datagram, granularity, {
        startRate: options.start && perMillisecond(options.start),
      });
    case "capped":
      return new AdaptiveModel(datagram, granularity, { ceiling: perMillisecond(options.ceiling) });
    case "fixed":
      return new FixedModel(perMillisecond(options.rate), datagram);
  }
}

/** What all datagrams together stay below, bytes per millisecond; Infinity without one. */
export function ceilingOf(options: RateOptions): number {
  switch (options.mode) {
    case "adaptive":
      return Number.POSITIVE_INFINITY;
    case "capped":
      return perMillisecond(options.ceiling);
    case "fixed":
      return perMillisecond(options.rate);
  }
}

/** The model for a stream. */
export function streamModel(options: RateOptions): CongestionModel {
  switch (options.mode) {
    case "adaptive":
      return new StreamModel();
    case "capped":
      return new StreamModel(perMillisecond(options.ceiling));
    case "fixed":
      return new StreamModel(perMillisecond(options.rate));
  }
}

function perMillisecond(bitsPerSecond: number): number {
  return bitsPerSecond / 8000;
}
