import { actions } from "../actions/action.js";
import type { Instruction } from "../model/instruction.js";
import type { Tagged } from "../model/tagged.js";
import { type Codec, list, pad, rest, struct, u8, u32, u64 } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import { flowStats } from "./stats.js";

type InstructionType = Instruction["type"];
type Of<T extends InstructionType> = Tagged<Instruction, T>;

interface InstructionEntry {
  readonly number: number;
  readonly type: InstructionType;
  read(reader: Reader): Instruction;
  write(writer: Writer, instruction: Instruction): void;
}

function entry<T extends InstructionType>(
  number: number,
  type: T,
  codec: Codec<Omit<Of<T>, "type">>,
): InstructionEntry {
  return {
    number,
    type,
    read: (reader) => ({ type, ...codec.read(reader) }) as Instruction,
    // The instruction was found by its type.
    write: (writer, instruction) => codec.write(writer, instruction as unknown as Of<T>),
  };
}

/** OpenFlow 1.5.1 §7.2.5; each body begins behind type and length. */
const common: readonly InstructionEntry[] = [
  entry(1, "goto_table", struct({ table: u8, _pad: pad(3) })),
  entry(2, "write_metadata", struct({ _pad: pad(4), metadata: u64, mask: u64 })),
  entry(3, "write_actions", struct({ _pad: pad(4), actions })),
  entry(4, "apply_actions", struct({ _pad: pad(4), actions })),
  entry(5, "clear_actions", struct<Omit<Of<"clear_actions">, "type">>({ _pad: pad(4) })),
  entry(0xffff, "experimenter", struct({ experimenter: u32, data: rest })),
];
/** Up to 1.4; since 1.5 metering is an action. */
const meter = entry(6, "meter", struct({ meter: u32 }));
const statTrigger = entry(7, "stat_trigger", struct({ flags: u32, thresholds: flowStats }));

const before15 = [...common, meter];
const in15 = [...before15, statTrigger];
const entriesOf = (version: number) => (version >= 6 ? in15 : before15);

export const instruction: Codec<Instruction> = {
  read(reader) {
    const length = reader.peekU16(2);
    if (length < 8) throw reader.fail("OFPBIC_BAD_LEN", `an instruction of ${length} bytes`);
    const body = reader.sub(length, "OFPBIC_BAD_LEN");
    const number = body.u16();
    body.skip(2);
    const known = entriesOf(reader.version).find((candidate) => candidate.number === number);
    if (!known) throw reader.fail("OFPBIC_UNKNOWN_INST", `an instruction of type ${number}`);
    const value = known.read(body);
    body.end();
    return value;
  },
  write(writer, value) {
    const known = entriesOf(writer.version).find((candidate) => candidate.type === value.type);
    if (!known) throw writer.unsupported(`instruction ${value.type}`);
    const start = writer.length;
    writer.u16(known.number);
    writer.u16(0);
    known.write(writer, value);
    writer.patchU16(start + 2, writer.length - start);
  },
};

/** Instructions one after the other, to the end. */
export const instructions: Codec<readonly Instruction[]> = list(instruction);
