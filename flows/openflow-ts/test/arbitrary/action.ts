import fc from "fast-check";
import type { Action, LearnSpec } from "openflow-ts";
import type { ActionVersion } from "../../src/version.js";
import { matchField, position, reference, subfield } from "./match.js";
import { blocks, bytes, record, small, u8, u16, u32, u48, u64 } from "./scalar.js";

type Record_ = Record<string, fc.Arbitrary<unknown>>;

/** An action of this type with these members. */
function of(type: string, members: Record_ = {}): fc.Arbitrary<Action> {
  return record({ type: fc.constant(type), ...members }) as unknown as fc.Arbitrary<Action>;
}

/** The same with members that may be missing. */
function optional(type: string, members: Record_, required: string[]): fc.Arbitrary<Action> {
  const all: Record_ = { type: fc.constant(type), ...members };
  return record(all, ["type", ...required]) as unknown as fc.Arbitrary<Action>;
}

/** Ports that 16 bits can say. */
const port16 = fc.oneof(
  fc.integer({ min: 0, max: 0xfeff }),
  fc.integer({ min: 0xffffff00, max: 0xffffffff }),
);
const notInPort = port16.filter((port) => port !== 0xfffffff8);

function learnSpec(version: ActionVersion): fc.Arbitrary<LearnSpec> {
  const place = position("nicira", version, true);
  return fc.integer({ min: 1, max: 128 }).chain((bits) => {
    const value = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }).map((given) => ({ value: given }));
    const from = place.map((given) => ({ from: given }));
    const target = record({ kind: fc.constantFrom("match" as const, "load" as const), to: place });
    const rest = fc.oneof(target, record({ kind: fc.constant("output" as const) }));
    return fc
      .tuple(fc.oneof(value, from), rest)
      .map(([source, given]): LearnSpec => ({ bits, ...source, ...given }));
  });
}

function learn(version: ActionVersion): fc.Arbitrary<Action> {
  const members = {
    table: u8,
    priority: u16,
    cookie: u64,
    idleTimeout: u16,
    hardTimeout: u16,
    finIdleTimeout: u16,
    finHardTimeout: u16,
    specs: small(learnSpec(version), 4),
  };
  const flags = fc.integer({ min: 0, max: 3 });
  return fc.oneof(
    of("learn", { ...members, flags }),
    of("learn", { ...members, flags, limit: u32 }),
    of("learn", {
      ...members,
      flags: flags.map((bits) => bits | 4),
      limit: u32,
      result: position("nicira", version),
    }),
  );
}

const nat: fc.Arbitrary<Action> = fc.constantFrom(4 as const, 6 as const).chain((family) => {
  const address = record({ family: fc.constant(family), address: family === 4 ? u32 : u64 });
  const members = { flags: u16, addressMin: address, addressMax: address, portMin: u16, portMax: u16 };
  return optional("nat", members, ["flags"]);
});

function standard(version: ActionVersion): fc.Arbitrary<Action>[] {
  const place = position("match", version);
  const legacy10 = [
    of("output", { port: port16, maxLength: u16 }),
    of("strip_vlan"),
    of("enqueue", { port: port16, queue: u32 }),
  ];
  const since11 = [
    of("output", { port: u32, maxLength: u16 }),
    of("copy_ttl_out"),
    of("set_mpls_ttl", { ttl: u8 }),
    of("dec_mpls_ttl"),
    of("push_vlan", { etherType: u16 }),
    of("pop_vlan"),
    of("pop_mpls", { etherType: u16 }),
    of("set_queue", { queue: u32 }),
    of("group", { group: u32 }),
    of("set_nw_ttl", { ttl: u8 }),
    of("dec_nw_ttl"),
  ];
  const upTo11 = [
    of("set_vlan_vid", { vid: u16 }),
    of("set_dl_dst", { address: u48 }),
    of("set_nw_src", { address: u32 }),
    of("set_nw_tos", { tos: u8 }),
    of("set_tp_dst", { port: u16 }),
  ];
  return [
    ...(version === 1 ? legacy10 : since11),
    ...(version <= 2 ? upTo11 : [of("set_field", { field: matchField("match", version) })]),
    ...(version >= 4 ? [of("push_pbb", { etherType: u16 }), of("pop_pbb")] : []),
    ...(version >= 6 ? [of("meter", { meter: u32 })] : []),
    of("copy_field", { bits: u16, source: place, destination: place }),
    of("experimenter", { experimenter: fc.constant(0x12345678), data: blocks(8, 3) }),
  ];
}

