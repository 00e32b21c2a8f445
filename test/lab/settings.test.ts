import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LabError } from "../../ovs-lab/errors.js";
import { plan, readOptions } from "../../ovs-lab/options.js";
import { disciplines } from "../../ovs-lab/wan/netem.js";
import { defaultWan, pipeParameters, type WanSettings } from "../../ovs-lab/wan/settings.js";

function parameters(changes: Partial<WanSettings> = {}) {
  return pipeParameters({ ...defaultWan, ...changes });
}

function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof LabError, `${error}`);
    assert.equal(error.code, "BAD_OPTION");
    assert.ok(!error.message.includes("\n"));
    return error.message;
  }
  return assert.fail("nothing was refused");
}

describe("the WAN's settings", () => {
  it("by default are a clean 100 Mbit/s over 100 ms", () => {
    assert.deepEqual(parameters(), {
      delay: 50e6,
      rate: 100e6,
      queue: 1_250_000,
      loss: 0,
      burstLoss: undefined,
      jitter: 0,
      reorder: undefined,
      duplicate: 0,
      maximumFrame: 1514,
    });
  });

  it("read quantities as people write them", () => {
    assert.equal(parameters({ rate: "1.5gbit" }).rate, 1.5e9);
    assert.equal(parameters({ rate: "unlimited" }).rate, undefined);
    assert.equal(parameters({ rtt: "0" }).delay, 0);
    assert.equal(parameters({ rtt: "500us" }).delay, 250e3);
    assert.equal(parameters({ loss: "0.05%" }).loss, 0.0005);
    assert.deepEqual(parameters({ burstLoss: "1%" }).burstLoss, { share: 0.01, length: 8 });
    assert.deepEqual(parameters({ burstLoss: "2%:20" }).burstLoss, { share: 0.02, length: 20 });
    assert.deepEqual(parameters({ reorder: "1%:5ms" }).reorder, { share: 0.01, delay: 5e6 });
    assert.equal(parameters({ mtu: "1400" }).maximumFrame, 1414);
  });

  it("let a queue be bytes, products of rate and round trip, or without bound", () => {
    assert.equal(parameters({ queue: "64kb" }).queue, 64_000);
    assert.equal(parameters({ queue: "0.5bdp" }).queue, 625_000);
    assert.equal(parameters({ queue: "1bdp", rate: "10mbit", rtt: "40ms" }).queue, 50_000);
    assert.equal(parameters({ queue: "1bdp", rtt: "0ms" }).queue, 15_140);
    assert.equal(parameters({ queue: "unlimited" }).queue, undefined);
    assert.equal(parameters({ queue: "1bdp", rate: "unlimited" }).queue, undefined);
  });

  const wrong: readonly (readonly [keyof WanSettings, string, RegExp])[] = [
    ["rate", "fast", /^rate "fast": expected a rate such as/],
    ["rate", "0mbit", /expected a rate/],
    ["rate", "100", /expected a rate/],
    ["rtt", "100", /^rtt "100": expected a time such as/],
    ["rtt", "-1ms", /expected a time/],
    ["loss", "0.01", /^loss "0.01": expected a share/],
    ["loss", "101%", /expected at most 100%/],
    ["burstLoss", "1%:0", /^burst-loss "1%:0": expected a share and a mean burst length/],
    ["burstLoss", "95%:2", /expected at most 66%/],
    ["queue", "1", /expected room for one frame/],
    ["queue", "much", /^queue "much": expected an amount of bytes/],
    ["jitter", "5", /^jitter "5": expected a time/],
    ["reorder", "1%:2ms:3", /^reorder/],
    ["duplicate", "x", /^duplicate "x"/],
    ["mtu", "9000", /^mtu "9000": expected a whole number from 1280 to 1500/],
    ["mtu", "", /^mtu/],
  ];
  for (const [name, value, message] of wrong) {
    it(`refuse ${name} "${value}"`, () => {
      assert.match(
        refusal(() => parameters({ [name]: value })),
        message,
      );
    });
  }
});

