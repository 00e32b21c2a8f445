import type { Controller2Action } from "../model/nicira-action.js";
import type { Codec } from "../wire/codec.js";
import { padded, u16, zeros } from "../wire/codec.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";
import type { Body } from "./entry.js";

type Properties = { -readonly [K in keyof Body<Controller2Action>]: Body<Controller2Action>[K] };

/** How one property of `NXAST_CONTROLLER2` is read and written. */
interface Property<K extends keyof Properties> {
  readonly number: number;
  read(reader: Reader): NonNullable<Properties[K]>;
  write(writer: Writer, value: NonNullable<Properties[K]>): void;
}

const properties: { readonly [K in keyof Required<Properties>]: Property<K> } = {
  maxLength: { number: 0, ...padded(u16, 2) },
  controller: { number: 1, ...padded(u16, 2) },
  reason: { number: 2, read: (r) => r.u8(), write: (w, v) => w.u8(v) },
  userdata: { number: 3, read: (r) => r.rest(), write: (w, v) => w.bytes(v) },
  pause: { number: 4, read: () => true, write: () => {} },
  meter: { number: 5, read: (r) => r.u32(), write: (w, v) => w.u32(v) },
};

const names = Object.keys(properties) as (keyof Properties)[];

function readProperty<K extends keyof Properties>(reader: Reader, name: K, into: Properties): void {
  into[name] = properties[name].read(reader);
}

function writeProperty<K extends keyof Properties>(
  writer: Writer,
  name: K,
  action: Body<Controller2Action>,
): void {
  const value = action[name];
  if (value === undefined) return;
  const start = writer.length;
  writer.u16(properties[name].number);
  writer.u16(0);
  properties[name].write(writer, value);
  writer.patchU16(start + 2, writer.length - start);
  writer.pad8(start);
}

/** `NXAST_CONTROLLER2`: a list of properties, in the order of the object's keys. */
export const controller2: Codec<Body<Controller2Action>> = {
  read(reader) {
    zeros(6).read(reader);
    const action: Properties = {};
    while (reader.remaining > 0) {
      const length = reader.peekU16(2);
      if (length < 4) throw reader.fail("OFPBPC_BAD_LEN", `a property of ${length} bytes`);
      const property = reader.sub(length, "OFPBPC_BAD_LEN");
      const number = property.u16();
      property.skip(2);
      const name = names.find((candidate) => properties[candidate].number === number);
      if (!name) throw reader.fail("OFPBPC_BAD_TYPE", `a controller property of type ${number}`);
      if (action[name] !== undefined) throw reader.fail("OFPBPC_DUP_TYPE", `the property ${name} twice`);
      readProperty(property, name, action);
      property.end();
      reader.skip(Math.min((8 - (length % 8)) % 8, reader.remaining));
    }
    return action;
  },
  write(writer, action) {
    writer.zeros(6);
    for (const name of Object.keys(action)) {
      if (name in properties) writeProperty(writer, name as keyof Properties, action);
    }
  },
};
