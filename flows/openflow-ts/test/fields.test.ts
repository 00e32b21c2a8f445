import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  canonicalMatch,
  checkInstructions,
  checkMatch,
  checkMessage,
  fieldByName,
  flowMod,
  formatEthernet,
  formatIPv4,
  formatIPv6,
  formatMatch,
  formatOxm,
  formatValue,
  groupMod,
  InvalidError,
  type Match,
  type Message,
  match,
  matchFieldList,
  matchKey,
  OpenFlow15,
  output,
  ParseError,
  parseEthernet,
  parseIPv4,
  parseIPv6,
  parseOxm,
  parseValue,
  prefixLength,
  prefixMask,
  setBits,
  setField,
  subfield,
} from "openflow-ts";

/** The field, the text, value and mask, and the text that is written for it. */
const values: readonly (readonly [string, string, bigint, bigint | undefined, string])[] = [
  ["tcp_dst", "80", 80n, undefined, "80"],
  ["tcp_dst", "0x50/0xfff0", 0x50n, 0xfff0n, "80/0xfff0"],
  ["eth_type", "2048", 0x800n, undefined, "0x800"],
  [
    "eth_dst",
    "01:00:5e:00:00:00/ff:ff:ff:80:00:00",
    0x01005e000000n,
    0xffffff800000n,
    "01:00:5e:00:00:00/ff:ff:ff:80:00:00",
  ],
  ["ipv4_dst", "10.2.0.0/16", 0x0a020000n, 0xffff0000n, "10.2.0.0/16"],
  ["ipv4_dst", "10.0.0.1/255.0.0.255", 0x0a000001n, 0xff0000ffn, "10.0.0.1/255.0.0.255"],
  ["ipv6_src", "fd00::/64", 0xfd00n << 112n, prefixMask(64, 128), "fd00::/64"],
  ["in_port", "LOCAL", 0xfffffffen, undefined, "LOCAL"],
  ["tcp_flags", "+syn-ack", 0x002n, 0x012n, "0x2/0x12"],
  ["ct_state", "+trk+est-inv", 0x22n, 0x32n, "0x22/0x32"],
  ["ip_frag", "not_later", 0n, 2n, "not_later"],
  ["ip_frag", "later", 3n, 3n, "later"],
];

for (const [name, text, value, mask, written] of values) {
  test(`${name}=${text}`, () => {
    const field = fieldByName(name)!;
    const parsed = parseValue(text, field);
    assert.deepEqual(parsed, mask === undefined ? { value } : { value, mask });
    assert.equal(formatValue(parsed, field), written);
  });
}

for (const [name, text] of [
  ["tcp_dst", "http"],
  ["tcp_dst", "80/1/2"],
  ["ipv4_dst", "10.0.0.256"],
  ["ipv4_dst", "10.0.0.0/33"],
  ["ipv6_src", "fd00:::"],
  ["eth_dst", "00:11:22:33:44"],
  ["tcp_flags", "+syn-nak"],
] as const) {
  test(`${name}=${text} is refused`, () => {
    assert.throws(() => parseValue(text, fieldByName(name)!), ParseError);
  });
}

test("values that do not fit their field are refused", () => {
  assert.throws(() => match({ tcp_dst: 0x10000 }), ParseError);
  assert.throws(() => match({ vlan_pcp: -1 }), ParseError);
  assert.throws(() => setBits("reg1", 4, 2, 4), ParseError);
  assert.throws(() => subfield("reg1", 20, 13), ParseError);
  assert.throws(() => match({ reg16: 1 }), ParseError);
});

test("addresses written are read as they were", () => {
  const bits = (count: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(count)) - 1n });
  fc.assert(fc.property(bits(32), (value) => assert.equal(parseIPv4(formatIPv4(value)), value)));
  fc.assert(fc.property(bits(48), (value) => assert.equal(parseEthernet(formatEthernet(value)), value)));
  fc.assert(
    fc.property(fc.ipV6(), (text) => assert.equal(parseIPv6(formatIPv6(parseIPv6(text))), parseIPv6(text))),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 128 }), (length) => {
      assert.equal(prefixLength(prefixMask(length, 128), 128), length);
    }),
  );
  assert.equal(prefixLength(0xff00ffffn, 32), undefined);
});

