import { duration } from "../instructions/stats.js";
import { meterBands } from "../messages/meter.js";
import type { MeterDescription, MeterFeatures, MeterStatistics } from "../model/meter.js";
import { byVersion, type Codec, list, pad, padded, sized, struct, u8, u16, u32, u64 } from "../wire/codec.js";

export const meterFilter = struct({ meter: padded(u32, 4) });

const counters = struct<Omit<MeterStatistics, "meter">>({
  flowCount: u32,
  packetCount: u64,
  byteCount: u64,
  duration,
  bands: list(struct({ packetCount: u64, byteCount: u64 })),
});
const headSize = 12; // meter, length, padding

/** OpenFlow 1.5.1 §7.3.5.13; the length stands behind the meter. */
const statistics: Codec<MeterStatistics> = {
  read(reader) {
    const meter = reader.u32();
    const length = reader.u16();
    reader.skip(6);
    if (length < headSize) throw reader.fail(reader.lengthError, `a meter of ${length} bytes`);
    return { meter, ...counters.read(reader.sub(length - headSize)) };
  },
  write(writer, value) {
    const start = writer.length;
    writer.u32(value.meter);
    writer.u16(0);
    writer.zeros(6);
    counters.write(writer, value);
    writer.patchU16(start + 4, writer.length - start);
  },
};

export const meterStatistics = struct({ meters: list(statistics) });

export const meterDescriptions = struct({
  meters: list(sized(struct<MeterDescription>({ flags: u16, meter: u32, bands: meterBands }))),
});

const limits = { maxMeters: u32, bandTypes: u32, capabilities: u32, maxBands: u8, maxColor: u8 } as const;

const limits13 = struct<Omit<MeterFeatures, "features">>({ ...limits, _pad: pad(2) });

/** OpenFlow 1.3.5 §7.3.5.13. */
const features13: Codec<MeterFeatures> = {
  read: (reader) => limits13.read(reader),
  write(writer, given) {
    if (given.features !== undefined) throw writer.unsupported("features of meters");
    limits13.write(writer, given);
  },
};

/** OpenFlow 1.5.1 §7.3.5.15; what came with 1.5 is missing where OVS answers. */
const features15: Codec<MeterFeatures> = {
  read(reader) {
    const given = limits13.read(reader);
    if (reader.remaining === 0) return given;
    return { ...given, features: padded(u32, 4).read(reader) };
  },
  write(writer, given) {
    limits13.write(writer, given);
    if (given.features !== undefined) padded(u32, 4).write(writer, given.features);
  },
};

export const meterFeatures = byVersion(features13, features13, features15);
