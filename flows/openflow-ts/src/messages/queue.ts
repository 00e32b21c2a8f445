import type {
  QueueDescription,
  QueueGetConfigReply,
  QueueGetConfigRequest,
  QueueProperties,
} from "../model/queue.js";
import { type Codec, list, pad, padded, struct, u16, u32 } from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";
import type { Reader } from "../wire/reader.js";
import type { Writer } from "../wire/writer.js";

/** OpenFlow 1.3: as properties of later versions, but with 4 bytes of padding in the header and none behind. */
const oldProperties: Codec<QueueProperties> = {
  read(reader) {
    const properties: { -readonly [K in keyof QueueProperties]: QueueProperties[K] } = {};
    while (reader.remaining > 0) readOld(reader, properties);
    return properties;
  },
  write(writer, properties) {
    for (const [name, value] of Object.entries(properties)) writeOld(writer, name, value);
  },
};

const oldRates = { minRate: 1, maxRate: 2 } as const;
const oldExperimenter = 0xffff;

function readOld(reader: Reader, into: { -readonly [K in keyof QueueProperties]: QueueProperties[K] }): void {
  const length = reader.peekU16(2);
  if (length < 8) throw reader.fail(reader.lengthError, `a queue property of ${length} bytes`);
  const contents = reader.sub(length);
  const type = contents.u16();
  contents.skip(6);
  if (type === oldRates.minRate || type === oldRates.maxRate) {
    const name = type === oldRates.minRate ? "minRate" : "maxRate";
    if (into[name] !== undefined) throw reader.fail(reader.lengthError, `the queue property ${name} twice`);
    into[name] = padded(u16, 6).read(contents);
    contents.end();
  } else if (type === oldExperimenter) {
    const experimenter = padded(u32, 4).read(contents);
    into.experimenter = [
      ...(into.experimenter ?? []),
      { experimenter, experimenterType: 0, data: contents.rest() },
    ];
  } else {
    into.unknown = [...(into.unknown ?? []), { propertyType: type, data: contents.rest() }];
  }
}

function writeOld(writer: Writer, name: string, value: QueueProperties[keyof QueueProperties]): void {
  const one = (type: number, contents: () => void) => {
    const start = writer.length;
    writer.u16(type);
    writer.u16(0);
    writer.zeros(4);
    contents();
    writer.patchU16(start + 2, writer.length - start);
  };
  if (typeof value === "number") {
    one(name === "minRate" ? oldRates.minRate : oldRates.maxRate, () => padded(u16, 6).write(writer, value));
    return;
  }
  for (const property_ of value ?? []) {
    if ("propertyType" in property_) {
      one(property_.propertyType, () => writer.bytes(property_.data));
    } else {
      one(oldExperimenter, () => {
        padded(u32, 4).write(writer, property_.experimenter);
        writer.bytes(property_.data);
      });
    }
  }
}

/** `struct ofp_packet_queue` of OpenFlow 1.3: its length stands behind queue and port. */
const oldQueue: Codec<QueueDescription> = {
  read(reader) {
    const queue = reader.u32();
    const port = reader.u32();
    const length = reader.u16();
    reader.skip(6);
    if (length < 16) throw reader.fail(reader.lengthError, `a queue of ${length} bytes`);
    return { port, queue, properties: oldProperties.read(reader.sub(length - 16)) };
  },
  write(writer, description) {
    const start = writer.length;
    writer.u32(description.queue);
    writer.u32(description.port);
    writer.u16(0);
    writer.zeros(6);
    oldProperties.write(writer, description.properties);
    writer.patchU16(start + 8, writer.length - start);
  },
};

export const queueGetConfigRequest: Codec<Omit<QueueGetConfigRequest, "type">> = struct({
  port: u32,
  _pad: pad(4),
});

export const queueGetConfigReply: Codec<Omit<QueueGetConfigReply, "type">> = struct({
  port: u32,
  _pad: pad(4),
  queues: list(oldQueue),
});

const properties = propertyObject<QueueProperties>({
  minRate: property(1, padded(u16, 2)),
  maxRate: property(2, padded(u16, 2)),
  experimenter: experimenterProperties(),
});

/** OpenFlow 1.5.1 §7.3.5.9. */
export const queueDescription: Codec<QueueDescription> = {
  read(reader) {
    const port = reader.u32();
    const queue = reader.u32();
    const length = reader.u16();
    reader.skip(6);
    if (length < 16) throw reader.fail(reader.lengthError, `a queue of ${length} bytes`);
    return { port, queue, properties: properties.read(reader.sub(length - 16)) };
  },
  write(writer, description) {
    const start = writer.length;
    writer.u32(description.port);
    writer.u32(description.queue);
    writer.u16(0);
    writer.zeros(6);
    properties.write(writer, description.properties);
    writer.patchU16(start + 8, writer.length - start);
  },
};
