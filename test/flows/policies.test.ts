import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeCookie, explain, FlowKind, type PipelineInput } from "../../flows/pipeline/index.js";
import { type EntrySpec, LookupTable } from "../../flows/table/index.js";
import { tcpPacket } from "./flow-table.js";
import { attached, CANARY, fate, fromClient, LAN, pipelineOf, send, toServer } from "./scenario.js";

const confirmed: EntrySpec = { ...toServer, accept: "confirmed" };

test("a SYN of a confirmed entry goes to the controller, also when its 5-tuple is known; what was let through is steered", () => {
  const table = attached([confirmed]);
  const { take } = pipelineOf([confirmed]);
  assert.equal(send(table, fromClient("S")), "controller");
  assert.equal(send(table, fromClient("A")), "normal");
  assert.equal(fate(table.out(tcpPacket(fromClient("S")), take("ipv4", 1))), "edge");
  assert.equal(send(table, fromClient("A")), "edge");
  assert.equal(send(table, fromClient("S")), "controller");
});

test("a SYN that is handed back to be let go meets the bridge's own flows, and so does what comes after it", () => {
  const table = attached([confirmed]);
  const { take, letGo } = pipelineOf([confirmed]);
  table.out(tcpPacket(fromClient("S")), take("ipv4", 1));
  assert.equal(fate(table.out(tcpPacket(fromClient("S")), letGo("ipv4"))), "normal");
  assert.equal(send(table, fromClient("A")), "normal");
});

test("entries of one peer are early or confirmed each by itself", () => {
  const web: EntrySpec = { ...toServer, ports: 80 };
  const table = attached([web, confirmed]);
  assert.equal(send(table, fromClient("S")), "edge");
  assert.equal(send(table, fromClient("S", { to: "10.2.0.11 25" })), "controller");
});

test("with the peer down an entry's SYNs pass, are dropped, or go to be refused", () => {
  const down = { peersUp: new Set<string>() };
  const table = (whenPeerDown: EntrySpec["whenPeerDown"], changes: Partial<PipelineInput> = down) =>
    attached([{ ...confirmed, ...(whenPeerDown && { whenPeerDown }) }], changes);
  assert.equal(send(table(undefined), fromClient("S")), "normal");
  assert.equal(send(table("hold"), fromClient("S")), "dropped");
  assert.equal(send(table("refuse"), fromClient("S")), "controller");
  assert.equal(send(table("hold"), fromClient("A")), "normal");
  assert.equal(send(table("hold", {}), fromClient("S")), "controller");
  for (const policy of ["hold", "refuse"] as const)
    assert.equal(send(table(policy, { ...down, taking: false }), fromClient("S")), "normal");
});

test("a dead plugin neither holds nor refuses", () => {
  for (const whenPeerDown of ["hold", "refuse"] as const) {
    const table = attached([{ ...toServer, whenPeerDown }], { peersUp: new Set() });
    table.deadPorts.add(CANARY);
    assert.equal(send(table, fromClient("S")), "normal");
    table.deadPorts.clear();
    table.flows.splice(
      table.flows.findIndex(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.LEASE),
      1,
    );
    assert.equal(send(table, fromClient("S")), "normal");
  }
});

test("while nothing is to be taken everything new passes, and what is open stays", () => {
  const table = attached([toServer]);
  send(table, fromClient("S"));
  const learned = table.flows.filter(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.CONNECTION);
  const full = attached([toServer], { taking: false });
  full.flows.push(...learned);
  assert.equal(send(full, fromClient("A")), "edge");
  assert.equal(send(full, fromClient("S", { from: "10.1.0.11 40001" })), "normal");
});

const tuple = {
  protocol: "tcp",
  source: "10.1.0.11",
  sourcePort: 40000,
  destination: "10.2.0.11",
  destinationPort: 80,
} as const;

test("explain tells confirmed, held and refused connections", () => {
  const end = (spec: EntrySpec, changes: Partial<PipelineInput> = {}) => {
    const { peersUp = new Set(["b"]) } = changes;
    const pipeline = pipelineOf([spec], changes);
    const explanation = explain(tuple, {
      table: new LookupTable([spec]),
      peersUp,
      taking: true,
      families: ["ipv4"],
      lans: [{ vlan: undefined }],
      pipeline,
      inPort: LAN,
    });
    return [explanation.fate, explanation.because.at(-1)];
  };
  const down = { peersUp: new Set<string>() };
  assert.deepEqual(end(confirmed), ["taken", "it goes to the plugin once the peer has connected"]);
  assert.deepEqual(end(confirmed, down), ["passed", "it meets the bridge's own flows"]);
  assert.deepEqual(end({ ...confirmed, whenPeerDown: "refuse" }, down), ["refused", "it is refused"]);
  assert.deepEqual(end({ ...toServer, whenPeerDown: "hold" }, down), [
    "held",
    "its SYN is dropped, for the client to send it again",
  ]);
});
