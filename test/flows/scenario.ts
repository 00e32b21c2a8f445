import assert from "node:assert/strict";
import { Port } from "openflow-ts";
import {
  compilePipeline,
  DEFAULT_LAYOUT,
  type Lan,
  type Pipeline,
  type PipelineInput,
} from "../../flows/pipeline/index.js";
import { type EntrySpec, LookupTable } from "../../flows/table/index.js";
import { FlowTable, NORMAL, type Output, type TcpPacket, tcpPacket } from "./flow-table.js";

export const LAN = 1;
export const WAN = 2;
export const TPO = 3;
export const CANARY = 4;
export const MAC = 0x0200000000aan;

/** The plugin's port in the LAN without a tag, or in a VLAN; all have one address. */
export const lan = (vlan?: number): Lan => ({
  ofport: vlan === undefined ? TPO : FIRST_VLAN_PORT + vlan,
  mac: MAC,
  vlan,
});
const FIRST_VLAN_PORT = 100;

export const toServer: EntrySpec = {
  protocol: "tcp",
  source: ["10.1.0.0/24", "fd00:1::/64"],
  destination: ["10.2.0.0/24", "fd00:2::/64"],
  action: "optimize",
  peer: "b",
};

export function pipelineOf(specs: EntrySpec[], changes: Partial<PipelineInput> = {}): Pipeline {
  return compilePipeline({
    layout: DEFAULT_LAYOUT,
    instance: 0,
    round: 1,
    timeouts: { idle: 600, finIdle: 45 },
    families: ["ipv4", "ipv6"],
    table: new LookupTable(specs),
    peers: new Map([
      ["b", 1],
      ["c", 2],
    ]),
    peersUp: new Set(["b"]),
    peersOpening: new Set(),
    peersClosing: new Set(),
    lans: [lan(), lan(1), lan(10)],
    access: [],
    restricted: [],
    canary: CANARY,
    passFrom: [],
    rewrite: false,
    taking: true,
    controllerId: 0x5450,
    ...changes,
  });
}

/** A switch with NORMAL and our flows for a table, whose plugin has just given a sign of life. */
export function attached(specs: EntrySpec[], changes: Partial<PipelineInput> = {}): FlowTable {
  const pipeline = pipelineOf(specs, changes);
  const table = new FlowTable([NORMAL, ...pipeline.flows]);
  table.run(pipeline.lease);
  return table;
}

/** `edge`, `normal`, `controller`, `dropped`, or what else happened. */
export function fate([output, ...more]: readonly Output[]): string {
  assert.equal(more.length, 0, "each packet goes to one place at most");
  if (output === undefined) return "dropped";
  const { port, fields } = output;
  if (port === Port.CONTROLLER) return "controller";
  const ours = fields.get("eth_dst") === MAC;
  if ((port === TPO || (port > FIRST_VLAN_PORT && port < Port.MAX)) && ours) return "edge";
  if (port === Port.NORMAL && !ours) return "normal";
  return `port ${port}, destination ${fields.get("eth_dst")?.toString(16)}`;
}

export const client = "10.1.0.11 40000";
export const server = "10.2.0.11 80";
export const send = (table: FlowTable, packet: TcpPacket) => fate(table.send(tcpPacket(packet)));
export const fromClient = (flags: string, changes: Partial<TcpPacket> = {}): TcpPacket => ({
  in: LAN,
  from: client,
  to: server,
  flags,
  ...changes,
});
export const fromServer = (flags: string, changes: Partial<TcpPacket> = {}): TcpPacket => ({
  in: LAN,
  from: server,
  to: client,
  flags,
  ...changes,
});
