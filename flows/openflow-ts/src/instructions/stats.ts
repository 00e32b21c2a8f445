import type { Duration, FlowStats, UnknownStat } from "../model/instruction.js";
import { type Codec, struct, u32, u64 } from "../wire/codec.js";
import { insertUnknown, withoutLastPositions } from "../wire/property.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

/** Seconds and nanoseconds, 32 bits each. */
export const duration: Codec<Duration> = struct({ seconds: u32, nanoseconds: u32 });

type Known = Omit<Required<FlowStats>, "unknown">;
interface StatEntry<V> {
  readonly number: number;
  readonly size: number;
  readonly codec: Codec<V>;
}

/** OXS fields of class 0x8002 (OpenFlow 1.5.1 §7.2.4.2). */
const statFields: { readonly [K in keyof Known]: StatEntry<Known[K]> } = {
  duration: { number: 0, size: 8, codec: duration },
  idleTime: { number: 1, size: 8, codec: duration },
  flowCount: { number: 3, size: 4, codec: u32 },
  packetCount: { number: 4, size: 8, codec: u64 },
  byteCount: { number: 5, size: 8, codec: u64 },
};
const basicClass = 0x8002;
const byName = new Map<string, StatEntry<unknown>>(Object.entries(statFields));
const names = new Map([...byName].map(([name, entry]) => [entry.number, name]));

function readFields(reader: Reader): FlowStats {
  const stats: Record<string, unknown> = {};
  const unknown: UnknownStat[] = [];
  let position = 0;
  for (; reader.remaining > 0; position++) {
    const oxsClass = reader.u16();
    const kind = reader.u8();
    const length = reader.u8();
    const number = kind >> 1;
    const reserved = (kind & 1) === 1;
    const name = oxsClass === basicClass && !reserved ? names.get(number) : undefined;
    const entry = name === undefined ? undefined : byName.get(name);
    if (name === undefined || entry?.size !== length || name in stats) {
      unknown.push({ class: oxsClass, number, reserved, data: reader.bytes(length), position });
    } else {
      stats[name] = entry.codec.read(reader);
    }
  }
  if (unknown.length > 0) stats["unknown"] = withoutLastPositions(unknown, position);
  return stats;
}

function writeField(writer: Writer, field: UnknownStat): void {
  writer.u16(field.class);
  writer.u8((field.number << 1) | (field.reserved ? 1 : 0));
  writer.u8(field.data.length);
  writer.bytes(field.data);
}

function writeFields(writer: Writer, { unknown = [], ...stats }: FlowStats): void {
  const known = Object.entries(stats).map(([name, value]) => () => {
    const entry = byName.get(name);
    if (!entry) throw writer.unsupported(`statistic ${name}`);
    writer.u16(basicClass);
    writer.u8(entry.number << 1);
    writer.u8(entry.size);
    entry.codec.write(writer, value);
  });
  const all = insertUnknown(known, unknown, (field) => () => writeField(writer, field));
  for (const write of all) write();
}

/** `struct ofp_stats`: reserved, length without the padding, OXS fields, zeros to a multiple of 8 bytes. */
export const flowStats: Codec<FlowStats> = {
  read(reader) {
    reader.skip(2);
    const length = reader.u16();
    if (length < 4) throw reader.fail("OFPBRC_BAD_LEN", `statistics of ${length} bytes`);
    const stats = readFields(reader.sub(length - 4));
    reader.skip((8 - (length % 8)) % 8);
    return stats;
  },
  write(writer, stats) {
    const start = writer.length;
    writer.zeros(4);
    writeFields(writer, stats);
    writer.patchU16(start + 2, writer.length - start);
    writer.pad8(start);
  },
};

/** The counters that have a fixed place in OpenFlow 1.3 and 1.4; what else is given cannot be written there. */
export function fixedStats(writer: { unsupported(what: string): Error }, stats: FlowStats) {
  const { duration: time, packetCount = 0n, byteCount = 0n, flowCount, idleTime, unknown } = stats;
  if (idleTime || unknown) throw writer.unsupported("idle time and experimenters' statistics of flows");
  return {
    duration: time ?? { seconds: 0, nanoseconds: 0 },
    packetCount,
    byteCount,
    flowCount: flowCount ?? 0,
  };
}
