import type { ExperimenterProperty, UnknownProperty } from "../model/property.js";
import { type Codec, rest, struct, u32 } from "./codec.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/**
 * Properties (OpenFlow 1.4 on): type, length without padding, contents, zeros to a multiple of 8 bytes. In the model
 * they are the members of an object, whose keys stand in the order of the wire; a type that is not known is kept under
 * `unknown`.
 */
export interface PropertyEntry<V> {
  readonly type: number;
  /** `before`: what the same type, earlier in the list, has given. */
  read(reader: Reader, before: V | undefined): V;
  write(writer: Writer, value: V): void;
}

function writeProperty(writer: Writer, type: number, contents: () => void): void {
  const start = writer.length;
  writer.u16(type);
  writer.u16(0);
  contents();
  writer.patchU16(start + 2, writer.length - start);
  writer.pad8(start);
}

/** A property that occurs once. */
export function property<V>(type: number, codec: Codec<V>): PropertyEntry<V> {
  return {
    type,
    read(reader, before) {
      if (before !== undefined) throw reader.fail("OFPBPC_DUP_TYPE", `a property of type ${type} again`);
      return codec.read(reader);
    },
    write: (writer, value) => writeProperty(writer, type, () => codec.write(writer, value)),
  };
}

/** A property that may occur several times. */
export function properties<V>(type: number, codec: Codec<V>): PropertyEntry<readonly V[]> {
  return {
    type,
    read: (reader, before) => [...(before ?? []), codec.read(reader)],
    write(writer, values) {
      for (const value of values) writeProperty(writer, type, () => codec.write(writer, value));
    },
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

/** All properties to the end, as one object. */
export function propertyObject<T extends object>(table: PropertyTable<T>): Codec<T> {
  const entries = new Map<string, PropertyEntry<unknown>>(Object.entries(table));
  const names = new Map([...entries].map(([name, entry]) => [entry.type, name]));
  return {
    read(reader) {
      const object: Record<string, unknown> = {};
      const unknown: UnknownProperty[] = [];
      while (reader.remaining > 0) {
        const { type, contents } = readProperty(reader);
        const name = names.get(type);
        if (name === undefined) {
          if (unknown.length === 0) object["unknown"] = unknown;
          unknown.push({ propertyType: type, data: contents.rest() });
          continue;
        }
        object[name] = entries.get(name)!.read(contents, object[name]);
        contents.end();
      }
      return object as T;
    },
    write(writer, object) {
      for (const [name, value] of Object.entries(object)) {
        if (value === undefined) continue;
        if (name === "unknown") {
          for (const one of value as readonly UnknownProperty[]) {
            writeProperty(writer, one.propertyType, () => writer.bytes(one.data));
          }
        } else {
          const entry = entries.get(name);
          if (!entry) throw writer.unsupported(`property ${name} here`);
          entry.write(writer, value);
        }
      }
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
