import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FieldName, Port } from "openflow-ts";
import { decodeCookie, FlowKind } from "../../flows/pipeline/cookie.js";
import { EntryTooWideError } from "../../flows/pipeline/entry-flows.js";
import { apply, type Flow, flow } from "../../flows/pipeline/flow.js";
import { EntryFlows, explain, type Lan, type PipelineInput } from "../../flows/pipeline/index.js";
import { type EntrySpec, LookupTable, type Tuple } from "../../flows/table/index.js";
import { someSpecs, someSyn } from "./arbitrary-table.js";
import { type TcpPacket, tcpPacket } from "./flow-table.js";
import {
  attached,
  CANARY,
  client,
  fate,
  fromClient,
  fromServer,
  LAN,
  lan,
  pipelineOf,
  send,
  server,
  TPO,
  toServer,
  WAN,
} from "./scenario.js";

test("a connection in the table goes to the edge from its SYN on", () => {
  const table = attached([toServer]);
  assert.equal(send(table, fromClient("S")), "edge");
  assert.equal(send(table, fromClient("A")), "edge");
  assert.equal(send(table, fromClient("FA")), "edge");
});

test("a connection that was open before stays direct", () => {
  const table = attached([toServer]);
  assert.equal(send(table, fromClient("A")), "normal");
  assert.equal(send(table, fromClient("S", { from: "10.1.0.11 40001" })), "edge");
  assert.equal(send(table, fromClient("A")), "normal");
});

test("a learned connection is its exact 5-tuple and no other", () => {
  const table = attached([toServer]);
  send(table, fromClient("S"));
  for (const other of [
    { from: "10.1.0.12 40000" },
    { from: "10.1.0.11 40001" },
    { to: "10.2.0.12 80" },
    { to: "10.2.0.11 81" },
    { from: server, to: client },
  ]) {
    assert.equal(send(table, fromClient("A", other)), "normal", JSON.stringify(other));
  }
});

test("connections outside the table and what is not TCP meet the bridge's own flows", () => {
  const table = attached([toServer]);
  assert.equal(send(table, fromClient("S", { to: "10.3.0.11 80" })), "normal");
  assert.equal(send(table, fromClient("S", { from: "10.9.0.11 40000" })), "normal");
  const arp = new Map<FieldName, bigint>([
    ["in_port", BigInt(LAN)],
    ["eth_type", 0x0806n],
  ]);
  assert.equal(fate(table.send(arp)), "normal");
  const udp = new Map([...tcpPacket(fromClient("")), ["ip_proto", 17n]] as [FieldName, bigint][]);
  assert.equal(fate(table.send(udp)), "normal");
});

test("an entry is directional: what the peer's side opens is not taken", () => {
  const table = attached([toServer]);
  assert.equal(send(table, fromServer("S", { in: WAN })), "normal");
  assert.equal(send(table, fromClient("SA")), "normal");
});

test("nothing is taken that comes in by a port to let pass", () => {
  const table = attached([toServer], { passFrom: [WAN] });
  assert.equal(send(table, fromClient("S", { in: WAN })), "normal");
  assert.equal(send(table, fromClient("S")), "edge");
  assert.equal(send(table, fromClient("A", { in: WAN })), "normal");
});

test("an edge's onward connection goes its way, and the answers to it come back to the edge", () => {
  const table = attached([]);
  assert.equal(send(table, fromServer("SA")), "normal");
  assert.equal(send(table, fromClient("S", { in: TPO })), "normal");
  assert.equal(send(table, fromServer("SA")), "edge");
  assert.equal(send(table, fromServer("A")), "edge");
  assert.equal(send(table, fromClient("A", { in: TPO })), "normal");
  assert.equal(send(table, fromServer("A", { to: "10.1.0.11 40001" })), "normal");
});

test("what leaves the edge is not taken again", () => {
  const table = attached([toServer]);
  assert.equal(send(table, fromClient("S", { in: TPO })), "normal");
  assert.equal(send(table, fromClient("A", { in: TPO })), "normal");
});

test("a pass entry above an optimize entry is an exception, below it is nothing", () => {
  const ssh: EntrySpec = { protocol: "tcp", ports: 22, action: "pass" };
  const packet = fromClient("S", { to: "10.2.0.11 22" });
  assert.equal(send(attached([ssh, toServer]), packet), "normal");
  assert.equal(send(attached([toServer, ssh]), packet), "edge");
});

test("new connections to a peer that is down pass, and do not fall to a later entry", () => {
  const toC: EntrySpec = { ...toServer, peer: "c" };
  assert.equal(send(attached([toC]), fromClient("S")), "normal");
  assert.equal(send(attached([toC, toServer]), fromClient("S")), "normal");
  assert.equal(send(attached([toC, toServer], { peersUp: new Set(["c"]) }), fromClient("S")), "edge");
});

