import type { ExperimenterProperty, UnknownProperty } from "../model/property.js";
import { type Codec, rest, struct, u32 } from "./codec.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/** Writes the contents of one property. */
type Contents = (writer: Writer) => void;

/**
 * Properties (OpenFlow 1.4 on): type, length without padding, contents, zeros to a multiple of 8 bytes. In the model
 * they are the members of an object, whose keys stand in the order of the wire; what cannot be a member, because its
 * type is not known or stands there again, is kept under `unknown`.
 */
export interface PropertyEntry<V> {
  readonly type: number;
  /** Whether it may stand there several times. */
  readonly repeats: boolean;
  /** `before`: what the same type, just in front of this one, has given. */
  read(reader: Reader, before: V | undefined): V;
  /** One for each time that it stands there. */
  contents(value: V): Contents[];
}

/** A property that occurs once. */
export function property<V>(type: number, codec: Codec<V>): PropertyEntry<V> {
  return {
    type,
    repeats: false,
    read: (reader) => codec.read(reader),
    contents: (value) => [(writer) => codec.write(writer, value)],
  };
}

/** A property that may occur several times. */
export function properties<V>(type: number, codec: Codec<V>): PropertyEntry<readonly V[]> {
  return {
    type,
    repeats: true,
    read(reader, before) {
      // A message has room for thousands: the list grows, and is not copied each time.
      const values = (before as V[] | undefined) ?? [];
      values.push(codec.read(reader));
      return values;
    },
    contents: (values) => values.map((value) => (writer) => codec.write(writer, value)),
  };
}

const experimenterContents: Codec<ExperimenterProperty> = struct({
  experimenter: u32,
  experimenterType: u32,
  data: rest,
});

/** The properties of experimenters. */
export function experimenterProperties(type = 0xffff): PropertyEntry<readonly ExperimenterProperty[]> {
  return properties(type, experimenterContents);
}

/** The property of each key but `unknown`. */
export type PropertyTable<T> = {
  readonly [K in Exclude<keyof T, "unknown">]-?: PropertyEntry<NonNullable<T[K]>>;
};

/** The next property: its type and a reader of its contents; its padding is passed over. */
export function readProperty(reader: Reader): { type: number; contents: Reader } {
  const length = reader.peekU16(2);
  if (length < 4) throw reader.fail("OFPBPC_BAD_LEN", `a property of ${length} bytes`);
  const contents = reader.sub(length, "OFPBPC_BAD_LEN");
  const type = contents.u16();
  contents.skip(2);
  const padding = (8 - (length % 8)) % 8;
  if (padding > reader.remaining) throw reader.fail("OFPBPC_BAD_LEN", "a property without its padding");
  reader.skip(padding);
  return { type, contents };
}

/** A property in its place on the wire. */
interface Placed {
  readonly type: number;
  readonly contents: Contents;
}

function write(writer: Writer, { type, contents }: Placed): void {
  const start = writer.length;
  writer.u16(type);
  writer.u16(0);
  contents(writer);
  writer.patchU16(start + 2, writer.length - start);
  writer.pad8(start);
}

/** Puts each among the others where it says, or behind them. */
export function insertUnknown<T, U extends { readonly position?: number }>(
  known: readonly T[],
  unknown: readonly U[],
  convert: (one: U) => T,
): readonly T[] {
  const all = [...known];
  for (const one of unknown) all.splice(one.position ?? all.length, 0, convert(one));
  return all;
}

/** Takes the positions away from those at the end of `total`, where they stand without being told. */
export function withoutLastPositions<U extends { readonly position?: number }>(
  unknown: readonly U[],
  total: number,
): readonly U[] {
  let end = total;
  return unknown
    .toReversed()
    .map((one) => {
      if (one.position !== end - 1) return one;
      end--;
      const { position: _position, ...rest_ } = one;
      return rest_ as U;
    })
    .toReversed();
}

/** All properties to the end, as one object. */
export function propertyObject<T extends object>(table: PropertyTable<T>): Codec<T> {
  const entries = new Map<string, PropertyEntry<unknown>>(Object.entries(table));
  const names = new Map([...entries].map(([name, entry]) => [entry.type, name]));
  return {
    read(reader) {
      const object: Record<string, unknown> = {};
      const unknown: UnknownProperty[] = [];
      let last: string | undefined;
      let position = 0;
      for (; reader.remaining > 0; position++) {
        const { type, contents } = readProperty(reader);
        const name = names.get(type);
        const entry = name === undefined ? undefined : entries.get(name);
        const again = name !== undefined && name in object;
        if (name === undefined || !entry || (again && !(entry.repeats && last === name))) {
          unknown.push({ propertyType: type, data: contents.rest(), position });
          last = undefined;
          continue;
        }
        object[name] = entry.read(contents, object[name]);
        contents.end();
        last = name;
      }
      if (unknown.length > 0) object["unknown"] = withoutLastPositions(unknown, position);
      return object as T;
    },
    write(writer, object) {
      const { unknown = [], ...members } = object as { unknown?: readonly UnknownProperty[] };
      const known = Object.entries(members).flatMap(([name, value]): Placed[] => {
        if (value === undefined) return [];
        const entry = entries.get(name);
        if (!entry) throw writer.unsupported(`property ${name} here`);
        return entry.contents(value).map((contents) => ({ type: entry.type, contents }));
      });
      const all = insertUnknown(known, unknown, ({ propertyType, data }) => ({
        type: propertyType,
        contents: (out: Writer) => out.bytes(data),
      }));
      for (const one of all) write(writer, one);
    },
  };
}

/** No properties in this version. */
export function noProperties<T extends object>(what: string): Codec<T> {
  return {
    read: () => ({}) as T,
    write(writer, object) {
      const given = Object.keys(object);
      if (given.length > 0) throw writer.unsupported(`${what} (${given.join(", ")} given)`);
    },
  };
}