test("IPv6 addresses are written as RFC 5952 says", () => {
  for (const [text, written] of [
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::ffff:1.2.3.4", "::ffff:102:304"],
  ] as const) {
    assert.equal(formatIPv6(parseIPv6(text)), written);
  }
});

test("matches of the same packets are alike in their canonical form", () => {
  const one = match({ eth_type: 0x800, tcp_dst: 80, ipv4_dst: "10.0.0.0/8", in_port: 3 });
  const other: Match = [
    { field: "in_port", value: 3n, mask: 0xffffffffn },
    { field: "ipv4_dst", value: 0x0a0000ffn, mask: 0xff000000n, form: "nxm" },
    { field: "tcp_dst", value: 80n },
    { field: "eth_src", value: 5n, mask: 0n },
    { field: "eth_type", value: 0x800n },
  ];
  assert.deepEqual(canonicalMatch(other), canonicalMatch(one));
  assert.equal(matchKey(other), matchKey(one));
  assert.notEqual(matchKey(match({ tcp_dst: 80 })), matchKey(match({ tcp_dst: "80/0xfffe" })));
});

test("registers are the same by whichever name", () => {
  const one = match({ reg0: 1, reg1: "0x2/0xff", reg6: 3 });
  const other = match({
    xreg0: `0x100000002/0xffffffff000000ff`,
    xxreg1: { value: 3n << 32n, mask: 0xffffffffn << 32n },
  });
  assert.equal(matchKey(one), matchKey(other));
});

/** By the names of headers: what is read, the version, and what is written for it. */
const byHeaders: readonly (readonly [string, 4 | 6, string])[] = [
  ["<any>", 4, "<any>"],
  ["OXM_OF_ETH_TYPE(0800)", 4, "OXM_OF_ETH_TYPE(0800)"],
  [
    "NXM_OF_ETH_TYPE(0800),NXM_OF_IP_PROTO(06) NXM_OF_TCP_DST_W(1000/F000)",
    4,
    "NXM_OF_ETH_TYPE(0800), NXM_OF_IP_PROTO(06), NXM_OF_TCP_DST_W(1000/f000)",
  ],
  ["NXM_NX_TUN_METADATA0(1234)", 4, "NXM_NX_TUN_METADATA0(1234)"],
  ["OXM_OF_TCP_FLAGS(0002)", 6, "OXM_OF_TCP_FLAGS(0002)"],
  ["NXOXM_NSH_SPI(00000001)", 6, "NXOXM_NSH_SPI(00000001)"],
];

for (const [text, version, written] of byHeaders) {
  test(`${text} is read`, () => {
    const read = parseOxm(text, version);
    assert.equal(formatOxm(read, version), written);
    assert.deepEqual(matchFieldList.decode(matchFieldList.encode(read, version), version), read);
  });
}

for (const text of [
  "OXM_OF_ETH_TYPE",
  "OXM_OF_ETH_TYPE(08)",
  "OXM_OF_NONE(08)",
  "OXM_OF_METADATA_W(0000000000000001)",
  "OXM_OF_METADATA(0000000000000001/0000000000000001)",
  "OXM_OF_METADATA_W(0000000000000001/01)",
]) {
  test(`${text} is refused`, () => assert.throws(() => parseOxm(text, 4), ParseError));
}

test("a match as ovs-ofctl reads it", () => {
  assert.equal(
    formatMatch(
      match({ eth_type: 0x800, ip_proto: 6, ipv4_dst: "10.2.0.0/16", tcp_dst: 80, reg1: "1/0xff" }),
    ),
    "eth_type=0x800,nw_proto=6,ip_dst=10.2.0.0/16,tcp_dst=80,reg1=0x1/0xff",
  );
});

