import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Action,
  actionList,
  checkActions,
  errorNames,
  fieldByName,
  fields,
  formatActions,
  formatFlow,
  formatOxm,
  InvalidError,
  match,
  matchKey,
  matchStructure,
  OpenFlow13,
  OpenFlow15,
  output,
  Port,
  setField,
  subfield,
} from "openflow-ts";
import { actionsOf } from "./arbitrary/action.js";
import { ofctl } from "./ovs.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** What OVS makes of lists of actions: a line for each, "actions=…" or "bad …". */
async function parsedByOvs(lists: readonly Uint8Array[], version: string): Promise<string[]> {
  const printed = await ofctl(["-voff", "parse-actions", version], `${lists.map(hex).join("\n")}\n`);
  const lines = printed.split("\n").filter((line) => /^(actions=|bad )/.test(line));
  assert.equal(lines.length, lists.length);
  return lines;
}

/** Fields that OVS does not have. */
const beyondOvs = new Set(["in_phy_port", "pbb_isid", "pbb_uca", "ipv6_exthdr"]);

test("OVS knows each header of each field by the same name and width", async () => {
  const headers = [...fields()].flatMap((field) =>
    beyondOvs.has(field.name)
      ? []
      : field.headers.filter(({ since }) => since === 4).map((header) => ({ field, header })),
  );
  const lists = headers.map(({ field, header }) => {
    // Of the VLAN identifier OVS moves 12 bits, without the one that says that there is a tag.
    const bits = field.name === "vlan_vid" ? 12 : field.variable ? 8 * field.bytes : field.bits;
    const place = { field: field.name, form: header.form, offset: 0, bits };
    return actionList.encode([{ type: "stack_push", subfield: place }], OpenFlow13);
  });
  const lines = await parsedByOvs(lists, "OpenFlow13");
  for (const [index, { field, header }] of headers.entries()) {
    const printed = field.headers.find(({ form }) => form === "nxm") ?? header;
    assert.equal(lines[index], `actions=push:${printed.name}[]`);
  }
  assert.ok(headers.length > 200);
});

