import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Reconnect } from "../src/reconnect.js";

const TIMING = { minBackoff: 100, maxBackoff: 800, connectTimeout: 1000, probeInterval: 5000, freeTries: 0 };

/** A machine that is connected since time 0. */
function connected(timing: Partial<typeof TIMING> = {}): Reconnect {
  const machine = new Reconnect({ ...TIMING, ...timing });
  machine.enable(0);
  assert.equal(machine.run(0), "connect");
  machine.connected(0);
  return machine;
}

describe("reconnect", () => {
  type Event = [name: "enable" | "run" | "connected" | "activity" | "disconnected" | "disable", now: number];
  const table: [string, Event[], string, number | undefined][] = [
    ["void", [], "void", undefined],
    ["enabled: tries at once", [["enable", 0]], "backoff", 0],
    [
      "trying",
      [
        ["enable", 0],
        ["run", 0],
      ],
      "connecting",
      1000,
    ],
    [
      "up",
      [
        ["enable", 0],
        ["run", 0],
        ["connected", 10],
      ],
      "active",
      5010,
    ],
    [
      "bytes put the probe off",
      [
        ["enable", 0],
        ["run", 0],
        ["connected", 10],
        ["activity", 400],
      ],
      "active",
      5400,
    ],
    [
      "could not connect",
      [
        ["enable", 0],
        ["run", 0],
        ["disconnected", 30],
      ],
      "backoff",
      130,
    ],
    [
      "disabled",
      [
        ["enable", 0],
        ["run", 0],
        ["connected", 1],
        ["disable", 2],
      ],
      "void",
      undefined,
    ],
    [
      "lost after it was disabled",
      [
        ["disable", 1],
        ["disconnected", 2],
      ],
      "void",
      undefined,
    ],
    [
      "enabled twice",
      [
        ["enable", 0],
        ["run", 0],
        ["enable", 5],
      ],
      "connecting",
      1000,
    ],
    [
      "bytes without a connection",
      [
        ["enable", 0],
        ["activity", 5],
      ],
      "backoff",
      0,
    ],
  ];
  for (const [name, events, state, deadline] of table) {
    test(name, () => {
      const machine = new Reconnect(TIMING);
      for (const [event, now] of events) machine[event](now);
      assert.deepEqual([machine.state, machine.deadline], [state, deadline]);
    });
  }

  test("nothing is done before its time", () => {
    const machine = connected();
    assert.equal(machine.run(4999), undefined);
    assert.equal(machine.state, "active");
  });

  test("a connection that does not come about is given up", () => {
    const machine = new Reconnect(TIMING);
    machine.enable(0);
    machine.run(0);
    assert.equal(machine.run(1000), "disconnect");
  });

  test("waits double up to the greatest, and start again after a good connection", () => {
    const machine = new Reconnect(TIMING);
    machine.enable(0);
    const waits: number[] = [];
    let now = 0;
    for (let failure = 0; failure < 6; failure++) {
      assert.equal(machine.run(now), "connect");
      machine.disconnected(now);
      waits.push((machine.deadline ?? 0) - now);
      now = machine.deadline ?? 0;
    }
    assert.deepEqual(waits, [100, 200, 400, 800, 800, 800]);
    machine.run(now);
    machine.connected(now);
    machine.disconnected(now + 500);
    assert.equal(machine.deadline, now + 500 + 800, "it was up for less than the wait before it");
    now += 1300;
    machine.run(now);
    machine.connected(now);
    machine.disconnected(now + 900);
    assert.equal(machine.deadline, now + 900 + 100);
  });

  test("other remotes are tried without a wait, once round", () => {
    const machine = new Reconnect({ ...TIMING, freeTries: 2 });
    machine.enable(0);
    const waits = [1, 2, 3, 4].map(() => {
      machine.run(machine.deadline ?? 0);
      const now = machine.deadline ?? 0;
      machine.disconnected(now);
      return (machine.deadline ?? 0) - now;
    });
    assert.deepEqual(waits, [0, 0, 100, 200]);
  });

  test("a server that accepts and hangs up at once is not hammered", () => {
    const machine = new Reconnect({ ...TIMING, freeTries: 2 });
    machine.enable(0);
    let tries = 0;
    for (let now = 0; now < 10_000; now++) {
      if (machine.run(now) !== "connect") continue;
      tries++;
      machine.connected(now);
      machine.disconnected(now + 1);
    }
    assert.ok(tries < 20, `${tries} tries in 10 s`);
  });

  test("silence is probed, then ends the connection", () => {
    const machine = connected();
    machine.looked(5000);
    assert.equal(machine.run(5000), "probe");
    machine.looked(9999);
    assert.equal(machine.run(9999), undefined);
    machine.looked(10_000);
    assert.equal(machine.run(10_000), "disconnect");
  });

  test("an answer to the probe keeps it up", () => {
    const machine = connected();
    machine.looked(5000);
    machine.run(5000);
    machine.activity(5001);
    assert.deepEqual([machine.state, machine.deadline], ["active", 10_001]);
  });

  test("a process that was busy looks before it judges", () => {
    const machine = connected();
    machine.looked(4000);
    assert.equal(machine.run(30_000), "look", "the time is over, but has anybody looked?");
    machine.activity(30_000);
    machine.looked(30_000);
    assert.equal(machine.run(30_000), undefined);
    assert.equal(machine.state, "active");
  });

  test("without an interval it never probes", () => {
    const machine = connected({ probeInterval: 0 });
    assert.equal(machine.deadline, undefined);
    assert.equal(machine.run(1e9), undefined);
  });

  test("whatever happens, its state and its deadline agree", () => {
    const event = fc.constantFrom(
      "enable",
      "disable",
      "connected",
      "activity",
      "looked",
      "disconnected",
      "run",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(3000))), fc.nat(3), (events, freeTries) => {
        const machine = new Reconnect({ ...TIMING, freeTries });
        let now = 0;
        for (const [name, passed] of events) {
          now += passed;
          if (name === "connected" && machine.state !== "connecting") continue;
          const action = machine[name as "run"](now);
          if (name === "run" && action !== "disconnect" && action !== "look") {
            assert.ok(machine.deadline === undefined || machine.deadline > now, "run has done what was due");
          }
          assert.equal(machine.deadline === undefined, machine.state === "void");
        }
      }),
    );
  });
});
