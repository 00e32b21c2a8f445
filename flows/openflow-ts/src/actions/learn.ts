import { EncodeError } from "../errors/error.js";
import type { FieldPosition } from "../model/match.js";
import { type LearnAction, LearnFlag, type LearnSpec } from "../model/nicira-action.js";
import type { Codec } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import type { Body } from "./entry.js";
import { narrowField, niciraField } from "./subfield.js";

/**
 * A spec's header (OVS `nicira-ext.h`): the number of bits in the lower 11, what becomes of them in the next two, and
 * whether they come from a value or a field.
 */
const bitsMask = 0x7ff;
const fromValue = 1 << 13;
const kinds = ["match", "load", "output"] as const;
const reserved = 0xffff & ~(bitsMask | fromValue | (3 << 11));

/** A field, then the offset in it. */
const position: Codec<FieldPosition> = {
  read(reader) {
    const reference = narrowField.read(reader);
    return { ...reference, offset: reader.u16() };
  },
  write(writer, value) {
    narrowField.write(writer, value);
    writer.u16(value.offset);
  },
};

/** A value stands in as many whole 16-bit units as its bits need. */
const valueBytes = (bits: number) => Math.ceil(bits / 16) * 2;

function readSpec(reader: Reader): LearnSpec | undefined {
  if (reader.remaining < 2) return undefined;
  const header = reader.u16();
  if (header === 0) return undefined;
  const kind = kinds[(header >> 11) & 3];
  const bits = header & bitsMask;
  if (kind === undefined || bits === 0 || (header & reserved) !== 0) {
    throw reader.fail("OFPBAC_BAD_ARGUMENT", `a learn spec 0x${header.toString(16)}`);
  }
  const source =
    (header & fromValue) !== 0
      ? { value: reader.unsigned(valueBytes(bits)) }
      : { from: position.read(reader) };
  return kind === "output" ? { kind, bits, ...source } : { kind, bits, ...source, to: position.read(reader) };
}

function writeSpec(writer: Writer, spec: LearnSpec): void {
  if (spec.bits < 1 || spec.bits > bitsMask) {
    throw new EncodeError("ERR_OPENFLOW_RANGE", `a learn spec of ${spec.bits} bits`);
  }
  writer.u16(spec.bits | (kinds.indexOf(spec.kind) << 11) | ("value" in spec ? fromValue : 0));
  if ("value" in spec) writer.unsigned(spec.value, valueBytes(spec.bits));
  else position.write(writer, spec.from);
  if (spec.kind !== "output") position.write(writer, spec.to);
}

function readSpecs(reader: Reader): readonly LearnSpec[] {
  const specs: LearnSpec[] = [];
  for (let spec = readSpec(reader); spec !== undefined; spec = readSpec(reader)) specs.push(spec);
  return specs;
}

/** `NXAST_LEARN`, and with `extended` `NXAST_LEARN2`, which adds limit and result. */
export function learn(extended: boolean): Codec<Body<LearnAction>> {
  return {
    read(reader) {
      const times = { idleTimeout: reader.u16(), hardTimeout: reader.u16() };
      const flow = { priority: reader.u16(), cookie: reader.u64(), flags: reader.u16(), table: reader.u8() };
      reader.skip(1);
      const finTimes = { finIdleTimeout: reader.u16(), finHardTimeout: reader.u16() };
      const extension = extended ? readExtension(reader, flow.flags) : {};
      return { ...times, ...flow, ...finTimes, ...extension, specs: readSpecs(reader) };
    },
    write(writer, action) {
      writer.u16(action.idleTimeout);
      writer.u16(action.hardTimeout);
      writer.u16(action.priority);
      writer.u64(action.cookie);
      writer.u16(action.result ? action.flags | LearnFlag.WRITE_RESULT : action.flags);
      writer.u8(action.table);
      writer.zeros(1);
      writer.u16(action.finIdleTimeout);
      writer.u16(action.finHardTimeout);
      if (extended) {
        writer.u32(action.limit ?? 0);
        writer.u16(action.result?.offset ?? 0);
        writer.zeros(2);
        if (action.result) niciraField.write(writer, action.result);
      }
      for (const spec of action.specs) writeSpec(writer, spec);
    },
  };
}

function readExtension(reader: Reader, flags: number): { limit: number; result?: FieldPosition } {
  const limit = reader.u32();
  const offset = reader.u16();
  reader.skip(2);
  if ((flags & LearnFlag.WRITE_RESULT) === 0) return { limit };
  return { limit, result: { ...niciraField.read(reader), offset } };
}
