import { match, Port } from "openflow-ts";
import { type Golden, hex } from "./row.js";

export const reports: readonly Golden[] = [
  [
    "role status, by ONF's extension",
    4,
    hex`
      04040020 11223344 4f4e4600 00000777
      00000002 00000000 00000000 00000005`,
    { type: "role_status", role: "master", reason: "master_request", generation: 5n, properties: {} },
  ],
  [
    "request forward, by ONF's extension",
    4,
    hex`
      04040020 11223344 4f4e4600 0000092e
      040f0010 00000009 00000000 00000003`,
    {
      type: "request_forward",
      requestXid: 9,
      request: {
        type: "group_mod",
        command: "add",
        groupType: "all",
        group: 3,
        commandBucket: 0xffffffff,
        buckets: [],
        properties: {},
      },
    },
  ],
  [
    "flows wanted, with more behind the match",
    6,
    hex`
      06120040 11223344 00010000 00000000
      ff000000 ffffffff ffffffff 00000000
      00000000 00000000 00000000 00000000
      00010004 00000000 01020304 05060708`,
    {
      type: "multipart_request",
      flags: 0,
      body: {
        type: "flow_desc",
        table: 0xff,
        outPort: 0xffffffff,
        outGroup: 0xffffffff,
        cookie: 0n,
        cookieMask: 0n,
        match: [],
        trailing: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      },
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