function nicira(version: ActionVersion): fc.Arbitrary<Action>[] {
  const place = position("nicira", version);
  const bits = subfield(version);
  const zone = fc.oneof(u16, bits);
  const sample = { probability: u16, collectorSet: u32, observationDomain: u32, observationPoint: u32 };
  const hash = { fields: u16, basis: u16, algorithm: u16 };
  return [
    optional("resubmit", { port: notInPort, table: u8 }, []),
    of("resubmit", { table: u8, conntrack: fc.constant(true) }),
    of("set_tunnel", { tunnel: u32.map(BigInt) }),
    of("set_tunnel64", { tunnel: u64 }),
    of("pop_queue"),
    of("note", { data: blocks(8, 3, 2) }),
    of("multipath", { ...hash, maxLink: u16, argument: u32, destination: bits }),
    of("bundle", { ...hash, memberType: u32, ports: small(port16) }),
    of("bundle_load", { ...hash, memberType: u32, ports: small(port16), destination: bits }),
    of("output_reg", { source: bits, maxLength: u16 }),
    of("output_reg", { source: bits, maxLength: u16, extended: fc.constant(true) }),
    learn(version),
    of("exit"),
    of("fin_timeout", { idleTimeout: u16, hardTimeout: u16 }),
    of("controller", { maxLength: u16, controller: u16, reason: u8 }),
    optional(
      "controller2",
      {
        maxLength: u16,
        controller: u16,
        reason: u8,
        userdata: bytes(9),
        meter: u32,
        pause: fc.constant(true),
      },
      [],
    ),
    of("dec_ttl_cnt_ids", { controllers: small(u16) }),
    of("write_metadata", { metadata: u64, mask: u64 }),
    of("stack_push", { subfield: bits }),
    of("stack_pop", { subfield: bits }),
    of("sample", sample),
    of("sample2", { ...sample, samplingPort: u16 }),
    of("sample3", { ...sample, samplingPort: u16, direction: u8 }),
    of("sample4", {
      ...sample,
      observationDomain: fc.oneof(u32, bits),
      observationPoint: fc.oneof(u32, bits),
      samplingPort: u16,
      direction: u8,
    }),
    of("conjunction", { id: u32, clause: u8, clauses: u8 }),
    optional(
      "ct",
      { flags: u16, zone, table: fc.integer({ min: 0, max: 254 }), helper: u16, actions: small(nat, 1) },
      ["flags", "zone", "helper", "actions"],
    ),
    of("ct_clear"),
    of("output_trunc", { port: port16, maxLength: u32 }),
    of("check_pkt_larger", { length: u16, destination: place }),
    of("delete_field", { field: reference("nicira", version) }),
    ...(version === 1
      ? [of("nx_group", { group: u32 }), of("nx_set_mpls_label", { label: u32 }), of("nx_dec_ttl")]
      : []),
    ...(version <= 5
      ? [
          of("reg_move", { bits: u16, source: place, destination: place }),
          of("reg_load", { destination: bits, value: u64 }),
          of("reg_load2", { field: matchField("nicira", version) }),
        ]
      : []),
    ...(version >= 4
      ? [
          of("encap", {
            headerSize: u16,
            packetType: u32,
            properties: small(record({ class: u16, type: u8, data: bytes(9) })),
          }),
          of("decap", { packetType: u32 }),
          of("dec_nsh_ttl"),
        ]
      : []),
  ];
}

export function actionsOf(version: ActionVersion): fc.Arbitrary<readonly Action[]> {
  const simple = fc.oneof(...standard(version), ...nicira(version));
  const nested = fc.oneof(
    { weight: 12, arbitrary: simple },
    of("clone", { actions: small(simple) }),
    of("ct", {
      flags: fc.constant(1),
      zone: u16,
      helper: fc.constant(0),
      actions: small(simple),
    }),
  );
  return small(nested, 4);
}
