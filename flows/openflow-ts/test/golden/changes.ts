import { flowMod, groupMod, match, output, Port, packetOut, setField } from "openflow-ts";
import { type Golden, hex } from "./row.js";

export const changes: readonly Golden[] = [
  [
    "hello with a version bitmap",
    6,
    hex`06000010 11223344 00010008 00000070`,
    { type: "hello", elements: [{ type: "version_bitmap", versions: [4, 5, 6] }] },
  ],
  [
    "error",
    4,
    hex`
      04010014 11223344 00050003 040e0038
      00000009`,
    { type: "error", errorType: 5, code: 3, data: Uint8Array.of(4, 14, 0, 56, 0, 0, 0, 9) },
  ],
  ["echo request", 5, hex`0502000b 11223344 010203`, { type: "echo_request", data: Uint8Array.of(1, 2, 3) }],
  [
    "features reply",
    6,
    hex`
      06060020 11223344 00163e00 00000001
      00000000 fe000000 0000024f 00000000`,
    {
      type: "features_reply",
      datapathId: 0x00163e0000000001n,
      buffers: 0,
      tables: 254,
      auxiliaryId: 0,
      capabilities: 0x24f,
      reserved: 0,
    },
  ],
  [
    "flow mod with a match on TCP",
    4,
    hex`
      040e0090 11223344 11223344 55667788
      00000000 00000000 0200003c 00000064
      ffffffff ffffffff ffffffff 00010000
      00010029 80000004 00000003 80000a02
      08008000 14010680 0019080a 020000ff
      ff000080 001c0200 50000000 00000000
      00040028 00000000 00190010 80000606
      02000000 00010000 00000010 00000007
      00000000 00000000 00010008 03000000`,
    flowMod({
      table: 2,
      priority: 100,
      cookie: 0x1122334455667788n,
      idleTimeout: 60,
      flags: 1,
      match: match({ in_port: 3, eth_type: 0x800, ip_proto: 6, ipv4_dst: "10.2.0.0/16", tcp_dst: 80 }),
      instructions: [
        { type: "apply_actions", actions: [setField("eth_dst", "02:00:00:00:00:01"), output(7)] },
        { type: "goto_table", table: 3 },
      ],
    }),
  ],
  [
    "flow mod with importance",
    5,
    hex`
      050e0038 11223344 00000000 00000000
      ffffffff ffffffff 00040000 00008000
      ffffffff ffffffff ffffffff 00000009
      00010004 00000000`,
    flowMod({ importance: 9, command: "delete_strict", cookieMask: 0xffffffffffffffffn }),
  ],
  [
    "fast-failover group",
    4,
    hex`
      040f0040 11223344 00000300 00000001
      00200000 00000004 ffffffff 00000000
      00000010 00000003 00000000 00000000
      00100000 ffffffff 00000002 00000000`,
    groupMod({
      group: 1,
      groupType: "fast_failover",
      buckets: [
        { watchPort: 4, actions: [output(3)] },
        { watchGroup: 2, actions: [] },
      ],
    }),
  ],
  [
    "fast-failover group with properties",
    6,
    hex`
      060f0050 11223344 00000300 00000001
      00380000 ffffffff 00200010 00000000
      00000010 00000003 00000000 00000000
      00010008 00000004 00180008 00000001
      00160008 00000009 00020008 00000005`,
    groupMod({
      group: 1,
      groupType: "fast_failover",
      buckets: [
        { id: 0, watchPort: 4, actions: [output(3)] },
        { id: 1, watchGroup: 5, actions: [{ type: "group", group: 9 }] },
      ],
    }),
  ],
  [
    "insertion of a bucket",
    6,
    hex`
      060f0028 11223344 00030100 00000001
      00100000 fffffffe 00100000 00000007
      00000008 000a0000`,
    groupMod({
      group: 1,
      command: "insert_bucket",
      groupType: "select",
      commandBucket: 0xfffffffe,
      buckets: [{ id: 7, weight: 10, actions: [] }],
    }),
  ],
  [
    "bundle control",
    6,
    hex`06210010 11223344 00000005 00040003`,
    { type: "bundle_control", bundle: 5, control: "commit_request", flags: 3, properties: {} },
  ],
  [
    "bundle control as an extension of ONF",
    4,
    hex`
      04040018 11223344 4f4e4600 000008fc
      00000005 00000003`,
    { type: "bundle_control", bundle: 5, control: "open_request", flags: 3, properties: {} },
  ],
  [
    "bundle add",
    6,
    hex`
      06220048 11223344 00000005 00000003
      060e0038 11223344 00000000 00000000
      00000000 00000000 00000000 00008000
      ffffffff ffffffff ffffffff 00000000
      00010004 00000000`,
    { type: "bundle_add", bundle: 5, flags: 3, message: flowMod({}), properties: {} },
  ],
  [
    "packet out",
    4,
    hex`
      040d002a 11223344 ffffffff fffffffd
      00100000 00000000 00000010 fffffff9
      00000000 00000000 aabb`,
    packetOut(Uint8Array.of(0xaa, 0xbb), [output(Port.TABLE)]),
  ],
  [
    "packet out with a match",
    6,
    hex`
      060d0032 11223344 ffffffff 00100000
      0001000c 80000004 00000003 00000000
      00000010 fffffff9 00000000 00000000
      aabb`,
    packetOut(Uint8Array.of(0xaa, 0xbb), [output(Port.TABLE)], 3),
  ],
  [
    "packet in",
    6,
    hex`
      060a0036 11223344 ffffffff 003c0101
      00000000 00000007 00010014 80000004
      00000002 00010204 00000005 00000000
      00000102 0304`,
    {
      type: "packet_in",
      bufferId: 0xffffffff,
      totalLength: 60,
      reason: "action",
      table: 1,
      cookie: 7n,
      match: match({ in_port: 2, reg1: 5 }),
      data: Uint8Array.of(1, 2, 3, 4),
    },
  ],
  [
    "flow removed",
    4,
    hex`
      040b0038 11223344 00000000 00000007
      00050201 0000001e 00000028 000a0014
      00000000 00000032 00000000 0000003c
      00010004 00000000`,
    {
      type: "flow_removed",
      table: 1,
      priority: 5,
      cookie: 7n,
      reason: "delete",
      idleTimeout: 10,
      hardTimeout: 20,
      match: [],
      stats: { duration: { seconds: 30, nanoseconds: 40 }, packetCount: 50n, byteCount: 60n },
    },
  ],
  [
    "flow removed with OXS",
    6,
    hex`
      060b0040 11223344 01010005 000a0014
      00000000 00000007 00010004 00000000
      0000001c 80020008 0000001e 00000028
      80020808 00000000 00000032 00000000`,
    {
      type: "flow_removed",
      table: 1,
      priority: 5,
      cookie: 7n,
      reason: "hard_timeout",
      idleTimeout: 10,
      hardTimeout: 20,
      match: [],
      stats: { duration: { seconds: 30, nanoseconds: 40 }, packetCount: 50n },
    },
  ],
];
