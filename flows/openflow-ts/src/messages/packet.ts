import { actions } from "../actions/action.js";
import { match } from "../fields/oxm.js";
import { packetInReasons } from "../model/enumeration.js";
import type { PacketIn, PacketOut } from "../model/flow.js";
import type { Match } from "../model/match.js";
import { byVersion, type Codec, enumerated, pad, rest, struct, u8, u16, u32, u64 } from "../wire/codec.js";
import type { Writer } from "../wire/writer.js";

/** OpenFlow 1.5.1 §7.4.1. */
export const packetIn: Codec<Omit<PacketIn, "type">> = struct({
  bufferId: u32,
  totalLength: u16,
  reason: enumerated(u8, packetInReasons),
  table: u8,
  cookie: u64,
  match,
  _pad: pad(2),
  data: rest,
});

type PacketOutBody = Omit<PacketOut, "type">;

/** OpenFlow 1.3.5 §7.3.7: of the match there is the port alone. */
const packetOut13: Codec<PacketOutBody> = {
  read(reader) {
    const bufferId = reader.u32();
    const inPort: Match = [{ field: "in_port", value: BigInt(reader.u32()) }];
    const length = reader.u16();
    reader.skip(6);
    const list = actions.read(reader.sub(length));
    return { bufferId, match: inPort, actions: list, data: reader.rest() };
  },
  write(writer, packet) {
    writer.u32(packet.bufferId);
    writer.unsigned(inPortOf(writer, packet.match), 4);
    const lengthAt = writer.length;
    writer.u16(0);
    writer.zeros(6);
    writeActions(writer, packet, lengthAt);
  },
};

function inPortOf(writer: Writer, given: Match): bigint {
  const [port, ...others] = given;
  if (port === undefined || port.field !== "in_port" || others.length > 0) {
    throw writer.unsupported("match of a packet-out but exactly in_port");
  }
  return port.value;
}

function writeActions(writer: Writer, packet: PacketOutBody, lengthAt: number): void {
  const start = writer.length;
  actions.write(writer, packet.actions);
  writer.patchU16(lengthAt, writer.length - start);
  writer.bytes(packet.data);
}

/** OpenFlow 1.5.1 §7.3.6. */
const packetOut15: Codec<PacketOutBody> = {
  read(reader) {
    const bufferId = reader.u32();
    const length = reader.u16();
    reader.skip(2);
    const fields = match.read(reader);
    const list = actions.read(reader.sub(length));
    return { bufferId, match: fields, actions: list, data: reader.rest() };
  },
  write(writer, packet) {
    writer.u32(packet.bufferId);
    const lengthAt = writer.length;
    writer.u16(0);
    writer.zeros(2);
    match.write(writer, packet.match);
    writeActions(writer, packet, lengthAt);
  },
};

export const packetOut = byVersion(packetOut13, packetOut13, packetOut15);
