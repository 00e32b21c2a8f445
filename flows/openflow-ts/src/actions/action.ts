import type { Action } from "../model/action.js";
import { Experimenter } from "../model/constants.js";
import type { Codec } from "../wire/codec.js";
import { list, zeros } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import type { ActionEntry } from "./entry.js";
import { niciraActions } from "./nicira.js";
import { copyField, standardActions } from "./standard.js";

const experimenterType = 0xffff;
/** The actions of ONF's extensions have a number of 16 bits and two bytes of padding behind the experimenter. */
const onfCopyField = 3200;

/** Refuses an action whose length is not what its contents need. */
function checkLength(reader: Reader, length: number, consumed: number, minimum: number): void {
  const needed = Math.max(minimum, Math.ceil(consumed / 8) * 8);
  if (length !== needed) {
    throw reader.fail("OFPBAC_BAD_LEN", `an action of ${length} bytes whose contents take ${needed}`);
  }
}

function readBody(entry: ActionEntry, body: Reader, length: number): Action {
  const action = entry.read(body);
  if (action.type === "copy_field" && length % 8 !== 0 && length === body.consumed) {
    return { ...action, unpadded: true };
  }
  checkLength(body, length, body.consumed, entry.minimum);
  if (entry.tailError !== undefined) zeros(body.remaining, entry.tailError).read(body);
  return action;
}

function readExperimenter(body: Reader, length: number): Action {
  const experimenter = body.u32();
  const number = body.remaining >= 2 ? body.peekU16() : undefined;
  if (experimenter === Experimenter.NICIRA && number !== undefined) {
    const entry = niciraActions().byNumber(number);
    if (entry && body.version >= entry.since && body.version <= entry.until) {
      body.skip(2);
      return readBody(entry, body, length);
    }
  }
  if (experimenter === Experimenter.ONF && number === onfCopyField && body.version < 6) {
    body.skip(4);
    const action: Action = { type: "copy_field", ...copyField.read(body) };
    checkLength(body, length, body.consumed, 8);
    return action;
  }
  checkLength(body, length, length, 8);
  return { type: "experimenter", experimenter, data: body.rest() };
}

function readAction(reader: Reader): Action {
  const length = reader.peekU16(2);
  if (length < 8) throw reader.fail("OFPBAC_BAD_LEN", `an action of ${length} bytes`);
  const body = reader.sub(length, "OFPBAC_BAD_LEN");
  const number = body.u16();
  body.skip(2);
  if (number === experimenterType) return readExperimenter(body, length);
  const entry = standardActions(reader.version).byNumber(number);
  if (!entry) throw reader.fail("OFPBAC_BAD_TYPE", `an action of type ${number}`);
  return readBody(entry, body, length);
}

function writeExperimenter(writer: Writer, experimenter: number, contents: () => void): void {
  const start = writer.length;
  writer.u16(experimenterType);
  writer.u16(0);
  writer.u32(experimenter);
  contents();
  writer.pad8(start);
  writer.patchU16(start + 2, writer.length - start);
}

/** What to use in OpenFlow 1.5 instead. */
function replacement(type: Action["type"]): string {
  if (type === "reg_load" || type === "reg_load2") return "; set_field with a mask does the same";
  return type === "reg_move" ? "; copy_field does the same" : "";
}

function writeAction(writer: Writer, action: Action): void {
  const start = writer.length;
  const standard = standardActions(writer.version).for(action);
  if (standard) {
    writer.u16(standard.number);
    writer.u16(0);
    standard.write(writer, action);
    if (action.type !== "copy_field" || !action.unpadded) writer.pad8(start);
    writer.patchU16(start + 2, writer.length - start);
    return;
  }
  if (action.type === "experimenter") {
    writeExperimenter(writer, action.experimenter, () => writer.bytes(action.data));
    return;
  }
  if (action.type === "copy_field") {
    writeExperimenter(writer, Experimenter.ONF, () => {
      writer.u16(onfCopyField);
      writer.zeros(2);
      copyField.write(writer, action);
    });
    return;
  }
  const nicira = niciraActions().for(action);
  if (!nicira || writer.version < nicira.since || writer.version > nicira.until) {
    throw writer.unsupported(`action ${action.type}${replacement(action.type)}`);
  }
  writeExperimenter(writer, Experimenter.NICIRA, () => {
    writer.u16(nicira.number);
    nicira.write(writer, action);
    writer.zeros(Math.max(0, nicira.minimum - (writer.length - start)));
  });
}

/** Actions one after the other, to the end. */
export const actions: Codec<readonly Action[]> = list({ read: readAction, write: writeAction });