test("what OVS reads of our bytes is what our text says", async () => {
  const actions: readonly Action[] = [
    output(7),
    output(Port.CONTROLLER, 128),
    output(Port.NORMAL),
    output(Port.IN_PORT),
    { type: "push_vlan", etherType: 0x8100 },
    setField("vlan_vid", 0x1005),
    setField("eth_dst", "02:00:00:00:00:01"),
    setField("reg1", { value: 1, mask: 0xff }),
    setField("ipv6_dst", "fd00::1"),
    { type: "pop_vlan" },
    { type: "set_queue", queue: 3 },
    { type: "group", group: 9 },
    { type: "dec_nw_ttl" },
    {
      type: "copy_field",
      bits: 16,
      source: { field: "reg0", offset: 8 },
      destination: { field: "reg1", offset: 0 },
    },
    { type: "resubmit", table: 4 },
    { type: "resubmit", port: 3, table: 5 },
    { type: "resubmit", table: 5, conntrack: true },
    { type: "output_reg", source: subfield("reg2", 0, 16), maxLength: 0xffff },
    { type: "conjunction", id: 10, clause: 0, clauses: 2 },
    { type: "note", data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    { type: "controller", maxLength: 100, controller: 7, reason: 1 },
    { type: "controller2", maxLength: 100, userdata: Uint8Array.of(1, 2), pause: true, meter: 5 },
    { type: "fin_timeout", idleTimeout: 5, hardTimeout: 0 },
    { type: "check_pkt_larger", length: 1500, destination: { field: "reg0", offset: 3 } },
    { type: "output_trunc", port: 2, maxLength: 64 },
    { type: "clone", actions: [output(2), { type: "exit" }] },
    {
      type: "multipath",
      fields: 1,
      basis: 50,
      algorithm: 2,
      maxLink: 3,
      argument: 0,
      destination: subfield("reg0", 0, 8),
    },
    { type: "bundle", fields: 0, basis: 0, algorithm: 1, memberType: 2, ports: [4, 8] },
    { type: "ct_clear" },
    {
      type: "ct",
      flags: 1,
      zone: subfield("reg5", 0, 16),
      table: 10,
      helper: 21,
      actions: [
        {
          type: "nat",
          flags: 1,
          addressMin: { family: 4, address: 0x0a000001 },
          portMin: 1024,
          portMax: 2048,
        },
        setField("ct_mark", 7),
      ],
    },
    {
      type: "learn",
      table: 2,
      priority: 80,
      cookie: 5n,
      idleTimeout: 10,
      hardTimeout: 20,
      finIdleTimeout: 2,
      finHardTimeout: 4,
      flags: 3,
      limit: 100,
      specs: [
        {
          kind: "match",
          bits: 12,
          from: { field: "vlan_tci", offset: 0 },
          to: { field: "vlan_tci", offset: 0 },
        },
        {
          kind: "match",
          bits: 48,
          from: { field: "eth_src", offset: 0 },
          to: { field: "eth_dst", offset: 0 },
        },
        { kind: "load", bits: 16, value: 9n, to: { field: "reg3", offset: 16 } },
        { kind: "output", bits: 16, from: { field: "nxm_in_port", offset: 0 } },
      ],
    },
    { type: "decap", packetType: 0xfffe },
    { type: "encap", headerSize: 0, packetType: 0, properties: [] },
    { type: "meter", meter: 6 },
  ];
  const lines = await parsedByOvs(
    actions.map((action) => actionList.encode([action], OpenFlow15)),
    "OpenFlow15",
  );
  assert.deepEqual(
    lines,
    actions.map((action) => `actions=${formatActions([action])}`),
  );
});

/** Single actions of a version, with what OVS makes of each. */
async function judged(version: 4 | 6, seed: number): Promise<{ list: readonly Action[]; line: string }[]> {
  const lists = fc
    .sample(actionsOf(version), { numRuns: 1500, seed })
    .flatMap((actions) => actions.map((one) => [one]))
    .filter(([action]) => !mentions(action!, beyondOvs));
  const lines = await parsedByOvs(
    lists.map((list) => actionList.encode(list, version)),
    `OpenFlow1${version - 1}`,
  );
  return lists.map((list, index) => ({ list, line: lines[index]! }));
}

/** Younger than the OVS of the tests. */
const younger = /"type":"sample4"/;
/** What they hold is wrong in several ways at once, which OVS finds in another order. */
const orderless = new Set<Action["type"]>(["ct", "clone", "learn"]);

for (const version of [4, 6] as const) {
  const what = `wire version ${version}`;

  test(`${what}: what the check refuses OVS refuses, for the same reason, and nothing else`, async () => {
    let reasons = 0;
    for (const { list, line } of await judged(version, 42)) {
      if (younger.test(jsonOf(list))) continue;
      let refusal: unknown;
      try {
        checkActions(list, { version });
      } catch (error) {
        refusal = error;
      }
      assert.ok(refusal === undefined || refusal instanceof InvalidError);
      const accepted = line.startsWith("actions=");
      assert.equal(refusal === undefined, accepted, `${formatActions(list)}: ${line}, ${refusal}`);
      if (!refusal || orderless.has(list[0]!.type)) continue;
      const code = refusal.code.replace("EXPERIMENTER", "VENDOR").replace("EXP_TYPE", "VENDOR_TYPE");
      assert.match(line, new RegExp(`: ${code}$`), formatActions(list));
      reasons++;
    }
    assert.ok(reasons > 500);
  });

  test(`${what}: the text of whatever OVS takes is OVS's`, async () => {
    const taken = (await judged(version, 43)).filter(({ line }) => line.startsWith("actions="));
    for (const { list, line } of taken) assert.equal(`actions=${formatActions(list)}`, line);
    assert.ok(taken.length > 1000);
  });
}

const jsonOf = (value: unknown) =>
  JSON.stringify(value, (_key, member) => (typeof member === "bigint" ? `${member}` : member));

function mentions(action: Action, names: ReadonlySet<string>): boolean {
  const text = jsonOf(action);
  return [...names, "unknown"].some((name) => text.includes(`"field":"${name}"`));
}

test("matches in the names of their headers are those of OVS", async () => {
  const given = match({
    in_port: 3,
    eth_type: 0x86dd,
    ip_proto: 6,
    ipv6_dst: "fd00::/64",
    tcp_flags: "+syn-ack",
    reg1: { value: 5, mask: 0xff },
    metadata: 7,
  });
  const text = formatOxm(given, OpenFlow13);
  const printed = await ofctl(["--strict", "-m", "parse-oxm", "OpenFlow13"], `${text}\n`);
  const bytes = [...printed.matchAll(/^[0-9a-f]{8} {2}([0-9a-f -]+)$/gm)].map(([, line]) =>
    line!.replaceAll(/[ -]/g, ""),
  );
  // OVS puts the fields into an order of its own.
  const back = matchStructure.decode(Uint8Array.from(Buffer.from(bytes.join(""), "hex")), OpenFlow13);
  assert.equal(matchKey(back), matchKey(given));
});

test("flows as text are flows to ovs-ofctl", async () => {
  const text = formatFlow({
    table: 3,
    priority: 77,
    cookie: 5n,
    idleTimeout: 60,
    match: match({
      in_port: 3,
      eth_type: 0x0800,
      ipv4_dst: "10.2.0.0/16",
      ip_proto: 6,
      tcp_dst: 80,
      tcp_flags: "+syn-ack",
    }),
    instructions: [
      { type: "goto_table", table: 9 },
      { type: "apply_actions", actions: [output(2), output(Port.NORMAL)] },
    ],
  });
  assert.match(
    await ofctl(["-O", "OpenFlow15", "parse-flow", text]),
    /ADD table:3 priority=77,tcp,in_port=3,nw_dst=10\.2\.0\.0\/16,tp_dst=80,tcp_flags=\+syn-ack cookie:0x5 idle:60 actions=output:2,NORMAL,goto_table:9/,
  );
});

test("errors have the names and numbers of OVS", async () => {
  // Names that OVS kept from before OpenFlow 1.3.
  const formerly: Readonly<Record<string, string>> = {
    OFPBRC_BAD_MULTIPART: "OFPBRC_BAD_STAT",
    OFPBRC_BAD_EXPERIMENTER: "OFPBRC_BAD_VENDOR",
    OFPBRC_BAD_EXP_TYPE: "OFPBRC_BAD_SUBTYPE",
    OFPBRC_IS_SLAVE: "OFPBRC_IS_SECONDARY",
    OFPBAC_BAD_EXPERIMENTER: "OFPBAC_BAD_VENDOR",
    OFPBAC_BAD_EXP_TYPE: "OFPBAC_BAD_VENDOR_TYPE",
  };
  // Where OVS has properties' errors instead.
  const tableFeatures = new Set(["OFPTFFC_BAD_TYPE", "OFPTFFC_BAD_LEN", "OFPTFFC_BAD_ARGUMENT"]);
  let compared = 0;
  for (let errorType = 0; errorType <= 17; errorType++) {
    for (let code = 0; ; code++) {
      const { code: name } = errorNames({ errorType, code });
      if (!name.includes("_")) break;
      if (tableFeatures.has(name)) continue;
      const printed = await ofctl(["print-error", formerly[name] ?? name]);
      assert.match(
        printed,
        new RegExp(`OpenFlow 1\\.[3-5]: vendor 0, type ${errorType}, code ${code}\\n`),
        name,
      );
      compared++;
    }
  }
  assert.ok(compared > 130);
  assert.equal(
    errorNames({ errorType: 0xffff, code: 2313, experimenter: 0x4f4e4600 }).code,
    "OFPBFC_MSG_FAILED",
  );
  assert.equal(fieldByName("reg16"), undefined);
});
