import { EncodeError } from "../errors/error.js";
import type { Enumerated, EnumerationTable } from "../model/enumeration.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/** One definition of how a value stands on the wire, for both directions. */
export interface Codec<T> {
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

/** Bytes without meaning: zero when written, ignored when read. */
export type Padding = Codec<undefined>;

export const u8: Codec<number> = { read: (r) => r.u8(), write: (w, v) => w.u8(v) };
export const u16: Codec<number> = { read: (r) => r.u16(), write: (w, v) => w.u16(v) };
export const u32: Codec<number> = { read: (r) => r.u32(), write: (w, v) => w.u32(v) };
export const i32: Codec<number> = { read: (r) => r.i32(), write: (w, v) => w.i32(v) };
export const u64: Codec<bigint> = { read: (r) => r.u64(), write: (w, v) => w.u64(v) };
/** An Ethernet address. */
export const u48: Codec<bigint> = { read: (r) => r.unsigned(6), write: (w, v) => w.unsigned(v, 6) };

/** All bytes that are left. */
export const rest: Codec<Uint8Array> = { read: (r) => r.rest(), write: (w, v) => w.bytes(v) };

export function pad(bytes: number): Padding {
  return { read: (r) => void r.skip(bytes), write: (w) => w.zeros(bytes) };
}

/** Text in a field of fixed size. */
export function text(bytes: number): Codec<string> {
  return { read: (r) => r.text(bytes), write: (w, v) => w.text(v, bytes) };
}

/** An enumeration: by name, or by number where the table has none. */
export function enumerated<T extends EnumerationTable>(
  number: Codec<number>,
  table: T,
): Codec<Enumerated<T>> {
  type Name = Extract<keyof T, string>;
  const names = new Map(Object.entries(table).map(([name, value]) => [value, name as Name]));
  return {
    read(r) {
      const value = number.read(r);
      return names.get(value) ?? value;
    },
    write(w, value) {
      const known = typeof value === "string" ? table[value] : value;
      if (known === undefined) {
        throw new EncodeError(
          "ERR_OPENFLOW_VALUE",
          `"${String(value)}" is none of ${Object.keys(table).join(", ")}`,
        );
      }
      number.write(w, known);
    },
  };
}

/** A field that is not on the wire in this version: read as `value`, and refused if it is to be anything else. */
export function absent<T>(name: string, value: T): Codec<T> {
  return {
    read: () => value,
    write(w, given) {
      if (given !== value) throw w.unsupported(`${name} (${String(given)} was given)`);
    },
  };
}

/** The codec of each member in the order of the wire; keys that begin with `_` are padding. */
export type Members<T> = { readonly [K in keyof T]-?: Codec<T[K]> } & {
  readonly [padding: `_${string}`]: Padding;
};

/** Members one after the other. */
export function struct<T>(members: Members<T>): Codec<T> {
  const entries = Object.entries<Codec<unknown>>(members);
  return {
    read(r) {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) {
        const member = codec.read(r);
        if (!name.startsWith("_")) value[name] = member;
      }
      return value as T;
    },
    write(w, value) {
      for (const [name, codec] of entries) codec.write(w, value[name as keyof T]);
    },
  };
}

/** Values one after the other until nothing is left. */
export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    read(r) {
      const items: T[] = [];
      while (r.remaining > 0) {
        const before = r.remaining;
        items.push(item.read(r));
        if (r.remaining === before) throw r.fail(r.lengthError, "an item of no bytes");
      }
      return items;
    },
    write(w, items) {
      for (const item_ of items) item.write(w, item_);
    },
  };
}

/** `length: u16` bytes of `body`, the length counting itself; the bytes behind the length are `body`'s. */
export function sized<T>(body: Codec<T>, lengthError?: string): Codec<T> {
  return {
    read(r) {
      const length = r.peekU16();
      if (length < 2) throw r.fail(lengthError ?? r.lengthError, `a length of ${length}`);
      const inner = r.sub(length, lengthError);
      inner.skip(2);
      const value = body.read(inner);
      inner.end();
      return value;
    },
    write(w, value) {
      const start = w.length;
      w.u16(0);
      body.write(w, value);
      w.patchU16(start, w.length - start);
    },
  };
}

/** Maps a codec's value to another and back. */
export function mapped<A, B>(codec: Codec<A>, to: (a: A) => B, from: (b: B) => A): Codec<B> {
  return { read: (r) => to(codec.read(r)), write: (w, value) => codec.write(w, from(value)) };
}

/** One codec for OpenFlow 1.3, 1.4 and 1.5 each. */
export function byVersion<T>(in13: Codec<T>, in14: Codec<T>, in15: Codec<T> = in14): Codec<T> {
  const choose = (version: number) => (version >= 6 ? in15 : version === 5 ? in14 : in13);
  return {
    read: (r) => choose(r.version).read(r),
    write: (w, value) => choose(w.version).write(w, value),
  };
}

/** Padding that a switch refuses unless it is zero. */
export function zeros(bytes: number, code = "NXBRC_MUST_BE_ZERO"): Padding {
  return {
    read(r) {
      const padding = r.bytes(bytes);
      if (padding.some((byte) => byte !== 0)) throw r.fail(code, `${bytes} bytes that must be zero`);
      return undefined;
    },
    write: (w) => w.zeros(bytes),
  };
}

/** Nothing but a member that says what it is. */
export const empty: Codec<Record<never, never>> = { read: () => ({}), write: () => {} };

/** A value with padding behind it. */
export function padded<T>(codec: Codec<T>, bytes: number): Codec<T> {
  return {
    read(r) {
      const value = codec.read(r);
      r.skip(bytes);
      return value;
    },
    write(w, value) {
      codec.write(w, value);
      w.zeros(bytes);
    },
  };
}
