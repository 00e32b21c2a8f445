import { portReasons } from "../model/enumeration.js";
import type {
  EthernetFeatures,
  OpticalFeatures,
  PortDescription,
  PortMod,
  PortModProperties,
  PortProperties,
  PortStatus,
} from "../model/port.js";
import {
  byVersion,
  type Codec,
  enumerated,
  i32,
  list,
  pad,
  rest,
  struct,
  text,
  u8,
  u16,
  u32,
  u48,
} from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";
import type { Writer } from "../wire/writer.js";

const ethernet: Codec<EthernetFeatures> = struct({
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currentSpeed: u32,
  maxSpeed: u32,
});

const ethernetProperty: Codec<EthernetFeatures> = {
  read(reader) {
    reader.skip(4);
    return ethernet.read(reader);
  },
  write(writer, value) {
    writer.zeros(4);
    ethernet.write(writer, value);
  },
};

const optical: Codec<OpticalFeatures> = struct({
  _pad: pad(4),
  supported: u32,
  txMinFrequency: u32,
  txMaxFrequency: u32,
  txGridFrequency: u32,
  rxMinFrequency: u32,
  rxMaxFrequency: u32,
  rxGridFrequency: u32,
  txMinPower: u16,
  txMaxPower: u16,
});

const portProperties = propertyObject<PortProperties>({
  ethernet: property(0, ethernetProperty),
  optical: property(1, optical),
  pipelineInput: property(2, rest),
  pipelineOutput: property(3, rest),
  recirculate: property(4, list(u32)),
  experimenter: experimenterProperties(),
});

/** Before OpenFlow 1.4 a port has its Ethernet features, all zero where it is no Ethernet, and no others. */
function onlyEthernet<T>(writer: Writer, properties: { ethernet?: T }, none: T): T {
  const { ethernet: features, ...others } = properties;
  if (Object.keys(others).length > 0)
    throw writer.unsupported("properties of ports but the Ethernet features");
  return features ?? none;
}

const noFeatures: EthernetFeatures = {
  current: 0,
  advertised: 0,
  supported: 0,
  peer: 0,
  currentSpeed: 0,
  maxSpeed: 0,
};

const fixed = { hardwareAddress: u48, _pad2: pad(2), name: text(16), config: u32, state: u32 } as const;

/** OpenFlow 1.3.5 §7.2.1. */
const description13 = struct<PortDescription>({
  port: u32,
  _pad: pad(4),
  ...fixed,
  properties: {
    read: (reader) => ({ ethernet: ethernet.read(reader) }),
    write: (writer, properties) => ethernet.write(writer, onlyEthernet(writer, properties, noFeatures)),
  },
});

const after = struct<Omit<PortDescription, "port">>({ ...fixed, properties: portProperties });
const fixedSize = 8;

/** OpenFlow 1.5.1 §7.2.1. */
const description14: Codec<PortDescription> = {
  read(reader) {
    const port = reader.u32();
    const length = reader.u16();
    if (length < fixedSize) throw reader.fail("OFPBRC_BAD_LEN", `a port of ${length} bytes`);
    reader.skip(2);
    return { port, ...after.read(reader.sub(length - fixedSize)) };
  },
  write(writer, description) {
    const start = writer.length;
    writer.u32(description.port);
    writer.u16(0);
    writer.zeros(2);
    after.write(writer, description);
    writer.patchU16(start + 4, writer.length - start);
  },
};

export const portDescription = byVersion(description13, description14);

export const portStatus: Codec<Omit<PortStatus, "type">> = struct({
  reason: enumerated(u8, portReasons),
  _pad: pad(7),
  description: portDescription,
});

const portModProperties = propertyObject<PortModProperties>({
  ethernet: property(0, struct({ advertise: u32 })),
  optical: property(
    1,
    struct({ configure: u32, frequency: u32, flOffset: i32, gridSpan: u32, txPower: u32 }),
  ),
  experimenter: experimenterProperties(),
});

type PortModBody = Omit<PortMod, "type">;

const portModFixed = {
  port: u32,
  _pad: pad(4),
  hardwareAddress: u48,
  _pad2: pad(2),
  config: u32,
  mask: u32,
} as const;

/** OpenFlow 1.3.5 §7.3.4.3 and 1.5.1 §7.3.4.4. */
export const portMod = byVersion(
  struct<PortModBody>({
    ...portModFixed,
    properties: {
      read: (reader) => ({ ethernet: { advertise: reader.u32() } }),
      write: (writer, properties) => writer.u32(onlyEthernet(writer, properties, { advertise: 0 }).advertise),
    },
    _pad3: pad(4),
  }),
  struct<PortModBody>({ ...portModFixed, properties: portModProperties }),
);
