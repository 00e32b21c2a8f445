import { duration } from "../instructions/stats.js";
import { portDescription } from "../messages/port.js";
import { Port } from "../model/constants.js";
import type { PortStatistics, PortStatisticsProperties } from "../model/port.js";
import {
  absent,
  byVersion,
  type Codec,
  list,
  pad,
  padded,
  sized,
  struct,
  u16,
  u32,
  u64,
} from "../wire/codec.js";
import { experimenterProperties, property, propertyObject } from "../wire/property.js";

export const portFilter = struct({ port: padded(u32, 4) });

/** Before OpenFlow 1.5 the description is of all ports. */
export const portDescriptionFilter = struct({
  port: byVersion(allPorts(), allPorts(), padded(u32, 4)),
});

function allPorts(): Codec<number> {
  return absent<number>("description of one port", Port.ANY);
}

export const portDescriptions = struct({ ports: list(portDescription) });

const counters = {
  rxPackets: u64,
  txPackets: u64,
  rxBytes: u64,
  txBytes: u64,
  rxDropped: u64,
  txDropped: u64,
  rxErrors: u64,
  txErrors: u64,
} as const;

type EthernetErrors = NonNullable<PortStatisticsProperties["ethernet"]>;
type OpticalStatistics = NonNullable<PortStatisticsProperties["optical"]>;

const errors = { rxFrameErrors: u64, rxOverErrors: u64, rxCrcErrors: u64, collisions: u64 } as const;

const fixed = struct<Omit<PortStatistics, "properties"> & EthernetErrors>({
  port: u32,
  _pad: pad(4),
  ...counters,
  ...errors,
  duration,
});

/** OpenFlow 1.3.5 §7.3.5.6: what Ethernet alone counts is there for any port. */
const statistics13: Codec<PortStatistics> = {
  read(reader) {
    const { rxFrameErrors, rxOverErrors, rxCrcErrors, collisions, ...port } = fixed.read(reader);
    return { ...port, properties: { ethernet: { rxFrameErrors, rxOverErrors, rxCrcErrors, collisions } } };
  },
  write(writer, { properties, ...port }) {
    const { ethernet, ...others } = properties;
    if (Object.keys(others).length > 0) throw writer.unsupported("statistics of ports but Ethernet's");
    const none = { rxFrameErrors: 0n, rxOverErrors: 0n, rxCrcErrors: 0n, collisions: 0n };
    fixed.write(writer, { ...port, ...(ethernet ?? none) });
  },
};

const properties = propertyObject<PortStatisticsProperties>({
  ethernet: property(0, struct<EthernetErrors>({ _pad: pad(4), ...errors })),
  optical: property(
    1,
    struct<OpticalStatistics>({
      _pad: pad(4),
      flags: u32,
      txFrequency: u32,
      txOffset: u32,
      txGridSpan: u32,
      rxFrequency: u32,
      rxOffset: u32,
      rxGridSpan: u32,
      txPower: u16,
      rxPower: u16,
      biasCurrent: u16,
      temperature: u16,
    }),
  ),
  experimenter: experimenterProperties(),
});

/** OpenFlow 1.5.1 §7.3.5.6. */
const statistics14 = sized(
  struct<PortStatistics>({ _pad: pad(2), port: u32, duration, ...counters, properties }),
);

export const portStatistics = struct({ ports: list(byVersion(statistics13, statistics14)) });
