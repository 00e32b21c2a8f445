import type { Action } from "../model/action.js";
import type { ConntrackAction, NatAction, NatAddress } from "../model/nicira-action.js";
import type { Codec } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import type { Body } from "./entry.js";
import { narrowField } from "./subfield.js";

const noTable = 0xff;

/** `NXAST_CT`. `actions` is the codec of the actions inside. */
export function conntrack(actions: Codec<readonly Action[]>): Codec<Body<ConntrackAction>> {
  return {
    read(reader) {
      const flags = reader.u16();
      const zone = readZone(reader);
      const table = reader.u8();
      reader.skip(3);
      const helper = reader.u16();
      return { flags, zone, ...(table !== noTable && { table }), helper, actions: actions.read(reader) };
    },
    write(writer, action) {
      writer.u16(action.flags);
      if (typeof action.zone === "number") {
        writer.u32(0);
        writer.u16(action.zone);
      } else {
        narrowField.write(writer, action.zone);
        writer.u16((action.zone.offset << 6) | (action.zone.bits - 1));
      }
      writer.u8(action.table ?? noTable);
      writer.zeros(3);
      writer.u16(action.helper);
      actions.write(writer, action.actions);
    },
  };
}

/** The zone's field, or 32 zero bits; then the bits of the field, or the zone itself. */
function readZone(reader: Reader): ConntrackAction["zone"] {
  if (reader.peekU16() === 0 && reader.peekU16(2) === 0) {
    reader.skip(4);
    return reader.u16();
  }
  const field = narrowField.read(reader);
  const packed = reader.u16();
  return { ...field, offset: packed >> 6, bits: (packed & 0x3f) + 1 };
}

/** Bits of `range_present`, in the order in which the parts follow. */
const Part = { IPV4_MIN: 1, IPV4_MAX: 2, IPV6_MIN: 4, IPV6_MAX: 8, PORT_MIN: 16, PORT_MAX: 32 } as const;

/** `NXAST_NAT`. */
export const nat: Codec<Body<NatAction>> = {
  read(reader) {
    reader.skip(2);
    const flags = reader.u16();
    const present = reader.u16();
    const both = (bits: number) => (present & bits) !== 0;
    if (both(Part.IPV4_MIN | Part.IPV4_MAX) && both(Part.IPV6_MIN | Part.IPV6_MAX)) {
      throw reader.fail("OFPBAC_BAD_ARGUMENT", "nat with IPv4 and IPv6 addresses");
    }
    const part = <T>(bit: number, read: () => T) => ((present & bit) !== 0 ? read() : undefined);
    const v4 = (): NatAddress => ({ family: 4, address: reader.u32() });
    const v6 = (): NatAddress => ({ family: 6, address: reader.unsigned(16) });
    const min4 = part(Part.IPV4_MIN, v4);
    const max4 = part(Part.IPV4_MAX, v4);
    const addressMin = min4 ?? part(Part.IPV6_MIN, v6);
    const addressMax = max4 ?? part(Part.IPV6_MAX, v6);
    const portMin = part(Part.PORT_MIN, () => reader.u16());
    const portMax = part(Part.PORT_MAX, () => reader.u16());
    return {
      flags,
      ...(addressMin && { addressMin }),
      ...(addressMax && { addressMax }),
      ...(portMin !== undefined && { portMin }),
      ...(portMax !== undefined && { portMax }),
    };
  },
  write(writer, action) {
    writer.zeros(2);
    writer.u16(action.flags);
    const { addressMin, addressMax, portMin, portMax } = action;
    writer.u16(
      addressBit(addressMin, Part.IPV4_MIN, Part.IPV6_MIN) |
        addressBit(addressMax, Part.IPV4_MAX, Part.IPV6_MAX) |
        (portMin === undefined ? 0 : Part.PORT_MIN) |
        (portMax === undefined ? 0 : Part.PORT_MAX),
    );
    for (const address of [addressMin, addressMax]) if (address) writeAddress(writer, address);
    for (const port of [portMin, portMax]) if (port !== undefined) writer.u16(port);
  },
};

function addressBit(address: NatAddress | undefined, ipv4: number, ipv6: number): number {
  if (!address) return 0;
  return address.family === 4 ? ipv4 : ipv6;
}

function writeAddress(writer: Writer, address: NatAddress): void {
  if (address.family === 4) writer.u32(address.address);
  else writer.unsigned(address.address, 16);
}
