import { BUFFER_TIME, LARGEST_BUFFER, LEAST_BUFFER_SEGMENTS, LOSSES_IN_BUFFER } from "./constants.js";

/**
 * How long the next buffer should be at most, in bytes: a whole number of segments of `stride` bytes. A long one has less
 * overhead and is compressed better. But what is said next waits until it has been sent, and what is in it until the
 * last of its segments has come: so it is shorter where the rate (bytes per millisecond) is low, and where much is lost
 * (0 … 1).
 */
export function bufferSize(stride: number, rate: number, lossRate: number): number {
  const segments = Math.min(
    LARGEST_BUFFER / stride,
    Math.max(Math.min((rate * BUFFER_TIME) / stride, LOSSES_IN_BUFFER / lossRate), LEAST_BUFFER_SEGMENTS),
  );
  return Math.floor(segments) * stride;
}
