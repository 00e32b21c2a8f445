import type { DecapAction, EncapAction, EncapProperty } from "../model/nicira-action.js";
import { type Codec, list, struct, u16, u32 } from "../wire/codec.js";
import type { Body } from "./entry.js";

/** Class, type and length (of the header too), data, zeros to a multiple of 8 bytes. */
const property: Codec<EncapProperty> = {
  read(reader) {
    const head = { class: reader.u16(), type: reader.u8() };
    const length = reader.u8();
    if (length < 4) throw reader.fail("OFPBPC_BAD_LEN", `a property of ${length} bytes`);
    const data = reader.bytes(length - 4);
    reader.skip((8 - (length % 8)) % 8);
    return { ...head, data };
  },
  write(writer, value) {
    const start = writer.length;
    writer.u16(value.class);
    writer.u8(value.type);
    writer.u8(4 + value.data.length);
    writer.bytes(value.data);
    writer.pad8(start);
  },
};

/** `NXAST_ENCAP`. */
export const encap: Codec<Body<EncapAction>> = struct({
  headerSize: u16,
  packetType: u32,
  properties: list(property),
});

/** `NXAST_DECAP`, for which no property is defined. */
export const decap: Codec<Body<DecapAction>> = {
  read(reader) {
    reader.skip(2);
    const packetType = reader.u32();
    if (reader.remaining > 0) throw reader.fail("NXBAC_UNKNOWN_ED_PROP", "a property of decap");
    return { packetType };
  },
  write(writer, action) {
    writer.zeros(2);
    writer.u32(action.packetType);
  },
};
