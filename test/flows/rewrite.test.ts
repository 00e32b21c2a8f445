import assert from "node:assert/strict";
import { test } from "node:test";
import { Port } from "openflow-ts";
import { Exits } from "../../flows/controller/exits.js";
import { type Exit, TooManyDestinationsError } from "../../flows/pipeline/index.js";
import { type EntrySpec, LookupTable, parseAddress } from "../../flows/table/index.js";
import { type FlowTable, type TcpPacket, tcpPacket } from "./flow-table.js";
import { attached, CANARY, LAN, MAC, TPO } from "./scenario.js";

const web: EntrySpec = {
  protocol: "tcp",
  source: "10.1.0.0/24",
  destination: ["10.2.0.11", "10.2.0.12"],
  ports: [80, 443],
  action: "optimize",
  peer: "b",
};

/** The edge has 10.1.0.2, and port 7000 and those above it for the table's destinations. */
async function exitsOf(specs: EntrySpec[]): Promise<Exit[]> {
  let port = 7000;
  const exits = new Exits({ addresses: ["10.1.0.2"], listen: () => port++ }, ["ipv4"]);
  const table = new LookupTable(specs);
  await exits.open(table);
  return exits.of(table);
}

async function rewriting(specs: EntrySpec[]): Promise<FlowTable> {
  return attached(specs, { exits: await exitsOf(specs), families: ["ipv4"] });
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

test("what is taken goes to the edge's own address, at a port that stands for the destination", async () => {
  const table = await rewriting([web]);
  const packet = (to: string, flags: string): TcpPacket => ({ in: LAN, from: client, to, flags });
  assert.equal(sent(table, packet("10.2.0.11 80", "S")), "edge: 10.1.0.11 40000 > 10.1.0.2 7000");
  assert.equal(sent(table, packet("10.2.0.11 80", "A")), "edge: 10.1.0.11 40000 > 10.1.0.2 7000");
  assert.equal(sent(table, packet("10.2.0.12 443", "S")), "edge: 10.1.0.11 40000 > 10.1.0.2 7003");
  assert.equal(sent(table, packet("10.2.0.12 443", "A")), "edge: 10.1.0.11 40000 > 10.1.0.2 7003");
  assert.equal(sent(table, packet("10.2.0.11 443", "A")), "normal: 10.1.0.11 40000 > 10.2.0.11 443");
  assert.equal(sent(table, packet("10.2.0.13 80", "S")), "normal: 10.1.0.11 40000 > 10.2.0.13 80");
});

test("the edge's answers come from the destination", async () => {
  const table = await rewriting([web]);
  const answer: TcpPacket = { in: TPO, from: "10.1.0.2 7003", to: client, flags: "SA" };
  assert.equal(sent(table, answer), "normal: 10.2.0.12 443 > 10.1.0.11 40000");
  assert.equal(sent(table, { ...answer, flags: "A" }), "normal: 10.2.0.12 443 > 10.1.0.11 40000");
});

test("what the edge sends on its own behalf is left alone, and so are the answers to it", async () => {
  const table = await rewriting([web]);
  const onward: TcpPacket = { in: TPO, from: "10.1.0.2 50000", to: "10.1.0.99 80", flags: "S" };
  assert.equal(sent(table, onward), "normal: 10.1.0.2 50000 > 10.1.0.99 80");
  const answer: TcpPacket = { in: LAN, from: "10.1.0.99 80", to: "10.1.0.2 50000", flags: "SA" };
  assert.equal(sent(table, answer), "normal: 10.1.0.99 80 > 10.1.0.2 50000");
});

test("with the plugin dead nothing is rewritten", async () => {
  const table = await rewriting([web]);
  const packet: TcpPacket = { in: LAN, from: client, to: "10.2.0.11 80", flags: "S" };
  sent(table, packet);
  table.deadPorts.add(CANARY);
  assert.equal(sent(table, { ...packet, flags: "A" }), "normal: 10.1.0.11 40000 > 10.2.0.11 80");
});

test("a destination keeps its port from table to table", async () => {
  const opened: string[] = [];
  const listen = ({ address, port }: { address: string; port: number }) =>
    7000 + opened.push(`${address} ${port}`);
  const exits = new Exits({ addresses: ["10.1.0.2"], listen }, ["ipv4"]);
  const [one, both] = [{ ...web, destination: "10.2.0.12", ports: 80 }, web].map(
    (spec) => new LookupTable([spec]),
  );
  await exits.open(one!);
  const [before] = exits.of(one!);
  await exits.open(both!);
  await exits.open(one!);
  assert.deepEqual(exits.of(one!), [before]);
  assert.equal(exits.of(both!).length, 4);
  assert.deepEqual(opened, ["10.2.0.12 80", "10.2.0.11 80", "10.2.0.11 443", "10.2.0.12 443"]);
  assert.equal(before!.address, parseAddress("10.1.0.2")!.value);
});

test("an entry without single destinations is refused by name, and an edge without address as well", () => {
  const exits = new Exits({ addresses: ["10.1.0.2"], listen: () => 1 }, ["ipv4"]);
  for (const wide of [{ destination: "10.2.0.0/16" }, { ports: "any" }] as const) {
    assert.throws(
      () => exits.check(new LookupTable([{ ...web, name: "wide", ...wide }])),
      (error) => error instanceof TooManyDestinationsError && /entry 1 \(wide\)/.test(error.message),
    );
  }
  exits.check(
    new LookupTable([
      { protocol: "tcp", action: "pass" },
      { ...web, protocol: "udp", ports: "any" },
    ]),
  );
  assert.throws(
    () => new Exits({ addresses: ["10.1.0.2"], listen: () => 1 }, ["ipv4", "ipv6"]),
    /needs an ipv6 address/,
  );
});
