import fc from "fast-check";
import type { FlowStats, Instruction, Message } from "openflow-ts";
import * as enumerations from "../../src/model/enumeration.js";
import type { Version } from "../../src/version.js";
import { actionsOf } from "./action.js";
import { match } from "./match.js";
import { multipartReply, multipartRequest } from "./multipart.js";
import {
  blocks,
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
  u48,
  u64,
} from "./scalar.js";

type Members = Record<string, fc.Arbitrary<unknown>>;

function of(type: string, members: Members = {}): fc.Arbitrary<Message> {
  return record({ type: fc.constant(type), ...members }) as unknown as fc.Arbitrary<Message>;
}

export const flowStats: fc.Arbitrary<FlowStats> = some({
  duration,
  idleTime: duration,
  flowCount: u32,
  packetCount: u64,
  byteCount: u64,
});

/** As OpenFlow 1.3 has them, always all three. */
export const fixedStats = record({ duration, packetCount: u64, byteCount: u64 });

export function instructions(version: Version): fc.Arbitrary<readonly Instruction[]> {
  const actions = actionsOf(version);
  const kinds: fc.Arbitrary<Instruction>[] = [
    record({ type: fc.constant("goto_table" as const), table: u8 }),
    record({ type: fc.constant("write_metadata" as const), metadata: u64, mask: u64 }),
    record({ type: fc.constantFrom("write_actions" as const, "apply_actions" as const), actions }),
    record({ type: fc.constant("clear_actions" as const) }),
    record({ type: fc.constant("meter" as const), meter: u32 }),
    record({ type: fc.constant("experimenter" as const), experimenter: u32, data: blocks(8, 2) }),
    ...(version >= 6
      ? [record({ type: fc.constant("stat_trigger" as const), flags: u32, thresholds: flowStats })]
      : []),
  ];
  return small(fc.oneof(...kinds));
}

const importance = (version: Version) => (version >= 5 ? u16 : fc.constant(0));

function flowMod(version: Version) {
  return of("flow_mod", {
    command: named(enumerations.flowModCommands),
    table: u8,
    priority: u16,
    cookie: u64,
    cookieMask: u64,
    idleTimeout: u16,
    hardTimeout: u16,
    importance: importance(version),
    bufferId: u32,
    outPort: u32,
    outGroup: u32,
    flags: u16,
    match: match(version),
    instructions: instructions(version),
  });
}

/** What a bucket of OpenFlow 1.3 does not need is not in the model. */
const watched = u32.filter((value) => value !== 0xffffffff);
const weight = fc.integer({ min: 1, max: 0xffff });

export function buckets(version: Version) {
  const actions = actionsOf(version);
  const properties =
    version >= 6
      ? some({ weight: u16, watchPort: u32, watchGroup: u32, experimenter })
      : some({ weight, watchPort: watched, watchGroup: watched });
  return small(
    fc.tuple(actions, properties, u32).map(([given, rest, id]) => ({
      ...(version >= 6 && { id }),
      actions: given,
      ...rest,
    })),
  );
}

export const groupProperties = (version: Version) =>
  version >= 6 ? some({ experimenter }) : fc.constant({});

function groupMod(version: Version) {
  return of("group_mod", {
    command: named(enumerations.groupModCommands),
    groupType: named(enumerations.groupTypes),
    group: u32,
    commandBucket: version >= 6 ? u32 : fc.constant(0xffffffff),
    buckets: buckets(version),
    properties: groupProperties(version),
  });
}

export const meterBands = small(
  fc.oneof(
    record({ type: fc.constant("drop" as const), rate: u32, burst: u32 }),
    record({ type: fc.constant("dscp_remark" as const), rate: u32, burst: u32, precedenceLevel: u8 }),
    record({
      type: fc.constant("experimenter" as const),
      rate: u32,
      burst: u32,
      experimenter: u32,
      data: bytes(8),
    }),
  ),
);

const ethernet = record({
  current: u32,
  advertised: u32,
  supported: u32,
  peer: u32,
  currentSpeed: u32,
  maxSpeed: u32,
});

export function portDescription(version: Version) {
  const properties =
    version >= 5
      ? some({ ethernet, pipelineInput: bytes(8), recirculate: small(u32), experimenter })
      : record({ ethernet });
  return record({
    port: u32,
    hardwareAddress: u48,
    name: text(16),
    config: u32,
    state: u32,
    properties,
  });
}

export function tableDescription() {
  return record({ table: u8, config: u32, properties: tableProperties });
}

const tableProperties = some({
  eviction: record({ flags: u32 }),
  vacancy: record({ down: u8, up: u8, current: u8 }),
  experimenter,
});

const masks13 = record({
  packetIn: u32,
  packetInSlave: u32,
  portStatus: u32,
  portStatusSlave: u32,
  flowRemoved: u32,
  flowRemovedSlave: u32,
});
const masks14 = some({
  packetIn: u32,
  portStatusSlave: u32,
  requestForward: u32,
  controllerStatus: u32,
  experimenter,
});

