import { InvalidError } from "../errors/error.js";
import type { MeterBand } from "../model/meter.js";

/** Bands take a whole number of 8 bytes together. */
export function checkBandSizes(bands: readonly MeterBand[]): void {
  const bytes = bands.reduce((sum, band) => sum + (band.type === "experimenter" ? band.data.length : 0), 0);
  if (bytes % 8 !== 0) throw new InvalidError("OFPBRC_BAD_LEN", "meter bands of no whole number of 8 bytes");
}

/** OVS drops and marks, and has nobody else's bands. */
export function checkBands(bands: readonly MeterBand[]): void {
  if (bands.some(({ type }) => type === "experimenter")) {
    throw new InvalidError("OFPMMFC_BAD_BAND", "an experimenter's band");
  }
}