test("with the canary dead everything passes, known connections as well", () => {
  const table = attached([toServer]);
  send(table, fromClient("S"));
  table.deadPorts.add(CANARY);
  assert.equal(send(table, fromClient("A")), "normal");
  assert.equal(send(table, fromClient("S", { from: "10.1.0.11 40001" })), "normal");
  assert.equal(send(table, fromClient("A", { from: "10.1.0.11 40001" })), "normal");
});

test("without a sign of life new connections pass and known ones stay", () => {
  const table = attached([toServer]);
  send(table, fromClient("S"));
  const lease = table.flows.findIndex(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.LEASE);
  table.flows.splice(lease, 1);
  assert.equal(send(table, fromClient("A")), "edge");
  assert.equal(send(table, fromClient("S", { from: "10.1.0.11 40001" })), "normal");
});

test("a 5-tuple that was steered and is used again when it is not to be taken stays direct", () => {
  const up = attached([toServer]);
  send(up, fromClient("S"));
  const learned = up.flows.filter(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.CONNECTION);
  const down = attached([toServer], { peersUp: new Set() });
  down.flows.push(...learned);
  assert.equal(send(down, fromClient("A")), "edge");
  assert.equal(send(down, fromClient("S")), "normal");
  assert.equal(send(down, fromClient("A")), "normal");
  assert.equal(
    down.flows.filter(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.CONNECTION).length,
    1,
  );
});

test("IPv6 goes the same way, and only where it is asked for", () => {
  const syn = fromClient("S", { from: "fd00:1::11 40000", to: "fd00:2::11 80" });
  const table = attached([toServer]);
  assert.equal(send(table, syn), "edge");
  assert.equal(send(table, { ...syn, flags: "A" }), "edge");
  assert.equal(send(attached([toServer], { families: ["ipv4"] }), syn), "normal");
});

test("an entry of a VLAN takes frames with that tag alone", () => {
  const table = attached([{ ...toServer, vlan: 10 }]);
  assert.equal(send(table, fromClient("S", { vlan: 10 })), "edge");
  assert.equal(send(table, fromClient("S", { vlan: 1, from: "10.1.0.12 1" })), "normal");
  assert.equal(send(table, fromClient("S", { from: "10.1.0.13 1" })), "normal");
  const untagged = attached([{ ...toServer, vlan: "untagged" }]);
  assert.equal(send(untagged, fromClient("S")), "edge");
  assert.equal(send(untagged, fromClient("S", { vlan: 10, from: "10.1.0.12 1" })), "normal");
});

test("frames go without a tag to the port of their VLAN, and those of a VLAN that is not served are never taken", () => {
  const ten: Lan = { ofport: 30, mac: 0x0200000000bbn, vlan: 10 };
  const access = [
    { ofport: 5, vlan: 10 },
    { ofport: 6, vlan: 11 },
  ];
  const sent = (lans: Lan[], vlan: number | undefined, port = LAN) => {
    const frame = fromClient("S", { in: port, ...(vlan !== undefined && { vlan }) });
    const [output] = attached([toServer], { lans, access }).send(tcpPacket(frame));
    if (output!.port === Port.NORMAL) return "normal";
    const { mac } = lans.find(({ ofport }) => ofport === output!.port)!;
    assert.equal(output!.fields.get("eth_dst"), mac);
    return `port ${output!.port}, tag ${output!.fields.get("vlan_tci") ?? output!.fields.get("vlan_vid")}`;
  };
  for (const [lans, untagged, tagged] of [
    [[lan()], "port 3, tag 0", "normal"],
    [[ten], "normal", "port 30, tag 0"],
    [[lan(), ten], "port 3, tag 0", "port 30, tag 0"],
  ] as const) {
    assert.equal(sent([...lans], undefined), untagged);
    assert.equal(sent([...lans], 10), tagged);
    assert.equal(sent([...lans], undefined, 5), tagged, "an access port's frame is of its VLAN");
    assert.equal(sent([...lans], undefined, 6), "normal");
    assert.equal(sent([...lans], 11), "normal");
  }
});

test("a frame that its port may not bring into a VLAN is left to the bridge, which drops it", () => {
  const restricted = [
    { ofport: 5, tags: [0] },
    { ofport: 6, tags: [10] },
    { ofport: 7, tags: [0, 20] },
  ];
  const table = attached([toServer], { restricted });
  const sent = (port: number, vlan?: number) =>
    send(table, fromClient("S", { in: port, ...(vlan !== undefined && { vlan }) }));
  const untagged = [1, 5, 6, 7].map((port) => sent(port));
  assert.deepEqual(untagged, ["edge", "edge", "normal", "edge"]);
  const tagged = [1, 5, 6, 7].map((port) => sent(port, 10));
  assert.deepEqual(tagged, ["edge", "normal", "edge", "normal"]);
});

