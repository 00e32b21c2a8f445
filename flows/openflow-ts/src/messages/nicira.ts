import { matchFields } from "../fields/oxm.js";
import type {
  ConntrackFlushZone,
  PacketIn2,
  PacketIn2Properties,
  SetControllerId,
  TlvMapping,
  TlvTableMod,
  TlvTableReply,
} from "../model/nicira-message.js";
import { type Codec, list, pad, rest, struct, u8, u16, u32, u64 } from "../wire/codec.js";
import { property, propertyObject } from "../wire/property.js";
import { asyncProperties } from "./switch.js";

/** OVS `nicira-ext.h`; each body begins behind experimenter and subtype. */
export const setPacketInFormat = struct({ format: u32 });

export const setControllerId: Codec<Omit<SetControllerId, "type">> = struct({
  _zero: pad(6),
  controller: u16,
});

export const setAsyncConfig2 = struct({ masks: asyncProperties });

const properties = propertyObject<PacketIn2Properties>({
  packet: property(0, rest),
  fullLength: property(1, u32),
  bufferId: property(2, u32),
  table: property(3, u8),
  cookie: property(4, wide(u64)),
  reason: property(5, u8),
  metadata: property(6, matchFields),
  userdata: property(7, rest),
  continuation: property(8, rest),
});

/** A property of 64 bits stands at a multiple of 8 bytes. */
function wide(codec: Codec<bigint>): Codec<bigint> {
  return {
    read(reader) {
      reader.skip(4);
      return codec.read(reader);
    },
    write(writer, value) {
      writer.zeros(4);
      codec.write(writer, value);
    },
  };
}

export const packetIn2: Codec<Omit<PacketIn2, "type">> = struct({ properties });

const mappings: Codec<readonly TlvMapping[]> = list(
  struct<TlvMapping>({ optionClass: u16, optionType: u8, length: u8, index: u16, _pad: pad(2) }),
);

export const tlvTableMod: Codec<Omit<TlvTableMod, "type">> = struct({ command: u16, _pad: pad(6), mappings });

export const tlvTableReply: Codec<Omit<TlvTableReply, "type">> = struct({
  maxOptionSpace: u32,
  maxFields: u16,
  _reserved: pad(10),
  mappings,
});

export const ctFlushZone: Codec<Omit<ConntrackFlushZone, "type">> = struct({ _zero: pad(6), zone: u16 });
