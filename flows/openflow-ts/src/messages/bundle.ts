import type { BundleAdd, BundleControl, BundleProperties } from "../model/bundle.js";
import { bundleControls } from "../model/enumeration.js";
import type { Envelope } from "../model/message.js";
import type { RequestForward } from "../model/switch.js";
import { bundleTime } from "../multipart/switch.js";
import { type Codec, enumerated, struct, u16, u32 } from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";
import type { Reader } from "../wire/reader.js";

const headerSize = 8;

const properties = propertyObject<BundleProperties>({
  time: property(1, {
    read(reader) {
      reader.skip(4);
      return bundleTime.read(reader);
    },
    write(writer, time) {
      writer.zeros(4);
      bundleTime.write(writer, time);
    },
  }),
  experimenter: experimenterProperties(),
});

/** OpenFlow 1.5.1 §7.3.9.2. */
export const bundleControl: Codec<Omit<BundleControl, "type">> = struct({
  bundle: u32,
  control: enumerated(u16, bundleControls),
  flags: u16,
  properties,
});

/** A message of the same version as the one that it is in. */
function readInner(reader: Reader, length: number, inner: Codec<Envelope>): Envelope {
  const envelope = inner.read(reader.sub(Math.max(headerSize, length)));
  if (envelope.version !== reader.version) {
    throw reader.fail("OFPBRC_BAD_VERSION", `a message of version ${envelope.version} in another`);
  }
  return envelope;
}

/**
 * OpenFlow 1.5.1 §7.3.9.6. `xid` is that of the bundle-add, which the message inside shares; `inner` reads and writes
 * whole messages.
 */
export function bundleAdd(xid: number, inner: Codec<Envelope>): Codec<Omit<BundleAdd, "type">> {
  return {
    read(reader) {
      const bundle = reader.u32();
      reader.skip(2);
      const flags = reader.u16();
      const length = reader.peekU16(2);
      const added = readInner(reader, length, inner);
      // The message is padded only where a property follows it.
      if (reader.remaining > 0) reader.skip(Math.min((8 - (length % 8)) % 8, reader.remaining));
      return {
        bundle,
        flags,
        message: added.message,
        ...(added.xid !== xid && { messageXid: added.xid }),
        properties: properties.read(reader),
      };
    },
    write(writer, { bundle, flags, message, messageXid, properties: given }) {
      writer.u32(bundle);
      writer.zeros(2);
      writer.u16(flags);
      const start = writer.length;
      inner.write(writer, { version: writer.version, xid: messageXid ?? xid, message });
      if (Object.keys(given).length > 0) writer.pad8(start);
      properties.write(writer, given);
    },
  };
}

/** OpenFlow 1.5.1 §7.4.6: another controller's request, whole. */
export function requestForward(inner: Codec<Envelope>): Codec<Omit<RequestForward, "type">> {
  return {
    read(reader) {
      const { message, xid } = readInner(reader, reader.peekU16(2), inner);
      return { request: message, requestXid: xid };
    },
    write(writer, { request, requestXid }) {
      inner.write(writer, { version: writer.version, xid: requestXid, message: request });
    },
  };
}
