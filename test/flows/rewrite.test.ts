import assert from "node:assert/strict";
import { test } from "node:test";
import { Port } from "openflow-ts";
import { FlowKind } from "../../flows/pipeline/cookie.js";
import { decodeCookie, type Ends, type Translation } from "../../flows/pipeline/index.js";
import { parseAddress } from "../../flows/table/index.js";
import { FlowTable, NORMAL, type TcpPacket, tcpPacket } from "./flow-table.js";
import { CANARY, LAN, lan, MAC, pipelineOf, send, TPO, toServer } from "./scenario.js";

const pipeline = pipelineOf([toServer], { rewrite: true, lans: [lan()] });

function attached(...translations: Translation[]): FlowTable {
  const flows = translations.flatMap((one) => pipeline.translate(one));
  const table = new FlowTable([NORMAL, ...pipeline.flows, ...flows]);
  table.run(pipeline.lease);
  return table;
}

function ends(source: string, destination: string): Ends {
  const [from, fromPort] = source.split(" ");
  const [to, toPort] = destination.split(" ");
  return {
    family: "ipv4",
    source: parseAddress(from!)!.value,
    sourcePort: Number(fromPort),
    destination: parseAddress(to!)!.value,
    destinationPort: Number(toPort),
  };
}

/** Port by which a packet leaves, and its addresses then. */
function sent(table: FlowTable, packet: TcpPacket): string {
  const [output, ...more] = table.send(tcpPacket(packet));
  assert.equal(more.length, 0);
  const { port, fields } = output!;
  const side = (name: "src" | "dst") => {
    const value = fields.get(`ipv4_${name}`)!;
    return `10.${(value >> 16n) & 0xffn}.0.${value & 0xffn} ${fields.get(`tcp_${name}`)}`;
  };
  const to = port === TPO ? "edge" : port === Port.NORMAL ? "normal" : `port ${port}`;
  assert.equal(fields.get("eth_dst") === MAC, port === TPO);
  return `${to}: ${side("src")} > ${side("dst")}`;
}

const client = "10.1.0.11 40000";
const edge = "10.1.0.2 4755";
/** Two connections from one port of the client. */
const first: Translation = { outside: ends(client, "10.2.0.11 80"), inside: ends(client, edge) };
const second: Translation = { outside: ends(client, "10.2.0.12 443"), inside: ends("10.1.0.11 40001", edge) };
/** What the edge opens in the name of a client elsewhere. */
const onward: Translation = {
  outside: ends("10.1.0.99 80", "10.2.0.11 50000"),
  inside: ends("10.1.0.99 80", "10.1.0.2 16384"),
};

/** The switch as it is when the SYN has been handed out and come back. */
function opened(...translations: Translation[]): FlowTable {
  const table = attached(...translations);
  for (const { outside } of translations) {
    const [output] = table.out(tcpPacket(packetOf(outside)), pipeline.take("ipv4", 1));
    assert.equal(output?.port, TPO);
  }
  return table;
}

function packetOf({ source, sourcePort, destination, destinationPort }: Ends): TcpPacket {
  const text = (value: bigint) => `10.${(value >> 16n) & 0xffn}.0.${value & 0xffn}`;
  return {
    in: LAN,
    from: `${text(source)} ${sourcePort}`,
    to: `${text(destination)} ${destinationPort}`,
    flags: "S",
  };
}

test("a SYN that is to be taken goes to the controller, which is told for what", () => {
  const table = attached();
  assert.equal(send(table, { in: LAN, from: client, to: "10.2.0.11 80", flags: "S" }), "controller");
  const handing = pipeline.flows.filter(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.TAKE);
  assert.deepEqual(
    handing.map(({ cookie }) => decodeCookie(cookie)?.peer),
    [1, 1],
  );
});

test("what is taken goes to the edge's own address, and its answers come from the destination", () => {
  const table = opened(first, second);
  const packet = (to: string): TcpPacket => ({ in: LAN, from: client, to, flags: "A" });
  assert.equal(sent(table, packet("10.2.0.11 80")), "edge: 10.1.0.11 40000 > 10.1.0.2 4755");
  assert.equal(sent(table, packet("10.2.0.12 443")), "edge: 10.1.0.11 40001 > 10.1.0.2 4755");
  assert.equal(sent(table, packet("10.2.0.11 443")), "normal: 10.1.0.11 40000 > 10.2.0.11 443");
  const answer = (to: string): TcpPacket => ({ in: TPO, from: edge, to, flags: "SA" });
  assert.equal(sent(table, answer(client)), "normal: 10.2.0.11 80 > 10.1.0.11 40000");
  assert.equal(sent(table, answer("10.1.0.11 40001")), "normal: 10.2.0.12 443 > 10.1.0.11 40000");
});

test("what the edge opens leaves in its client's name, and the answers to that come to the edge", () => {
  const table = attached(onward);
  const open: TcpPacket = { in: TPO, from: "10.1.0.2 16384", to: "10.1.0.99 80", flags: "S" };
  assert.equal(sent(table, open), "normal: 10.2.0.11 50000 > 10.1.0.99 80");
  const answer: TcpPacket = { in: LAN, from: "10.1.0.99 80", to: "10.2.0.11 50000", flags: "SA" };
  assert.equal(sent(table, answer), "edge: 10.1.0.99 80 > 10.1.0.2 16384");
  assert.equal(sent(table, { ...open, flags: "A" }), "normal: 10.2.0.11 50000 > 10.1.0.99 80");
});

test("what has no translation is left alone, on its way to the edge and from there", () => {
  const table = attached();
  const own: TcpPacket = { in: TPO, from: "10.1.0.2 50000", to: "10.1.0.99 80", flags: "S" };
  assert.equal(sent(table, own), "normal: 10.1.0.2 50000 > 10.1.0.99 80");
  const answer: TcpPacket = { in: LAN, from: "10.1.0.99 80", to: "10.1.0.2 50000", flags: "SA" };
  assert.equal(sent(table, answer), "normal: 10.1.0.99 80 > 10.1.0.2 50000");
});

test("a connection that the edge breaks off is forgotten as the LAN has it", () => {
  const table = opened(first);
  sent(table, { in: TPO, from: edge, to: client, flags: "R" });
  const packet: TcpPacket = { in: LAN, from: client, to: "10.2.0.11 80", flags: "A" };
  assert.equal(sent(table, packet), "normal: 10.1.0.11 40000 > 10.2.0.11 80");
});

test("with the plugin dead nothing is rewritten", () => {
  const table = opened(first);
  table.deadPorts.add(CANARY);
  const packet: TcpPacket = { in: LAN, from: client, to: "10.2.0.11 80", flags: "A" };
  assert.equal(sent(table, packet), "normal: 10.1.0.11 40000 > 10.2.0.11 80");
});