test("an entry of a VLAN takes the frames of that VLAN's access ports as well, and of no other", () => {
  const access = [
    { ofport: 5, vlan: 10 },
    { ofport: 6, vlan: 20 },
  ];
  const lans = [lan(), lan(10), lan(20)];
  const table = attached([{ ...toServer, vlan: 10 }], { lans, access });
  const from = (port: number, host: number) => fromClient("S", { in: port, from: `10.1.0.${host} 40000` });
  assert.equal(send(table, from(5, 1)), "edge");
  assert.equal(send(table, from(6, 2)), "normal");
  assert.equal(send(table, from(LAN, 3)), "normal");
  // Where the port's VLAN has changed, so have the flows.
  const moved = attached([{ ...toServer, vlan: 10 }], { lans, access: [{ ofport: 6, vlan: 10 }] });
  assert.equal(send(moved, from(5, 1)), "normal");
  assert.equal(send(moved, from(6, 2)), "edge");
});

test("answers of a second LAN's hosts to the edge's own connections come back to its port there", () => {
  const ten: Lan = { ofport: 30, mac: 0x0200000000bbn, vlan: 10 };
  const table = attached([], { lans: [lan(), ten] });
  assert.equal(send(table, fromClient("S", { in: 30 })), "normal");
  const [answer] = table.send(tcpPacket(fromServer("SA", { vlan: 10 })));
  assert.deepEqual([answer!.port, answer!.fields.get("eth_dst")], [30, ten.mac]);
});

test("a connection that the edge breaks off is forgotten, so that its 5-tuple can go direct at once", () => {
  const table = attached([]);
  send(table, fromClient("S", { in: TPO }));
  assert.equal(send(table, fromServer("SA")), "edge");
  assert.equal(send(table, fromClient("RA", { in: TPO })), "normal");
  assert.equal(send(table, fromServer("SA")), "normal");
  assert.equal(send(table, fromClient("S", { in: TPO })), "normal");
  assert.equal(send(table, fromServer("SA")), "edge");
});

test("the flows of others see the packet as it came, but for the done bit of our register", () => {
  const foreign = flow(
    0,
    10,
    0n,
    [{ field: "eth_type", value: 0x0800n }],
    apply({ type: "output", port: 9, maxLength: 0 }),
  );
  for (const packet of [
    fromClient("S", { to: "10.3.0.11 80" }),
    fromClient("A"),
    fromClient("S", { in: TPO }),
  ]) {
    const table = attached([toServer]);
    table.flows.push(foreign);
    const [output, ...more] = table.send(tcpPacket(packet));
    assert.equal(more.length, 0);
    assert.equal(output!.port, 9);
    const { fields } = output!;
    assert.equal(fields.get("reg15"), 1n << 31n);
    for (const [field, value] of tcpPacket(packet)) assert.equal(fields.get(field), value, field);
  }
});

test("all flows carry our cookie and stand in our tables or above our priority", () => {
  const table = attached([toServer]);
  for (const { cookie, table: number, priority } of table.flows.slice(1)) {
    assert.ok(decodeCookie(cookie));
    assert.ok(number === 0 ? priority > 60000 : number >= 200 && number < 207);
  }
});

test("lists and ranges become as many flows as they need, and too many are refused with the entry's name", () => {
  const ports = Array.from({ length: 100 }, (_, i) => 2 * i + 1);
  const wide: EntrySpec = { ...toServer, name: "wide", sourcePorts: ports, ports };
  assert.throws(
    () => attached([wide]),
    (error) => error instanceof EntryTooWideError && /entry 1 \(wide\) takes 20000 flows/.test(error.message),
  );
  const flows = attached([{ ...toServer, ports: [80, "8000-8099"] }], { families: ["ipv4"] }).flows;
  assert.equal(flows.filter(({ table, priority }) => table === 202 && priority > 0).length, 4);
});

test("of any table and any SYN, the pipeline takes exactly what the look-up table says", () => {
  fc.assert(
    fc.property(someSpecs, fc.array(someSyn, { minLength: 1, maxLength: 20 }), (list, packets) => {
      const table = attached(list);
      const oracle = new LookupTable(list);
      for (const { source, sourcePort, destination, destinationPort, vlan } of packets) {
        const tuple = { protocol: "tcp", source, sourcePort, destination, destinationPort } as const;
        const entry = oracle.lookup({ ...tuple, ...(vlan !== undefined && { vlan }) });
        const expected = entry?.action.type === "optimize" && entry.action.peer === "b" ? "edge" : "normal";
        const syn: TcpPacket = {
          in: LAN,
          from: `${source} ${sourcePort}`,
          to: `${destination} ${destinationPort}`,
          flags: "S",
          ...(vlan !== undefined && { vlan }),
        };
        assert.equal(send(table, syn), expected);
      }
    }),
    { numRuns: 300 },
  );
});

