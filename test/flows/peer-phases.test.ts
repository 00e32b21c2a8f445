import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PeerPhases } from "../../flows/controller/peer-phases.js";
import { decodeCookie, FlowKind, type PipelineInput } from "../../flows/pipeline/index.js";
import type { EntrySpec } from "../../flows/table/index.js";
import type { FlowTable } from "./flow-table.js";
import { attached, fromClient, send, toServer } from "./scenario.js";

const none = new Set<string>();
const only = new Set(["b"]);
const absent: Partial<PipelineInput> = { peersUp: none };
const opening: Partial<PipelineInput> = { peersUp: none, peersOpening: only };
const closing: Partial<PipelineInput> = { peersUp: none, peersClosing: only };

/** The switch with other flows of ours, and what it has learned before. */
function turned(before: FlowTable, changes: Partial<PipelineInput>, entry: EntrySpec = toServer): FlowTable {
  const table = attached([entry], changes);
  const learned = before.flows.filter(({ cookie }) => decodeCookie(cookie)?.kind === FlowKind.CONNECTION);
  table.flows.push(...learned);
  return table;
}

test("a connection that has gone direct before its peer is up stays direct, also when its SYN is looked at again", () => {
  const before = attached([toServer], opening);
  assert.equal(send(before, fromClient("S")), "normal");
  const after = turned(before, {});
  assert.equal(send(after, fromClient("S")), "normal");
  assert.equal(send(after, fromClient("A")), "normal");
  assert.equal(send(after, fromClient("S", { from: "10.1.0.11 40001" })), "edge");
});

test("a connection that has been taken stays taken when its SYN is looked at again as its peer goes", () => {
  const before = attached([toServer]);
  assert.equal(send(before, fromClient("S")), "edge");
  const after = turned(before, { ...closing, taking: false });
  assert.equal(send(after, fromClient("S")), "edge");
  assert.equal(send(after, fromClient("A")), "edge");
  assert.equal(send(after, fromClient("S", { from: "10.1.0.11 40001" })), "normal");
  const gone = turned(after, absent);
  assert.equal(send(gone, fromClient("A")), "edge");
  assert.equal(send(gone, fromClient("S")), "normal");
});

test("a 5-tuple that was taken before and is opened again while its peer is about to come passes", () => {
  const before = attached([toServer]);
  send(before, fromClient("S"));
  const after = turned(before, opening);
  assert.equal(send(after, fromClient("S")), "normal");
  assert.equal(send(after, fromClient("A")), "normal");
});

test("while its peer is about to come or to go, an entry holds or refuses what it would without one", () => {
  const fates = { hold: "dropped", refuse: "controller" } as const;
  for (const whenPeerDown of ["hold", "refuse"] as const) {
    for (const phase of [opening, closing]) {
      const table = attached([{ ...toServer, whenPeerDown }], phase);
      assert.equal(send(table, fromClient("S")), fates[whenPeerDown]);
    }
  }
});

test("the phases follow what is wanted, each for as long as the switch needs", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let changes = 0;
    const phases = new PeerPhases({ settle: 1000, changed: () => changes++ });
    const now = () =>
      [...phases.current]
        .map(([name, { phase }]) => `${name} ${phase}`)
        .sort()
        .join();
    const pass = (milliseconds: number) => {
      phases.installed(phases.current);
      mock.timers.tick(milliseconds);
    };
    phases.want(["b"]);
    assert.equal(now(), "b opening");
    mock.timers.tick(5000);
    assert.equal(now(), "b opening", "until the switch has taken it in");
    const earlier = phases.current;
    phases.want(["b", "c"]);
    phases.installed(earlier);
    mock.timers.tick(5000);
    assert.equal(now(), "b opening,c opening", "what it has taken in is out of date");
    pass(999);
    assert.equal(now(), "b opening,c opening");
    assert.equal(phases.settled, false);
    pass(1);
    assert.equal(now(), "b up,c up");
    assert.equal(phases.settled, true);
    phases.want(["c"]);
    assert.equal(now(), "b closing,c up");
    assert.equal(phases.settled, true);
    phases.want(["b", "c"]);
    assert.equal(now(), "b closing,c up", "what is being closed is closed first");
    pass(1000);
    assert.equal(now(), "b opening,c up");
    pass(500);
    phases.interrupt();
    assert.equal(now(), "b opening,c closing", "the switch may have let go SYNs to both");
    assert.equal(phases.settled, false);
    pass(999);
    assert.equal(now(), "b opening,c closing", "from then on");
    pass(1);
    assert.equal(now(), "b up,c opening");
    pass(1000);
    assert.equal(now(), "b up,c up", "by itself");
    phases.want(["c"]);
    pass(1000);
    phases.want([]);
    assert.equal(now(), "c closing");
    pass(1000);
    assert.equal(now(), "");
    assert.equal(changes, 8);
  } finally {
    mock.timers.reset();
  }
});