/** Messages that only some versions have. */
function versioned(version: Version): fc.Arbitrary<Message>[] {
  const inPort = fc.tuple(u32).map(([port]) => [{ field: "in_port", value: BigInt(port) }]);
  const stats = version >= 6 ? flowStats : fixedStats;
  const inner = flowMod(version);
  const all = [
    flowMod(version),
    groupMod(version),
    of("port_mod", {
      port: u32,
      hardwareAddress: u48,
      config: u32,
      mask: u32,
      properties:
        version >= 5
          ? some({ ethernet: record({ advertise: u32 }), experimenter })
          : record({ ethernet: record({ advertise: u32 }) }),
    }),
    of("table_mod", { table: u8, config: u32, properties: version >= 5 ? tableProperties : fc.constant({}) }),
    of("packet_out", {
      bufferId: u32,
      match: version >= 6 ? match(version) : inPort,
      actions: actionsOf(version),
      data: bytes(40),
    }),
    of("flow_removed", {
      table: u8,
      priority: u16,
      cookie: u64,
      reason: named(enumerations.flowRemovedReasons),
      idleTimeout: u16,
      hardTimeout: u16,
      match: match(version),
      stats,
    }),
    of("packet_in", {
      bufferId: u32,
      totalLength: u16,
      reason: named(enumerations.packetInReasons),
      table: u8,
      cookie: u64,
      match: match(version),
      data: bytes(40),
    }),
    of("port_status", { reason: named(enumerations.portReasons), description: portDescription(version) }),
    of("role_request", {
      role: named(enumerations.roles),
      shortId: version >= 6 ? u16 : fc.constant(0),
      generation: u64,
    }),
    of("set_async", { masks: version >= 5 ? masks14 : masks13 }),
    of("bundle_control", {
      bundle: u32,
      control: named(enumerations.bundleControls),
      flags: u16,
      properties: some({ experimenter }),
    }),
    of("bundle_add", { bundle: u32, flags: u16, message: inner, properties: some({ experimenter }) }),
  ];
  // In OpenFlow 1.3 as extensions of ONF.
  const since13 = [
    of("role_status", {
      role: named(enumerations.roles),
      reason: named(enumerations.roleReasons),
      generation: u64,
      properties: some({ experimenter }),
    }),
    of("request_forward", { request: groupMod(version), requestXid: u32 }),
  ];
  const since14 = [
    of("table_status", { reason: named(enumerations.tableReasons), description: tableDescription() }),
  ];
  return [
    ...all,
    ...since13,
    ...(version >= 5 ? since14 : [of("queue_get_config_request", { port: u32 })]),
    ...(version >= 6
      ? [
          of("controller_status", {
            status: record({
              shortId: u16,
              role: named(enumerations.roles),
              reason: named(enumerations.controllerStatusReasons),
              channelStatus: named(enumerations.channelStatuses),
              properties: some({ uri: text(20), experimenter }),
            }),
          }),
        ]
      : []),
  ];
}

const common: fc.Arbitrary<Message>[] = [
  of("error", { errorType: fc.integer({ min: 0, max: 17 }), code: u16, data: bytes(64) }),
  of("error", { errorType: fc.constant(0xffff), code: u16, experimenter: u32, data: bytes(64) }),
  of("echo_request", { data: bytes(20) }),
  of("experimenter", { experimenter: fc.constant(101), experimenterType: u32, data: bytes(20) }),
  of("features_request"),
  of("features_reply", {
    datapathId: u64,
    buffers: u32,
    tables: u8,
    auxiliaryId: u8,
    capabilities: u32,
    reserved: u32,
  }),
  of("set_config", { flags: u16, missSendLength: u16 }),
  of("barrier_request"),
  of("get_async_request"),
  of("meter_mod", {
    command: named(enumerations.meterModCommands),
    flags: u16,
    meter: u32,
    bands: meterBands,
  }),
  of("nx_set_packet_in_format", { format: u32 }),
  of("nx_set_controller_id", { controller: u16 }),
  of("nx_ct_flush_zone", { zone: u16 }),
  of("nx_tlv_table_mod", {
    command: u16,
    mappings: small(record({ optionClass: u16, optionType: u8, length: u8, index: u16 })),
  }),
  of("nx_packet_in2", {
    properties: some({
      packet: bytes(20),
      fullLength: u32,
      table: u8,
      cookie: u64,
      reason: u8,
      userdata: bytes(9),
      continuation: bytes(9),
    }),
  }),
];

const hello = fc
  .uniqueArray(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 })
  .map((versions): Message => {
    const ascending = versions.sort((a, b) => a - b);
    return { type: "hello", elements: [{ type: "version_bitmap", versions: ascending }] };
  });

/** Any message that the version has. */
export function message(version: Version): fc.Arbitrary<Message> {
  const flags = fc.integer({ min: 0, max: 1 });
  return fc.oneof(
    ...common,
    hello,
    ...versioned(version),
    of("multipart_request", { flags, body: multipartRequest(version) }),
    of("multipart_reply", { flags, body: multipartReply(version) }),
  );
}