const web = { protocol: "tcp", source: "10.1.0.11", sourcePort: 40000, destination: "10.2.0.11" } as const;

function explained(
  specs: EntrySpec[],
  changes: Partial<PipelineInput> = {},
  tuple: Partial<Tuple> = {},
  inPort = LAN,
) {
  const { peersUp = new Set(["b"]), taking = true, families = ["ipv4", "ipv6"] } = changes;
  const { lans = [lan(), lan(1), lan(10)] } = changes;
  const pipeline = pipelineOf(specs, changes);
  return explain(
    { ...web, destinationPort: 80, ...tuple },
    { table: new LookupTable(specs), peersUp, taking, families, lans, pipeline, inPort },
  );
}

test("explain says which entry, which peer, which flows, and why", () => {
  const ssh: EntrySpec = { name: "ssh", protocol: "tcp", ports: 22, action: "pass" };
  const table = [ssh, toServer];
  const { taken, entry, because, flows } = explained(table, { lans: [lan()] });
  assert.equal(taken, true);
  assert.equal(entry?.index, 1);
  assert.deepEqual(because, ["entry 2 takes it for peer b", "it goes to the plugin"]);
  assert.deepEqual(
    flows.map(({ table: number, priority }) => [number, priority]),
    [
      [0, 60001],
      [202, 64999],
      [203, 40],
    ],
  );
  const why = (...input: Parameters<typeof explained>) => explained(...input).because.slice(0, -1);
  assert.deepEqual(why(table, {}, { destinationPort: 22 }), ["entry 1 (ssh) lets it pass"]);
  assert.deepEqual(why(table, {}, { destination: "10.3.0.1" }), ["no entry of the look-up table matches"]);
  assert.deepEqual(why(table, { peersUp: new Set() }), [
    "entry 2 takes it for peer b",
    "the session to peer b is not up",
  ]);
  assert.deepEqual(why(table, { passFrom: [WAN] }, {}, WAN), [
    "entry 2 takes it for peer b",
    "nothing is taken that comes in by that port",
  ]);
  assert.deepEqual(why([{ ...toServer, protocol: "any" }], {}, { protocol: "udp" }), [
    "entry 1 takes it for peer b",
    "of all protocols only TCP is taken",
  ]);
  const ipv6 = { source: "fd00:1::b", destination: "fd00:2::b" };
  assert.deepEqual(why(table, {}, ipv6), ["entry 2 takes it for peer b"]);
  assert.deepEqual(why(table, { families: ["ipv4"] }, ipv6), [
    "entry 2 takes it for peer b",
    "IPv6 is not taken on this switch: the local port has no address of it",
  ]);
  assert.deepEqual(why(table, {}, { vlan: 30 }), [
    "entry 2 takes it for peer b",
    "VLAN 30 is not served on this switch (served: those without a tag, VLAN 1, VLAN 10)",
  ]);
  assert.deepEqual(why(table, { lans: [lan(10)] }), [
    "entry 2 takes it for peer b",
    "frames without a tag are not served on this switch (served: VLAN 10)",
  ]);
});

test("explain and the switch agree about any table and any SYN", () => {
  fc.assert(
    fc.property(someSpecs, someSyn, (list, { vlan, ...fields }) => {
      const tuple: Tuple = { protocol: "tcp", ...fields, ...(vlan !== undefined && { vlan }) };
      const fateOfSyn = send(attached(list), {
        in: LAN,
        from: `${fields.source} ${fields.sourcePort}`,
        to: `${fields.destination} ${fields.destinationPort}`,
        flags: "S",
        ...(vlan !== undefined && { vlan }),
      });
      assert.equal(explained(list, {}, tuple).taken, fateOfSyn === "edge");
    }),
  );
});

test("an entry that is as it was has the very same flows", () => {
  const entryFlows = new EntryFlows();
  const before = pipelineOf([toServer, { ...toServer, ports: 80 }], { entryFlows }).flows;
  const after = pipelineOf([{ ...toServer, ports: 81 }, { ...toServer, ports: 80 }, toServer], {
    entryFlows,
  }).flows;
  const entries = (flows: readonly Flow[]) => flows.filter(({ table }) => table === 202);
  assert.equal(entries(after).filter((kept) => before.includes(kept)).length, 0);
  const again = pipelineOf([{ ...toServer, ports: 82 }, { ...toServer, ports: 80 }, toServer], {
    entryFlows,
  }).flows;
  assert.equal(entries(again).filter((kept) => after.includes(kept)).length, 4);
});
