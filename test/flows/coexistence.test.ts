import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { findInterface, switchDatabase } from "ovsdb-client/open-vswitch";
import { RivalError, type SwitchPorts, switchPorts } from "../../flows/controller/switch-ports.js";
import { type EntrySpec, LookupTable } from "../../flows/index.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";
import type { PluginOptions } from "./plugin-process.js";
import { TapPort } from "./tap-port.js";
import { isTaken, tracePacket } from "./trace.js";

const skip = await unavailable();

const noController =
  !existsSync("/usr/bin/ovs-testcontroller") && "openvswitch-testcontroller is not installed";

const table: EntrySpec[] = [
  { protocol: "tcp", source: "10.1.0.0/24", destination: "10.2.0.0/24", action: "optimize", peer: "b" },
];

describe("a bridge with VLANs, controllers and other plugins", { skip, timeout: 300_000 }, () => {
  let ovs: TestSwitch;
  let found: string;
  let plugins: PluginProcess[] = [];

  before(async () => {
    ovs = await TestSwitch.start();
    found = await ovs.dump();
  });
  afterEach(async () => {
    for (const plugin of plugins) await plugin.stop();
    plugins = [];
    await ovs.vsctl("del-controller", "br0");
    await ovs.vsctl("clear", "port", "p1", "tag");
    await ovs.vsctl("clear", "bridge", "br0", "fail_mode");
    assert.equal(await ovs.dump(), found);
  });
  after(() => ovs?.stop());

  function begin(options: Partial<PluginOptions> = {}): PluginProcess {
    const plugin = new PluginProcess(ovs, { table, ...options });
    plugins.push(plugin);
    return plugin;
  }

  async function attach(options: Partial<PluginOptions> = {}): Promise<PluginProcess> {
    const plugin = begin(options);
    await plugin.reaches("in-sync");
    plugin.tell({ do: "peers", up: ["b"] });
    return plugin;
  }

  /** Resolves with what becomes of a packet once that is as asked for. */
  async function fate(flow: string, wanted: (actions: string) => boolean): Promise<string> {
    for (const end = Date.now() + 10_000; ; await sleep(20)) {
      const trace = await ovs.trace(flow);
      if (wanted(trace.actions)) return trace.actions;
      if (Date.now() > end) assert.fail(trace.text);
    }
  }

  test("hosts in a VLAN: frames with and without its tag reach the plugin without, and what it sends is in the VLAN", async () => {
    await ovs.vsctl("set", "port", "p1", "tag=10");
    const plugin = await attach({ vlan: 10 });
    const { ofport } = await plugin.event(({ event }) => event === "port");
    const toPlugin = /^set\(eth\(dst=[^)]*\)\),\d+$/;
    await fate(tracePacket(), (actions) => toPlugin.test(actions));
    const tagged = tracePacket({ in_port: 2, dl_vlan: 10 });
    assert.match(await fate(tagged, () => true), /^set\(eth\(dst=[^)]*\)\),pop_vlan,\d+$/);
    const elsewhere = tracePacket({ in_port: 2, dl_vlan: 11 });
    assert.doesNotMatch(await fate(elsewhere, () => true), /pop_vlan/);
    // To the access port as it is, to the trunk with the tag.
    assert.match(await fate(tracePacket({ in_port: ofport! }), () => true), /push_vlan\(vid=10,/);
    assert.equal(await ovs.vsctl("get", "port", "tpo0", "tag"), "10");
  });

  test("a bridge that a controller owns: its flows stay, and ours are above them", {
    skip: noController,
  }, async () => {
    const flows = async () => (await ovs.ofctl("dump-flows", "--no-stats")).split("\n");
    const controller = ovs.spawn("ovs-testcontroller", [
      "ptcp:6653:127.0.0.1",
      `--unixctl=${ovs.directory}/controller.ctl`,
    ]);
    try {
      await ovs.vsctl("set-controller", "br0", "tcp:127.0.0.1:6653");
      await connected();
      const before = (await flows()).filter((line) => !line.includes("OFPST"));
      assert.match(before.join(), /actions=CONTROLLER/);
      const plugin = await attach();
      await fate(tracePacket(), (actions) => isTaken({ actions }));
      const during = await flows();
      assert.ok(before.every((line) => during.includes(line)));
      assert.match(
        await fate(tracePacket({ nw_dst: "10.9.0.1" }), () => true),
        /userspace\(pid=\d+,controller/,
      );
      // With its last controller a bridge loses all flows.
      const from = plugin.events.length;
      await ovs.vsctl("del-controller", "br0");
      await plugin.event(({ event }) => event === "repaired", from);
      await fate(tracePacket(), (actions) => isTaken({ actions }));
    } finally {
      controller.kill("SIGKILL");
    }
  });

  test("a second plugin on the bridge, with an instance, tables and a register of its own", async () => {
    const first = await attach();
    const other: EntrySpec[] = [{ ...table[0]!, destination: "10.3.0.0/24" }];
    const layout = { priority: 59000, firstTable: 210, register: 14 };
    const second = await attach({
      table: other,
      canary: "tpo1-alive",
      localPort: "tpo1",
      instance: 1,
      layout,
    });
    const port = async (plugin: PluginProcess) => (await plugin.event(({ event }) => event === "port")).mac!;
    const [firstMac, secondMac] = [await port(first), await port(second)];
    await fate(tracePacket(), (actions) => actions.includes(firstMac));
    await fate(tracePacket({ nw_dst: "10.3.0.1" }), (actions) => actions.includes(secondMac));
    await first.stop();
    assert.match(await fate(tracePacket({ nw_dst: "10.3.0.1" }), () => true), new RegExp(secondMac));
    assert.doesNotMatch(await ovs.ofctl("dump-flows"), /0x54504f00/);
    assert.match(await ovs.ofctl("dump-flows"), /0x54504f01/);
  });

  test("a second plugin with the same instance stays away, and takes over once the first has gone", async () => {
    const first = await attach();
    await fate(tracePacket(), (actions) => isTaken({ actions }));
    const during = await ovs.dump();
    const second = begin({ canary: "tpo1-alive", localPort: "tpo1" });
    const { reason } = await second.reaches("error");
    assert.match(
      reason!,
      /^another ovs-tpo with instance 0 is attached to br0 \(its port tpo0-alive is up\)/,
    );
    const third = begin({ canary: "tpo2-alive", localPort: "tpo2" });
    await third.reaches("error");
    await third.stop();
    assert.equal(await ovs.dump(), during);
    await fate(tracePacket(), (actions) => isTaken({ actions }));
    await first.stop();
    await second.reaches("in-sync");
    second.tell({ do: "peers", up: ["b"] });
    await fate(tracePacket(), (actions) => isTaken({ actions }));
  });

  test("of two with the same instance whose ports come at the same moment, one stays", async () => {
    const names = ["tpo2", "tpo1"];
    const taps = names.map((name) => new TapPort(ovs.namespace, `${name}-alive`));
    const db = switchDatabase({ remotes: ovs.database });
    try {
      for (const name of names) await ovs.ip("link", "set", `${name}-alive`, "up");
      db.start();
      await db.waitFor(() => db.state === "synchronised", { timeout: 10_000, what: "the database" });
      const [late, early] = names.map((localPort) =>
        switchPorts(db, {
          bridge: "br0",
          localPort,
          canary: `${localPort}-alive`,
          table: new LookupTable(table),
        }),
      ) as [SwitchPorts, SwitchPorts];
      // Each looks for the other before either has put anything there.
      await Promise.all([late.add(), early.add()]);
      const isUp = (name: string) => findInterface(db.replica, name)?.link_state === "up";
      await db.waitFor(() => names.every((name) => isUp(`${name}-alive`)), {
        timeout: 10_000,
        what: "the canaries",
      });
      assert.equal(late.rival(), "tpo1-alive");
      assert.equal(early.rival(), undefined);
      await assert.rejects(late.add(), RivalError);
      await early.add();
      assert.deepEqual(early.names().sort(), ["tpo1", "tpo1-alive"]);
      await assert.rejects(late.add(), RivalError);
      await early.remove();
      await late.add();
      assert.deepEqual(late.names().sort(), ["tpo2", "tpo2-alive"]);
      await late.remove();
    } finally {
      db.stop();
      for (const tap of taps) tap.close();
    }
  });

  test("flows of others in our tables, or by our register, are named and left as they are", async () => {
    for (const [flow, named, changes] of [
      [
        "table=202,cookie=0x77,priority=0,actions=drop",
        /^table 202 is taken by .*cookie 0x77.*first_table/,
        {},
      ],
      ["table=0,cookie=0x78,priority=5,reg15=0,tcp,actions=drop", /^register 15 is taken by .*register/, {}],
    ] as const) {
      await ovs.ofctl("add-flow", flow);
      const before = await ovs.ofctl("dump-flows", "--no-stats");
      const plugin = begin(changes);
      const { reason } = await plugin.reaches("error");
      assert.match(reason!, named);
      assert.equal(await ovs.ofctl("dump-flows", "--no-stats"), before);
      await ovs.ofctl("del-flows", "--strict", flow.replace(/cookie=\w+,|,actions=.*/g, ""));
      await plugin.reaches("in-sync");
      await plugin.stop();
    }
    // Another instance, for which no place of its own has been found.
    const first = await attach();
    const other = { canary: "tpo1-alive", localPort: "tpo1", instance: 1 };
    for (const [layout, named] of [
      [{}, /^table 20[0-6] is taken by those of another ovs-tpo \(instance 0\)/],
      [{ firstTable: 210 }, /^register 15 is taken by those of another ovs-tpo \(instance 0\)/],
    ] as const) {
      const second = begin({ ...other, layout });
      assert.match((await second.reaches("error")).reason!, named);
      await second.stop();
    }
    await fate(tracePacket(), (actions) => isTaken({ actions }));
    await first.stop();
  });

  test("a bridge that is not allowed OpenFlow 1.5: the state says what to do, and it goes on when that is done", async () => {
    await ovs.vsctl("set", "bridge", "br0", "protocols=OpenFlow10,OpenFlow13");
    const plugin = begin();
    const { reason } = await plugin.event(({ state, reason }) => state === "connecting-openflow" && !!reason);
    assert.match(
      reason!,
      /^br0 does not speak OpenFlow 1\.5: allow it with `ovs-vsctl add bridge br0 protocols OpenFlow15`$/,
    );
    await ovs.vsctl("add", "bridge", "br0", "protocols", "OpenFlow15");
    await plugin.reaches("in-sync");
    await ovs.vsctl("clear", "bridge", "br0", "protocols");
  });

  test("a frame with a tag from an access port, or from a trunk that has not this VLAN, is dropped as it was", async () => {
    await ovs.vsctl("set", "port", "p1", "tag=20", "--", "set", "port", "p2", "trunks=20,30");
    const plugin = await attach({ vlan: 10, trunk: [{ name: "tpo0-30", vlan: 30 }] });
    const tagged = (in_port: number, dl_vlan: number) => tracePacket({ in_port, dl_vlan });
    await fate(tagged(2, 30), (actions) => /,pop_vlan,\d+$/.test(actions));
    assert.equal(await fate(tagged(1, 10), () => true), "drop");
    assert.equal(await fate(tagged(1, 30), () => true), "drop");
    assert.equal(await fate(tagged(2, 10), () => true), "drop");
    await ovs.vsctl("clear", "port", "p1", "tag", "--", "clear", "port", "p2", "trunks");
    // Followed without a restart.
    await fate(tagged(2, 10), (actions) => /,pop_vlan,\d+$/.test(actions));
    await plugin.stop();
  });

  async function connected(): Promise<void> {
    for (const end = Date.now() + 10_000; ; await sleep(50)) {
      const state = await ovs.vsctl("get", "controller", "br0", "is_connected").catch(() => "");
      if (state === "true" && (await ovs.ofctl("dump-flows")).includes("CONTROLLER")) return;
      if (Date.now() > end) assert.fail("the controller has not taken the bridge");
    }
  }
});
