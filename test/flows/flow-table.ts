import assert from "node:assert/strict";
import {
  type Action,
  type FieldMatch,
  type FieldName,
  fieldByName,
  type LearnAction,
  type MatchField,
  Port,
  TcpFlag,
} from "openflow-ts";
import { apply, type Flow, flow } from "../../flows/pipeline/flow.js";
import { parseAddress } from "../../flows/table/index.js";

/** A packet: the fields that it has. Registers are 0. */
export type Packet = ReadonlyMap<FieldName, bigint>;

/** Where a packet went, and as what. */
export interface Output {
  readonly port: number;
  readonly fields: ReadonlyMap<FieldName, bigint>;
}

const ones = (bits: number) => (1n << BigInt(bits)) - 1n;

function known(match: MatchField): FieldMatch {
  assert.ok(match.field !== "unknown");
  return match;
}

/** A switch in a few lines: flows in, packets in, the ports at which they come out. What OVS does with the same flows is tested beside it. */
export class FlowTable {
  readonly flows: Flow[];
  readonly deadPorts = new Set<number>();

  constructor(flows: readonly Flow[]) {
    this.flows = [...flows];
  }

  send(packet: Packet): Output[] {
    const outputs: Output[] = [];
    const before = [...this.flows];
    this.#lookUp(0, new Map(packet), before, outputs, 0);
    return outputs;
  }

  /** A packet that the controller sends, with what is to be done with it. */
  out(packet: Packet, actions: readonly Action[]): Output[] {
    const outputs: Output[] = [];
    const fields = new Map(packet);
    const before = [...this.flows];
    for (const action of actions) this.#apply(action, fields, before, outputs, 0);
    return outputs;
  }

  /** The effect of one action that needs no packet, as a packet-out has it. */
  run(action: LearnAction): void {
    this.#learn(action, new Map());
  }

  #lookUp(
    table: number,
    fields: Map<FieldName, bigint>,
    flows: readonly Flow[],
    outputs: Output[],
    depth: number,
  ): void {
    assert.ok(depth < 64, "the packet goes in circles");
    const matching = flows.filter((candidate) => candidate.table === table && matches(candidate, fields));
    const [first, second] = matching.sort((a, b) => b.priority - a.priority);
    if (!first) return;
    assert.ok(
      second?.priority !== first.priority,
      `two flows of priority ${first.priority} match in table ${table}`,
    );
    for (const instruction of first.instructions) {
      assert.ok(instruction.type === "apply_actions");
      for (const action of instruction.actions) this.#apply(action, fields, flows, outputs, depth);
    }
  }

  #apply(
    action: Action,
    fields: Map<FieldName, bigint>,
    flows: readonly Flow[],
    outputs: Output[],
    depth: number,
  ): void {
    switch (action.type) {
      case "output":
        outputs.push({ port: action.port, fields: new Map(fields) });
        return;
      case "controller":
        outputs.push({ port: Port.CONTROLLER, fields: new Map(fields) });
        return;
      case "resubmit":
        this.#lookUp(action.table!, fields, flows, outputs, depth + 1);
        return;
      case "set_field": {
        const { field, value, mask = ones(128) } = known(action.field);
        fields.set(field, ((fields.get(field) ?? 0n) & ~mask) | value);
        return;
      }
      case "bundle_load": {
        const live = action.ports.find((port) => !this.deadPorts.has(port)) ?? 0xffff;
        const { field, offset, bits } = action.destination!;
        setBits(fields, field, offset, bits, BigInt(live));
        return;
      }
      case "learn":
        this.#learn(action, fields);
        return;
      case "fin_timeout":
        return; // Time does not pass here.
      default:
        assert.fail(`the model of a switch does not know the action ${action.type}`);
    }
  }

  /** As `ovs-ofctl mod-flows --strict`: a flow with the same match gets new actions, else it is added. */
  #learn(action: LearnAction, fields: ReadonlyMap<FieldName, bigint>): void {
    const match: FieldMatch[] = [];
    const actions: Action[] = [];
    for (const spec of action.specs) {
      assert.ok(spec.kind !== "output" && spec.to.field !== "unknown");
      const value = "value" in spec ? spec.value : fieldBits(fields, spec.from, spec.bits);
      if (spec.kind === "match") match.push({ field: spec.to.field, value });
      else {
        const mask = ones(spec.bits) << BigInt(spec.to.offset);
        actions.push({
          type: "set_field",
          field: { field: spec.to.field, value: value << BigInt(spec.to.offset), mask },
        });
      }
    }
    const learned = flow(action.table, action.priority, action.cookie, match, apply(...actions));
    const same = this.flows.findIndex(
      (old) =>
        old.table === learned.table &&
        old.priority === learned.priority &&
        key(old.match) === key(learned.match),
    );
    if (same < 0) this.flows.push(learned);
    else this.flows[same] = learned;
  }
}

const key = (match: readonly MatchField[]) => match.map((m) => `${known(m).field}=${known(m).value}`).join();

function fieldBits(
  fields: ReadonlyMap<FieldName, bigint>,
  from: { field: string; offset: number },
  bits: number,
) {
  return ((fields.get(from.field as FieldName) ?? 0n) >> BigInt(from.offset)) & ones(bits);
}

function setBits(fields: Map<FieldName, bigint>, field: string, offset: number, bits: number, value: bigint) {
  const mask = ones(bits) << BigInt(offset);
  const name = field as FieldName;
  fields.set(name, ((fields.get(name) ?? 0n) & ~mask) | (value << BigInt(offset)));
}

function matches(candidate: Flow, fields: ReadonlyMap<FieldName, bigint>): boolean {
  return candidate.match.every((part) => {
    const { field, value, mask = ones(fieldByName(known(part).field)!.bits) } = known(part);
    const has = field.startsWith("reg") ? (fields.get(field) ?? 0n) : fields.get(field);
    return has !== undefined && (has & mask) === value;
  });
}

export interface TcpPacket {
  readonly in: number;
  /** `10.1.0.11 40000` */
  readonly from: string;
  readonly to: string;
  /** Of S, A, F, R. */
  readonly flags: string;
  readonly vlan?: number;
}

const FLAGS: Readonly<Record<string, number>> = {
  S: TcpFlag.SYN,
  A: TcpFlag.ACK,
  F: TcpFlag.FIN,
  R: TcpFlag.RST,
};

/** The fields of a TCP packet. */
export function tcpPacket({ in: port, from, to, flags, vlan }: TcpPacket): Packet {
  const [source = "", sourcePort = ""] = from.split(" ");
  const [destination = "", destinationPort = ""] = to.split(" ");
  const { family, value } = parseAddress(source)!;
  return new Map<FieldName, bigint>([
    ["in_port", BigInt(port)],
    ["eth_src", 0x020000000001n],
    ["eth_dst", 0x020000000002n],
    ["eth_type", family === "ipv4" ? 0x0800n : 0x86ddn],
    ["vlan_vid", vlan === undefined ? 0n : 0x1000n | BigInt(vlan)],
    ["ip_proto", 6n],
    [`${family}_src`, value],
    [`${family}_dst`, parseAddress(destination)!.value],
    ["tcp_src", BigInt(sourcePort)],
    ["tcp_dst", BigInt(destinationPort)],
    ["tcp_flags", BigInt([...flags].reduce((sum, flag) => sum | FLAGS[flag]!, 0))],
  ]);
}

/** What the bridge did before us. */
export const NORMAL: Flow = flow(0, 0, 0n, [], apply({ type: "output", port: Port.NORMAL, maxLength: 0 }));
