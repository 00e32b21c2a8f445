import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { owner, parsePacket } from "../../ovs-lab/demo/capture.js";
import { check } from "../../ovs-lab/demo/checks.js";
import { complaints } from "../../ovs-lab/demo/plugin-log.js";
import { difference } from "../../ovs-lab/demo/processor-time.js";
import type { Run } from "../../ovs-lab/demo/result.js";
import { directRun, optimizedRun } from "./samples.js";

function failed(runs: readonly Run[]): string[] {
  return check(runs)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);
}

describe("findings", () => {
  const good = [directRun("cubic", { stopped: true, bytes: 1e6 }), directRun("bbr"), optimizedRun()];
  const nothing = { mover: 0, connection: 0, other: 0, missed: 0 };
  const mover = { ...nothing, mover: 2000 };

  it("are all good when all is", () => {
    assert.deepEqual(failed(good), []);
  });

  const faults: readonly [what: string, finding: string, run: Run][] = [
    ["a byte that differs", "bytes", optimizedRun({ sha256: "00" })],
    ["a file that ended early", "bytes", optimizedRun({ bytes: 199e6 })],
    ["another client address", "source", optimizedRun({ client_address_at_server: "10.2.0.2:40000" })],
    ["another client port", "source", optimizedRun({ client_address_at_server: "10.1.0.11:40001" })],
    [
      "a packet of the connection on the WAN at the start",
      "wan",
      optimizedRun({ capture: { first: { ...mover, connection: 1 }, hosts: nothing } }),
    ],
    [
      "a packet of the connection on the WAN later",
      "wan",
      optimizedRun({ capture: { first: mover, hosts: { ...nothing, connection: 1 } } }),
    ],
    [
      "a packet with the hosts' addresses that nobody knows",
      "wan",
      optimizedRun({ capture: { first: mover, hosts: { ...nothing, other: 1 } } }),
    ],
    [
      "a capture that missed packets",
      "wan",
      optimizedRun({ capture: { first: mover, hosts: { ...nothing, missed: 1 } } }),
    ],
    ["no mover on the WAN", "wan", optimizedRun({ capture: { first: nothing, hosts: nothing } })],
    ["another congestion control than said", "baseline", directRun("bbr", { congestion_control: "cubic" })],
    ["a congestion control that nobody has seen", "baseline", directRun("bbr", { congestion_control: null })],
    [
      "a control pair that is intercepted",
      "control",
      directRun("bbr", { capture: { first: mover, hosts: nothing } }),
    ],
  ];
  for (const [what, finding, run] of faults) {
    it(`tell of ${what}`, () => assert.deepEqual(failed([...good, run]), [finding]));
  }

  it("are bad when nothing was done", () => {
    assert.deepEqual(failed([]), ["bytes", "wan", "source", "baseline", "control"]);
  });

  it("tell when the emulator was the limit", () => {
    const finding = (runs: readonly Run[]) => check(runs).find(({ name }) => name === "emulator")!.finding;
    assert.doesNotMatch(finding(good), /busy/);
    const overrun = good[2]!.wan.map((direction) => ({ ...direction, overrun: 7 }));
    assert.match(finding([optimizedRun({ wan: overrun })]), /7 frames lost by its own fault.*busy/);
    const late = good[2]!.wan.map((direction) => ({ ...direction, lateness: { mean: 1, p99: 20, max: 90 } }));
    assert.match(finding([optimizedRun({ wan: late })]), /0 frames.*20\.0 ms late.*busy/);
  });
});

describe("capture", () => {
  const movers = ["10.1.0.2", "10.2.0.2"];
  const hosts = ["10.1.0.11", "10.2.0.11"];
  for (const [line, expected] of [
    ["IP 10.1.0.2.4754 > 10.2.0.2.4754: UDP, length 1472", "mover"],
    ["IP 10.2.0.2.4754 > 10.1.0.2.4754: UDP, length 40", "mover"],
    ["IP 10.1.0.2.4754 > 10.2.0.9.4754: UDP, length 1472", "other"],
    ["IP 10.1.0.2.4754 > 10.2.0.2.80: tcp 0", "other"],
    ["IP 10.1.0.11.40000 > 10.2.0.11.80: tcp 0", "connection"],
    ["IP 10.2.0.11.80 > 10.1.0.11.40000: tcp 1448", "connection"],
    ["IP 10.1.0.1 > 10.2.0.11: ICMP time exceeded in-transit, length 36", "connection"],
    ["IP 10.1.0.2.4754 > 10.2.0.11.4754: UDP, length 10", "connection"],
    [
      "IP6 fe80::1 > ff02::16: HBH ICMP6, multicast listener report v2, 2 group record(s), length 48",
      "other",
    ],
    ["ARP, Request who-has 192.0.2.2 tell 192.0.2.1, length 28", "other"],
  ] as const) {
    it(`takes "${line}" for the ${expected}'s`, () => {
      assert.equal(owner(parsePacket(line), movers, hosts), expected);
    });
  }
});

describe("the plugins' complaints", () => {
  const directory = mkdtempSync(join(tmpdir(), "ovs-tpo-log-"));
  after(() => rmSync(directory, { recursive: true }));
  const site = (name: string) => ({ name, plugin: { pid: 1, config: "", log: join(directory, name) } });

  it("are their last lines of level warn and above, and the runtime's last words", () => {
    const lines = [
      { level: "warn", msg: "the first" },
      { level: "info", msg: "nothing" },
      { level: "warn", msg: "session down", reason: "timeout" },
      { level: "error", msg: "steering: error" },
    ].map((line) => JSON.stringify(line));
    writeFileSync(join(directory, "a"), `${[...lines, "Segmentation fault"].join("\n")}\n`);
    writeFileSync(join(directory, "b"), `${lines[1]}\n`);
    assert.deepEqual(complaints([site("a"), site("b"), site("none")]), [
      "plugin a: session down (timeout)",
      "plugin a: steering: error",
      "plugin a: Segmentation fault",
    ]);
  });
});

describe("processor time", () => {
  it("counts what was used between, also by a process that was not there before", () => {
    const before = { "plugin a": 1.25 };
    assert.deepEqual(difference(before, { "plugin a": 1.75, emulator: 0.5 }), {
      "plugin a": 0.5,
      emulator: 0.5,
    });
  });
});
