import { meterModCommands } from "../model/enumeration.js";
import type { MeterBand, MeterMod } from "../model/meter.js";
import { type Codec, enumerated, list, struct, u16, u32 } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

const bandTypes = { drop: 1, dscp_remark: 2, experimenter: 0xffff } as const;
const badBand = "OFPMMFC_BAD_BAND";

function readBand(reader: Reader): MeterBand {
  const length = reader.peekU16(2);
  if (length < 12) throw reader.fail(badBand, `a meter band of ${length} bytes`);
  const contents = reader.sub(length, badBand);
  const type = contents.u16();
  contents.skip(2);
  const limits = { rate: contents.u32(), burst: contents.u32() };
  const band = readKind(contents, type, limits);
  contents.end();
  return band;
}

function readKind(reader: Reader, type: number, limits: { rate: number; burst: number }): MeterBand {
  switch (type) {
    case bandTypes.drop:
      reader.skip(4);
      return { type: "drop", ...limits };
    case bandTypes.dscp_remark: {
      const precedenceLevel = reader.u8();
      reader.skip(3);
      return { type: "dscp_remark", ...limits, precedenceLevel };
    }
    case bandTypes.experimenter:
      return { type: "experimenter", ...limits, experimenter: reader.u32(), data: reader.rest() };
    default:
      throw reader.fail(badBand, `a meter band of type ${type}`);
  }
}

function writeBand(writer: Writer, band: MeterBand): void {
  const start = writer.length;
  writer.u16(bandTypes[band.type]);
  writer.u16(0);
  writer.u32(band.rate);
  writer.u32(band.burst);
  if (band.type === "experimenter") {
    writer.u32(band.experimenter);
    writer.bytes(band.data);
  } else if (band.type === "dscp_remark") {
    writer.u8(band.precedenceLevel);
    writer.zeros(3);
  } else {
    writer.zeros(4);
  }
  writer.patchU16(start + 2, writer.length - start);
}

export const meterBands: Codec<readonly MeterBand[]> = list({ read: readBand, write: writeBand });

/** OpenFlow 1.5.1 §7.3.4.5. */
export const meterMod: Codec<Omit<MeterMod, "type">> = struct({
  command: enumerated(u16, meterModCommands),
  flags: u16,
  meter: u32,
  bands: meterBands,
});
