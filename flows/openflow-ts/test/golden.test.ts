import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decode,
  encode,
  flowMod,
  groupMod,
  type Message,
  match,
  output,
  Port,
  packetOut,
  setField,
  type Version,
  versionName,
} from "openflow-ts";
import { ofctl } from "./ovs.js";

/** Bytes as digits, with spaces anywhere. */
function hex(digits: TemplateStringsArray): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.join("").replaceAll(/\s/g, ""), "hex"));
}

const xid = 0x11223344;

/** What it is, the version, the bytes, the message. */
const golden: readonly (readonly [string, Version, Uint8Array, Message])[] = [
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
  [
    "port status",
    6,
    hex`
      060c0058 11223344 01000000 00000000
      00000003 00480000 02000000 00030000
      74706f30 00000000 00000000 00000000
      00000001 00000004 00000020 00000000
      00000840 00000000 00000000 00000000
      00989680 00000000`,
    {
      type: "port_status",
      reason: "delete",
      description: {
        port: 3,
        hardwareAddress: 0x020000000003n,
        name: "tpo0",
        config: 1,
        state: 4,
        properties: {
          ethernet: {
            current: 0x840,
            advertised: 0,
            supported: 0,
            peer: 0,
            currentSpeed: 10000000,
            maxSpeed: 0,
          },
        },
      },
    },
  ],
  [
    "meter mod",
    4,
    hex`
      041d0030 11223344 00000001 00000003
      00010010 000003e8 00000000 00000000
      00020010 000001f4 00000001 02000000`,
    {
      type: "meter_mod",
      command: "add",
      flags: 1,
      meter: 3,
      bands: [
        { type: "drop", rate: 1000, burst: 0 },
        { type: "dscp_remark", rate: 500, burst: 1, precedenceLevel: 2 },
      ],
    },
  ],
  [
    "set async",
    4,
    hex`
      041c0020 11223344 00000007 00000000
      00000007 00000007 0000000f 00000000`,
    {
      type: "set_async",
      masks: {
        packetIn: 7,
        packetInSlave: 0,
        portStatus: 7,
        portStatusSlave: 7,
        flowRemoved: 15,
        flowRemovedSlave: 0,
      },
    },
  ],
  [
    "set async with properties",
    6,
    hex`
      061c0018 11223344 00010008 00000002
      000a0008 00000003`,
    { type: "set_async", masks: { packetIn: 2, requestForwardSlave: 3 } },
  ],
  [
    "role request",
    6,
    hex`
      06180018 11223344 00000002 00020000
      00000000 00000009`,
    { type: "role_request", role: "master", shortId: 2, generation: 9n },
  ],
  [
    "request for flows",
    6,
    hex`
      06120038 11223344 00010000 00000000
      ff000000 ffffffff ffffffff 00000000
      00000000 00000700 00000000 0000ff00
      00010004 00000000`,
    {
      type: "multipart_request",
      flags: 0,
      body: {
        type: "flow_desc",
        table: 255,
        outPort: Port.ANY,
        outGroup: 0xffffffff,
        cookie: 0x700n,
        cookieMask: 0xff00n,
        match: [],
      },
    },
  ],
  [
    "description of a flow",
    6,
    hex`
      06130060 11223344 00010001 00000000
      00500000 01000002 00040005 00010006
      00000000 00000003 0001000a 80000a02
      08060000 00000000 0000001c 80020808
      00000000 00000001 80020a08 00000000
      00000040 00000000 00050008 00000000`,
    {
      type: "multipart_reply",
      flags: 1,
      body: {
        type: "flow_desc",
        flows: [
          {
            table: 1,
            priority: 2,
            cookie: 3n,
            idleTimeout: 4,
            hardTimeout: 5,
            importance: 6,
            flags: 1,
            match: match({ eth_type: 0x806 }),
            stats: { packetCount: 1n, byteCount: 64n },
            instructions: [{ type: "clear_actions" }],
          },
        ],
      },
    },
  ],
  [
    "description of a flow",
    4,
    hex`
      04130050 11223344 00010000 00000000
      00400100 00000001 00000002 00020004
      00050001 00000000 00000000 00000003
      00000000 00000001 00000000 00000040
      0001000a 80000a02 08060000 00000000`,
    {
      type: "multipart_reply",
      flags: 0,
      body: {
        type: "flow_desc",
        flows: [
          {
            table: 1,
            priority: 2,
            cookie: 3n,
            idleTimeout: 4,
            hardTimeout: 5,
            importance: 0,
            flags: 1,
            match: match({ eth_type: 0x806 }),
            stats: { duration: { seconds: 1, nanoseconds: 2 }, packetCount: 1n, byteCount: 64n },
            instructions: [],
          },
        ],
      },
    },
  ],
  [
    "table features",
    5,
    hex`
      05120070 11223344 000c0000 00000000
      00600100 00000000 61636c00 00000000
      00000000 00000000 00000000 00000000
      00000000 00000000 00000000 000000ff
      00000000 00000000 00000000 00000064
      00000010 00010004 ffff0008 00002320
      00020007 02030400 00080008 80001401`,
    {
      type: "multipart_request",
      flags: 0,
      body: {
        type: "table_features",
        tables: [
          {
            table: 1,
            command: 0,
            features: 0,
            name: "acl",
            metadataMatch: 0xffn,
            metadataWrite: 0n,
            capabilities: 0,
            maxEntries: 100,
            properties: {
              instructions: [{ type: 1 }, { type: 0xffff, experimenter: 0x2320 }],
              nextTables: [2, 3, 4],
              match: [{ class: 0x8000, number: 10, hasMask: false, size: 1 }],
            },
          },
        ],
      },
    },
  ],
  [
    "flow monitor",
    6,
    hex`
      06120028 11223344 00100000 00000000
      00000001 ffffffff ffffffff 001fff00
      00010004 00000000`,
    {
      type: "multipart_request",
      flags: 0,
      body: {
        type: "flow_monitor",
        monitors: [
          {
            monitor: 1,
            outPort: Port.ANY,
            outGroup: 0xffffffff,
            flags: 0x1f,
            table: 0xff,
            command: "add",
            match: [],
          },
        ],
      },
    },
  ],
  [
    "mapping of a tunnel option",
    4,
    hex`
      04040020 11223344 00002320 00000018
      00000000 00000000 ffff0004 00010000`,
    {
      type: "nx_tlv_table_mod",
      command: 0,
      mappings: [{ optionClass: 0xffff, optionType: 0, length: 4, index: 1 }],
    },
  ],
];

for (const [name, version, bytes, message] of golden) {
  test(`${name}, OpenFlow ${versionName(version)}`, () => {
    assert.equal(
      Buffer.from(encode({ version, xid, message })).toString("hex"),
      Buffer.from(bytes).toString("hex"),
    );
    assert.deepEqual(decode(bytes), { version, xid, message });
  });
}

/** Table features of three properties are right as such, but OVS wants all that there are. */
const beyondOvs = new Set(["table features"]);

test("OVS understands them all", async () => {
  for (const [name, , bytes] of golden) {
    if (beyondOvs.has(name)) continue;
    const printed = await ofctl(["ofp-print", Buffer.from(bytes).toString("hex")]);
    assert.doesNotMatch(printed, /decode error/, name);
  }
});
