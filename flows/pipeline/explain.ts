import type { FieldName } from "openflow-ts";
import { type Entry, type Family, type LookupTable, parseAddress, type Tuple } from "../table/index.js";
import { decodeCookie, FlowKind } from "./cookie.js";
import type { Flow } from "./flow.js";
import type { Lan } from "./lans.js";
import type { Pipeline } from "./pipeline.js";
import { FIRST_PACKET, tcp, tupleFields } from "./tcp.js";
import { type Packet, type Walk, walk } from "./walk.js";

/**
 * What becomes of a new connection: it is `taken`, or `refused` or dropped (`held`) because its peer is down, or it
 * meets the bridge's own flows (`passed`).
 */
export type Fate = "taken" | "refused" | "held" | "passed";

/** What becomes of a new connection, and why. */
export interface Explanation {
  readonly fate: Fate;
  readonly taken: boolean;
  /** The entry that decides; none where no entry matches. */
  readonly entry?: Entry;
  /** Sentences, from the entry to the verdict. */
  readonly because: readonly string[];
  /** The flows of ours that its first packet meets, in this order. */
  readonly flows: readonly Flow[];
}

export interface ExplainInput {
  readonly table: LookupTable;
  readonly peersUp: ReadonlySet<string>;
  /** See `PipelineInput`. Default: none. */
  readonly peersOpening?: ReadonlySet<string>;
  /** Those to which nothing new goes. Default: none. */
  readonly peersFull?: ReadonlySet<string>;
  readonly taking: boolean;
  /** See `PipelineInput`. */
  readonly families: readonly Family[];
  readonly lans: readonly Pick<Lan, "vlan">[];
  readonly pipeline: Pipeline;
  /** OpenFlow number of the port by which the packet comes in; absent: one that no flow of ours names. */
  readonly inPort?: number;
}

/**
 * What the pipeline does with the first packet of a connection while the plugin lives. Throws a `RangeError` for a tuple
 * that is none.
 */
export function explain(tuple: Tuple, input: ExplainInput): Explanation {
  const entry = input.table.lookup(tuple);
  const { flows, to } = walk(firstPacket(tuple, input.inPort), input.pipeline);
  const handed = to === "controller" && decodeCookie(flows.at(-1)!.cookie)?.kind;
  const fate = handed === FlowKind.REFUSE ? "refused" : FATES[to];
  const taken = fate === "taken";
  const because = [
    decision(entry),
    ...obstacle(tuple, entry, taken, flows, input),
    handed === FlowKind.CONFIRM ? "it goes to the plugin once the peer has connected" : ENDS[fate],
  ];
  return { fate, taken, ...(entry && { entry }), because, flows };
}

const FATES: Readonly<Record<Walk["to"], Fate>> = {
  plugin: "taken",
  controller: "taken",
  bridge: "passed",
  nowhere: "held",
};
const ENDS: Readonly<Record<Fate, string>> = {
  taken: "it goes to the plugin",
  refused: "it is refused",
  held: "its SYN is dropped, for the client to send it again",
  passed: "it meets the bridge's own flows",
};

function decision(entry: Entry | undefined): string {
  if (!entry) return "no entry of the look-up table matches";
  const name = `entry ${entry.index + 1}${entry.spec.name === undefined ? "" : ` (${entry.name})`}`;
  return entry.action.type === "pass"
    ? `${name} lets it pass`
    : `${name} takes it for peer ${entry.action.peer}`;
}

/** What keeps a packet from being taken that an entry would take. */
function obstacle(
  tuple: Tuple,
  entry: Entry | undefined,
  taken: boolean,
  flows: readonly Flow[],
  input: ExplainInput,
): string[] {
  const { peersUp, peersOpening, peersFull, taking } = input;
  if (taken || entry?.action.type !== "optimize") return [];
  const { peer } = entry.action;
  if (flows.length === 0) return [foreignness(tuple, input)];
  if (!taking) return ["nothing new is taken just now: a ceiling is passed, or the plugin is stopping"];
  if (peersFull?.has(peer)) return [`nothing new is taken for peer ${peer} just now: a ceiling is passed`];
  if (peersOpening?.has(peer)) return [`connections to peer ${peer} are taken from a second on`];
  if (!peersUp.has(peer)) return [`the session to peer ${peer} is not up`];
  return ["nothing is taken that comes in by that port"];
}

/** Why none of our flows is for such packets. */
function foreignness(tuple: Tuple, { families, lans }: ExplainInput): string {
  const { family } = parseAddress(tuple.source)!;
  if (!isTcp(tuple)) return "of all protocols only TCP is taken";
  if (!families.includes(family))
    return `${FAMILY_NAMES[family]} is not taken on this switch: the local port has no address of it`;
  const lan = tuple.vlan === undefined ? "frames without a tag are" : `VLAN ${tuple.vlan} is`;
  const served = lans.map(({ vlan }) => (vlan === undefined ? "those without a tag" : `VLAN ${vlan}`));
  return `${lan} not served on this switch (served: ${served.join(", ")})`;
}

const FAMILY_NAMES: Readonly<Record<Family, string>> = { ipv4: "IPv4", ipv6: "IPv6" };

function isTcp({ protocol }: Tuple): boolean {
  return protocol === "tcp" || protocol === 6;
}

function firstPacket(tuple: Tuple, inPort: number | undefined): Packet {
  const source = parseAddress(tuple.source)!;
  const fields = tupleFields[source.family];
  const packet = new Map<FieldName, bigint>([
    [fields.source, source.value],
    [fields.destination, parseAddress(tuple.destination)!.value],
    ["vlan_vid", tuple.vlan === undefined ? 0n : 0x1000n | BigInt(tuple.vlan)],
  ]);
  if (inPort !== undefined) packet.set("in_port", BigInt(inPort));
  if (!isTcp(tuple)) return packet;
  for (const { field, value } of [...tcp(source.family), FIRST_PACKET]) packet.set(field, value);
  return packet
    .set("tcp_src", BigInt(tuple.sourcePort ?? 0))
    .set("tcp_dst", BigInt(tuple.destinationPort ?? 0));
}
