import fc from "fast-check";
import * as enumerations from "../../src/model/enumeration.js";
import type { Version } from "../../src/version.js";
import { match } from "./match.js";
import * as messages from "./message.js";
import {
  bytes,
  duration,
  experimenterProperties as experimenter,
  named,
  record,
  small,
  some,
  text,
  u8,
  u16,
  u32,
  u64,
} from "./scalar.js";

type Members = Record<string, fc.Arbitrary<unknown>>;

const of = (type: string, members: Members = {}): fc.Arbitrary<unknown> =>
  record({ type: fc.constant(type), ...members });

const flowFilter = (version: Version) => ({
  table: u8,
  outPort: u32,
  outGroup: u32,
  cookie: u64,
  cookieMask: u64,
  match: match(version),
});

const featureTypes = small(
  fc.oneof(
    record({ type: fc.integer({ min: 0, max: 30 }) }),
    record({ type: fc.constant(0xffff), experimenter: u32, data: bytes(4, 1) }),
  ),
);
const featureFields = small(
  record({
    class: fc.constant(0x8000),
    number: fc.integer({ min: 0, max: 44 }),
    hasMask: fc.boolean(),
    size: u8,
  }),
);

function tableFeatures(version: Version) {
  const since15 = version >= 6;
  return small(
    record({
      table: u8,
      command: since15 ? u8 : fc.constant(0),
      features: since15 ? u32 : fc.constant(0),
      name: text(32),
      metadataMatch: u64,
      metadataWrite: u64,
      capabilities: u32,
      maxEntries: u32,
      properties: some({
        instructions: featureTypes,
        nextTables: small(u8),
        nextTablesMiss: small(u8),
        applyActions: featureTypes,
        match: featureFields,
        writeSetFieldMiss: featureFields,
        experimenter,
        experimenterMiss: experimenter,
      }),
    }),
  );
}

export function multipartRequest(version: Version): fc.Arbitrary<unknown> {
  const bundleTime = record({ seconds: u64, nanoseconds: u32 });
  return fc.oneof(
    of("desc"),
    of("group_features"),
    of("flow_desc", flowFilter(version)),
    of("aggregate", flowFilter(version)),
    of("port_stats", { port: u32 }),
    of("port_desc", { port: version >= 6 ? u32 : fc.constant(0xffffffff) }),
    of("group_desc", { group: version >= 6 ? u32 : fc.constant(0xfffffffc) }),
    of("queue_stats", { port: u32, queue: u32 }),
    of("meter_desc", { meter: u32 }),
    of("table_features", { tables: tableFeatures(version) }),
    of("experimenter", { experimenter: u32, experimenterType: u32, data: bytes(12) }),
    ...(version >= 5
      ? [
          of("table_desc"),
          of("queue_desc", { port: u32, queue: u32 }),
          of("flow_monitor", {
            monitors: small(
              record({
                monitor: u32,
                outPort: u32,
                outGroup: u32,
                flags: u16,
                table: u8,
                command: named(enumerations.flowMonitorCommands),
                match: match(version),
              }),
            ),
          }),
        ]
      : []),
    ...(version >= 6
      ? [
          of("flow_stats", flowFilter(version)),
          of("controller_status"),
          of("bundle_features", {
            features: u32,
            properties: some({
              time: record({
                accuracy: bundleTime,
                maxFuture: bundleTime,
                maxPast: bundleTime,
                timestamp: bundleTime,
              }),
            }),
          }),
        ]
      : []),
  );
}

function flows(version: Version) {
  return small(
    record({
      table: u8,
      priority: u16,
      cookie: u64,
      idleTimeout: u16,
      hardTimeout: u16,
      importance: version >= 5 ? u16 : fc.constant(0),
      flags: u16,
      match: match(version),
      stats: version >= 6 ? messages.flowStats : messages.fixedStats,
      instructions: messages.instructions(version),
    }),
  );
}

function portStatistics(version: Version) {
  const ethernet = record({ rxFrameErrors: u64, rxOverErrors: u64, rxCrcErrors: u64, collisions: u64 });
  return small(
    record({
      port: u32,
      duration,
      rxPackets: u64,
      txPackets: u64,
      rxBytes: u64,
      txBytes: u64,
      rxDropped: u64,
      txDropped: u64,
      rxErrors: u64,
      txErrors: u64,
      properties: version >= 5 ? some({ ethernet, experimenter }) : record({ ethernet }),
    }),
  );
}

const counters = small(record({ packetCount: u64, byteCount: u64 }));

export function multipartReply(version: Version): fc.Arbitrary<unknown> {
  const queueProperties = version >= 5 ? some({ experimenter }) : fc.constant({});
  return fc.oneof(
    of("desc", {
      manufacturer: text(256),
      hardware: text(256),
      software: text(256),
      serialNumber: text(32),
      datapath: text(256),
    }),
    of("flow_desc", { flows: flows(version) }),
    of("aggregate", {
      stats: version >= 6 ? messages.flowStats : record({ packetCount: u64, byteCount: u64, flowCount: u32 }),
    }),
    of("table_stats", {
      tables: small(record({ table: u8, activeCount: u32, lookupCount: u64, matchedCount: u64 })),
    }),
    of("port_stats", { ports: portStatistics(version) }),
    of("port_desc", { ports: small(messages.portDescription(version)) }),
    of("queue_stats", {
      queues: small(
        record({
          port: u32,
          queue: u32,
          txBytes: u64,
          txPackets: u64,
          txErrors: u64,
          duration,
          properties: queueProperties,
        }),
      ),
    }),
    of("group_desc", {
      groups: small(
        record({
          groupType: named(enumerations.groupTypes),
          group: u32,
          buckets: messages.buckets(version),
          properties: messages.groupProperties(version),
        }),
      ),
    }),
    of("group_stats", {
      groups: small(
        record({
          group: u32,
          references: u32,
          packetCount: u64,
          byteCount: u64,
          duration,
          buckets: counters,
        }),
      ),
    }),
    of("meter_stats", {
      meters: small(
        record({
          meter: u32,
          flowCount: u32,
          packetCount: u64,
          byteCount: u64,
          duration,
          bands: counters,
        }),
      ),
    }),
    of("meter_desc", { meters: small(record({ flags: u16, meter: u32, bands: messages.meterBands })) }),
    of("meter_features", { maxMeters: u32, bandTypes: u32, capabilities: u32, maxBands: u8, maxColor: u8 }),
    of("table_features", { tables: tableFeatures(version) }),
    ...(version >= 6
      ? [
          of("meter_features", {
            maxMeters: u32,
            bandTypes: u32,
            capabilities: u32,
            maxBands: u8,
            maxColor: u8,
            features: u32,
          }),
        ]
      : []),
    ...(version >= 5 ? [of("table_desc", { tables: small(messages.tableDescription()) })] : []),
    ...(version >= 5
      ? [
          of("flow_monitor", {
            updates: small(
              fc.oneof(
                record({ event: fc.constant("abbrev"), xid: u32 }),
                record({ event: fc.constantFrom("paused", "resumed") }),
                record({
                  event: fc.constantFrom("initial", "added", "removed", "modified"),
                  table: u8,
                  reason: named(enumerations.flowRemovedReasons),
                  idleTimeout: u16,
                  hardTimeout: u16,
                  priority: u16,
                  cookie: u64,
                  match: match(version),
                  instructions: messages.instructions(version),
                }),
              ),
            ),
          }),
        ]
      : []),
  );
}
