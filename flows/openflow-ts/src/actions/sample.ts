import type { Subfield } from "../model/match.js";
import type { Sample4Action, SampleAction } from "../model/nicira-action.js";
import { type Codec, pad, struct, u8, u16, u32 } from "../wire/codec.js";
import type { Body } from "./entry.js";
import { narrowField, readBits, writeBits } from "./subfield.js";

const common = {
  probability: u16,
  collectorSet: u32,
  observationDomain: u32,
  observationPoint: u32,
} as const;

type Sample = Pick<SampleAction, "probability" | "collectorSet" | "observationDomain" | "observationPoint">;

export const sample: Codec<Body<SampleAction>> = struct<Sample>(common);

const sampleWithPort = struct<Sample & { samplingPort: number }>({ ...common, samplingPort: u16 });
const sampleWithDirection = struct<Sample & { samplingPort: number; direction: number }>({
  ...common,
  samplingPort: u16,
  direction: u8,
});

export const sample2: Codec<Body<SampleAction>> = {
  read: (reader) => sampleWithPort.read(reader),
  write: (writer, action) =>
    sampleWithPort.write(writer, { ...action, samplingPort: action.samplingPort ?? 0 }),
};

export const sample3: Codec<Body<SampleAction>> = {
  read: (reader) => sampleWithDirection.read(reader),
  write: (writer, action) =>
    sampleWithDirection.write(writer, {
      ...action,
      samplingPort: action.samplingPort ?? 0,
      direction: action.direction ?? 0,
    }),
};

/** A field and its bits, or 32 zero bits and a number. */
const numberOrSubfield: Codec<number | Subfield> = {
  read(reader) {
    if (reader.peekU16() === 0 && reader.peekU16(2) === 0) {
      reader.skip(4);
      return reader.u32();
    }
    const field = narrowField.read(reader);
    const bits = readBits(reader);
    reader.skip(2);
    return { ...field, ...bits };
  },
  write(writer, value) {
    if (typeof value === "number") {
      writer.u32(0);
      writer.u32(value);
      return;
    }
    narrowField.write(writer, value);
    writeBits(writer, value);
    writer.zeros(2);
  },
};

export const sample4: Codec<Body<Sample4Action>> = struct({
  probability: u16,
  collectorSet: u32,
  observationDomain: numberOrSubfield,
  observationPoint: numberOrSubfield,
  samplingPort: u16,
  direction: u8,
  _pad: pad(5),
});