describe("options", () => {
  it("have defaults", () => {
    const { seed, ...rest } = plan({});
    assert.ok(Number.isInteger(seed));
    assert.deepEqual(rest, {
      name: "lab",
      sites: 2,
      hosts: 2,
      plugin: true,
      plugins: {},
      datapath: "auto",
      emulation: "emulator",
      kept: false,
      wan: defaultWan,
    });
  });

  it("are refused when no lab could be so", () => {
    assert.match(
      refusal(() => plan({ sites: 0 })),
      /^sites "0": expected a whole number from 1 to 26/,
    );
    assert.match(
      refusal(() => plan({ hosts: 101 })),
      /^hosts "101"/,
    );
    assert.match(
      refusal(() => plan({ name: "a.b" })),
      /^name "a.b": expected 1 to 31 lower-case/,
    );
    assert.match(
      refusal(() => plan({ name: "../x" })),
      /^name/,
    );
    assert.match(
      refusal(() => plan({ seed: 1.5 })),
      /^seed "1.5"/,
    );
  });

  it("are read from a file under the command line's names", () => {
    const text =
      "sites: 3\nrate: 10mbit\nburst-loss: 1%:4\nmtu: 1400\nplugins: { all: { log: { level: debug } } }\n";
    const options = inFile(text, readOptions);
    assert.deepEqual(options, {
      sites: 3,
      rate: "10mbit",
      burstLoss: "1%:4",
      mtu: "1400",
      plugins: { all: { log: { level: "debug" } } },
    });
    assert.equal(plan(options).wan.mtu, "1400");
    assert.deepEqual(inFile("", readOptions), {});
  });

  it("in a file that is wrong are named with it", () => {
    assert.match(
      inFile("rtts: 5ms\n", (path) => refusal(() => readOptions(path))),
      /lab\.yaml: .*rtts/,
    );
    assert.match(
      inFile("sites: many\n", (path) => refusal(() => readOptions(path))),
      /lab\.yaml: sites: .*number/,
    );
    assert.match(
      inFile("a: [", (path) => refusal(() => readOptions(path))),
      /lab\.yaml: /,
    );
    assert.match(
      refusal(() => readOptions("/nowhere/lab.yaml")),
      /^\/nowhere\/lab\.yaml: ENOENT/,
    );
  });
});

describe("netem", () => {
  const direction = { from: 0, to: 1 };

  it("is told the same, in its own words", () => {
    const wan = parameters({ loss: "1%", jitter: "5ms", duplicate: "0.1%", reorder: "2%" });
    assert.deepEqual(disciplines("add", { ...direction, parameters: wan }, true), [
      "qdisc add dev end1 parent 1:1 handle 101: netem limit 10000000 delay 50000.000us 5000.000us loss random 1% duplicate 0.1% reorder 2%",
      "qdisc add dev end1 parent 101:1 handle 201: tbf rate 100000000bit burst 12500 limit 1250000",
    ]);
  });

  it("draws burst losses from the same chain", () => {
    // Out of a burst with 1/4, into one with 1/4 · 0.2 / 0.8; in it all is lost, outside what is lost anyway.
    const wan = parameters({ burstLoss: "20%:4", loss: "1%", rate: "unlimited" });
    assert.deepEqual(disciplines("replace", { from: 25, to: 0, parameters: wan }, true), [
      "qdisc replace dev end0 parent 1:1a handle 11a: netem limit 10000000 delay 50000.000us loss gemodel 6.25% 25% 100% 1% reorder 0%",
      "qdisc replace dev end0 parent 11a:1 handle 31a: pfifo limit 1000000",
    ]);
  });

  it("loses everything on a link that is down", () => {
    const [netem] = disciplines("add", { ...direction, parameters: parameters() }, false);
    assert.match(netem!, /loss random 100% reorder 0%$/);
  });
});

function inFile<T>(text: string, body: (path: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "ovs-lab-"));
  try {
    const path = join(directory, "lab.yaml");
    writeFileSync(path, text);
    return body(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
