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
const reopening: Partial<PipelineInput> = { ...opening, ...closing };

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

test("a connection that has been taken stays taken when its SYN is sent again past a ceiling, and as that ends", () => {
  const other = { from: "10.1.0.11 40001" };
  const before = attached([toServer]);
  send(before, fromClient("S"));
  const past = turned(before, { ...closing, taking: false });
  assert.equal(send(past, fromClient("S", other)), "normal");
  const ending = turned(past, reopening);
  assert.equal(send(ending, fromClient("S")), "edge");
  assert.equal(send(ending, fromClient("S", other)), "normal");
  const over = turned(ending, {});
  for (const flags of ["S", "A"]) {
    assert.equal(send(over, fromClient(flags)), "edge");
    assert.equal(send(over, fromClient(flags, other)), "normal", "what has gone direct stays direct");
  }
});

test("while the steering to its peer is interrupted a SYN of a confirmed entry is the controller's to judge", () => {
  const entry: EntrySpec = { ...toServer, accept: "confirmed" };
  for (const phase of [closing, reopening, { ...closing, taking: false }]) {
    assert.equal(send(attached([entry], phase), fromClient("S")), "controller");
    assert.equal(send(attached([toServer], phase), fromClient("S")), "normal");
  }
  for (const phase of [absent, opening]) {
    assert.equal(send(attached([entry], phase), fromClient("S")), "normal");
  }
  for (const [whenPeerDown, fate] of [
    ["hold", "dropped"],
    ["refuse", "controller"],
  ] as const) {
    const table = attached([{ ...entry, whenPeerDown }], closing);
    assert.equal(send(table, fromClient("S")), fate);
  }
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
    for (const phase of [opening, closing, reopening]) {
      const table = attached([{ ...toServer, whenPeerDown }], phase);
      assert.equal(send(table, fromClient("S")), fates[whenPeerDown]);
    }
  }
});

test("the phases follow what is wanted, each for as long as the switch needs", () => {
  withPhases(({ phases, now, pass, changes }) => {
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
    assert.equal(now(), "b reopening,c up");
    pass(500);
    phases.interrupt();
    assert.equal(now(), "b closing,c closing", "the switch may have let go SYNs to both");
    assert.equal(phases.settled, false);
    pass(999);
    assert.equal(now(), "b closing,c closing", "from then on");
    pass(1);
    assert.equal(now(), "b reopening,c reopening");
    pass(1000);
    assert.equal(now(), "b up,c up", "by itself");
    phases.want(["c"]);
    pass(1000);
    phases.want([]);
    assert.equal(now(), "c closing");
    pass(1000);
    assert.equal(now(), "");
    assert.equal(changes(), 9);
  });
});

test("a peer that is full keeps what it has, for as long as it is full, and then takes anew from a second on", () => {
  withPhases(({ phases, now, pass, changes }) => {
    const full = new Set(["b"]);
    phases.want(["b"], full);
    assert.equal(now(), "", "nothing has been taken for it yet");
    phases.want(["b"]);
    phases.want(["b"], full);
    assert.equal(now(), "", "nor here");
    phases.want(["b"]);
    pass(1000);
    assert.equal(now(), "b up");
    phases.want(["b"], full);
    assert.equal(now(), "b closing");
    assert.equal(phases.settled, true, "it is as is wanted");
    pass(60_000);
    assert.equal(now(), "b closing");
    assert.equal(changes(), 1, "the switch has been told nothing new");
    phases.want(["b"]);
    assert.equal(now(), "b reopening", "at once, for the switch has had its second");
    pass(500);
    phases.want(["b"], full);
    assert.equal(now(), "b closing", "full again");
    phases.want(["b"]);
    pass(999);
    assert.equal(now(), "b closing", "full for less than a second");
    pass(1);
    assert.equal(now(), "b reopening");
    pass(1000);
    assert.equal(now(), "b up");
    phases.want(["b"], full);
    pass(1000);
    phases.interrupt();
    phases.want([], full);
    assert.equal(now(), "b closing", "the switch has yet to settle once more");
    pass(1000);
    assert.equal(now(), "", "it has gone");
    phases.want(["b"]);
    pass(1000);
    phases.want(["b"], full);
    pass(1000);
    phases.want([]);
    assert.equal(now(), "", "its second was over");
  });
});

interface Watched {
  readonly phases: PeerPhases;
  /** What each peer is in. */
  readonly now: () => string;
  /** Milliseconds pass, with the switch doing what it is told. */
  readonly pass: (milliseconds: number) => void;
  /** How often the phases have changed by themselves. */
  readonly changes: () => number;
}

function withPhases(look: (watched: Watched) => void): void {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let changes = 0;
    const phases = new PeerPhases({ settle: 1000, changed: () => changes++ });
    look({
      phases,
      now: () =>
        [...phases.current]
          .map(([name, { phase }]) => `${name} ${phase}`)
          .sort()
          .join(),
      pass: (milliseconds) => {
        phases.installed(phases.current);
        mock.timers.tick(milliseconds);
      },
      changes: () => changes,
    });
  } finally {
    mock.timers.reset();
  }
}