/** What is wrong with a match, and the error that a switch answers with. */
const badMatches: readonly (readonly [string, Match, string])[] = [
  ["a port of TCP without TCP", match({ tcp_dst: 80 }), "OFPBMC_BAD_PREREQ"],
  ["TCP behind its port", match({ eth_type: 0x800, tcp_dst: 80, ip_proto: 6 }), "OFPBMC_BAD_PREREQ"],
  ["an IPv6 address in IPv4", match({ eth_type: 0x800, ipv6_src: "::1" }), "OFPBMC_BAD_PREREQ"],
  ["a VLAN priority without a tag", match({ vlan_vid: 0, vlan_pcp: 3 }), "OFPBMC_BAD_PREREQ"],
  ["a field twice", match({ in_port: 1 }).concat(match({ in_port: 2 })), "OFPBMC_DUP_FIELD"],
  ["a mask on a field that has none", match({ eth_type: { value: 0x800, mask: 0xff00 } }), "OFPBMC_BAD_MASK"],
  ["a value outside of its mask", [{ field: "metadata", value: 3n, mask: 1n }], "OFPBMC_BAD_WILDCARDS"],
  ["a bit that the field does not have", [{ field: "vlan_vid", value: 0x4000n }], "OFPBMC_BAD_VALUE"],
  [
    "a field that is not known",
    [{ field: "unknown", class: 5, number: 5, hasMask: false, data: Uint8Array.of(1) }],
    "OFPBMC_BAD_FIELD",
  ],
];

for (const [what, given, code] of badMatches) {
  test(`refused by the check: ${what}`, () => {
    assert.throws(
      () => checkMatch(given),
      (error) => error instanceof InvalidError && error.code === code,
    );
  });
}

for (const [what, given] of [
  ["TCP over IPv4", match({ eth_type: 0x800, ip_proto: 6, tcp_flags: "+syn" })],
  [
    "neighbour solicitation",
    match({ eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135, ipv6_nd_sll: "00:00:00:00:00:01" }),
  ],
  ["IPv4 without Ethernet", match({ packet_type: 0x10800, ipv4_src: "10.0.0.1" })],
  ["a VLAN tag by NXM", match({ vlan_tci: "0x1000/0x1000", vlan_pcp: 1 })],
] as const) {
  test(`passed by the check: ${what}`, () => checkMatch(given));
}

/** What is wrong with a message, and the error that a switch answers with. */
const badMessages: readonly (readonly [string, Message, string])[] = [
  [
    "a table that was passed already",
    flowMod({ table: 5, instructions: [{ type: "goto_table", table: 5 }] }),
    "OFPBIC_BAD_TABLE_ID",
  ],
  [
    "an instruction twice",
    flowMod({ instructions: [{ type: "clear_actions" }, { type: "clear_actions" }] }),
    "OFPBIC_DUP_INST",
  ],
  ["a command that there is not", flowMod({ command: 9 }), "OFPFMFC_BAD_COMMAND"],
  [
    "a field that is read-only",
    flowMod({ instructions: [{ type: "apply_actions", actions: [setField("eth_type", 5)] }] }),
    "OFPBAC_BAD_SET_ARGUMENT",
  ],
  [
    "output to no port",
    flowMod({ instructions: [{ type: "apply_actions", actions: [output(0xffffffff)] }] }),
    "OFPBAC_BAD_OUT_PORT",
  ],
  [
    "a bucket that watches nothing",
    groupMod({ group: 1, groupType: "fast_failover", buckets: [{ actions: [] }] }),
    "OFPGMFC_INVALID_GROUP",
  ],
  ["a reserved group", groupMod({ group: 0xffffff80 }), "OFPGMFC_INVALID_GROUP"],
  [
    "packets and bits at once",
    { type: "meter_mod", command: "add", flags: 3, meter: 1, bands: [] },
    "OFPMMFC_BAD_FLAGS",
  ],
  [
    "a hello in a bundle",
    { type: "bundle_add", bundle: 1, flags: 0, message: { type: "hello", elements: [] }, properties: {} },
    "OFPBFC_MSG_UNSUP",
  ],
];

for (const [what, message, code] of badMessages) {
  test(`refused by the check: ${what}`, () => {
    assert.throws(
      () => checkMessage(message, OpenFlow15),
      (error) => error instanceof InvalidError && error.code === code,
    );
  });
}

test("a mask in set_field is for OpenFlow 1.5", () => {
  const masked = [{ type: "apply_actions", actions: [setField("reg1", { value: 1, mask: 1 })] }] as const;
  checkInstructions(masked, { version: 6 });
  assert.throws(() => checkInstructions(masked, { version: 4 }), /OFPBAC_BAD_SET_MASK/);
});
