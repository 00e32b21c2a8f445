import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EntrySpec, FlowStatus, ListedFlow } from "../../flows/index.js";
import { ACK, SYN, tcpFrame } from "./frame.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { PluginProcess } from "./plugin.js";
import { tracePacket as packet, isTaken as taken } from "./trace.js";

const skip = await unavailable();

const table: EntrySpec[] = [
  { protocol: "tcp", destination: "10.2.0.0/16", ports: 22, action: "pass" },
  { protocol: "tcp", source: "10.1.0.0/24", destination: "10.2.0.0/24", action: "optimize", peer: "b" },
];

const UDP = "in_port=1,udp,nw_src=10.1.0.11,nw_dst=10.2.0.11,udp_src=40000,udp_dst=80";

const milliseconds = (since: number) => `${Math.round(performance.now() - since)} ms`;

describe("steering on a real switch", { skip, timeout: 300_000 }, () => {
  let ovs: TestSwitch;
  let found: string;
  let plugins: PluginProcess[] = [];

  before(async () => {
    ovs = await TestSwitch.start();
    await ovs.ofctl("add-group", "group_id=1,type=ff,bucket=watch_port:1,actions=output:2");
    await ovs.ofctl("add-meter", "meter=1,kbps,band=type=drop,rate=1000");
    await ovs.ofctl("add-flow", "table=0,priority=61000,udp,tp_dst=9,actions=drop");
    await ovs.ofctl("add-flow", "table=0,cookie=0x1234,priority=100,in_port=1,icmp,actions=group:1");
    await ovs.ofctl("add-flow", "table=100,cookie=0x54504fff11000000,priority=1,actions=drop");
    await ovs.ofctl("add-flow", "table=7,priority=0,actions=NORMAL");
    found = await ovs.dump();
  });
  afterEach(async () => {
    for (const plugin of plugins) await plugin.stop();
    plugins = [];
  });
  after(() => ovs?.stop());

  function start(changes: { passFrom?: string[]; canary?: string } = {}): PluginProcess {
    const plugin = new PluginProcess(ovs, { table, ...changes });
    plugins.push(plugin);
    return plugin;
  }

  async function attach(changes: { passFrom?: string[]; canary?: string } = {}): Promise<PluginProcess> {
    const plugin = start(changes);
    await plugin.reaches("in-sync");
    plugin.tell({ do: "peers", up: ["b"] });
    await until(async () => taken(await ovs.trace(packet())));
    return plugin;
  }

  async function until(condition: () => Promise<boolean>, limit = 15_000): Promise<void> {
    for (const end = Date.now() + limit; !(await condition()); ) {
      if (Date.now() > end)
        assert.fail(`still not so after ${limit} ms:\n${(await ovs.trace(packet())).text}`);
      await sleep(20);
    }
  }

  test("attached and detached, the bridge is as it was found", async () => {
    const plugin = await attach();
    assert.notEqual(await ovs.dump(), found);
    await plugin.stop();
    assert.equal(await ovs.dump(), found);
    assert.deepEqual(plugin.states.slice(-2), ["stopping", "stopped"]);
  });

  test("killed, started and stopped again, the bridge is as it was found", async () => {
    const first = await attach();
    await ovs.appctl("ofproto/trace", "br0", packet(), "-generate");
    await first.kill();
    assert.match(await ovs.ofctl("dump-flows", "table=200"), /tp_src=40000/);
    const second = await attach({ canary: "tpo0-other" });
    assert.doesNotMatch(await ovs.ofctl("dump-flows", "table=200"), /tp_src=40000/);
    assert.doesNotMatch(await ovs.vsctl("list-ports", "br0"), /tpo0-alive/);
    await second.stop();
    assert.equal(await ovs.dump(), found);
  });

  test("a new life of the plugin leaves the flows that it finds as it wants them", async () => {
    const first = await attach();
    await sleep(1500);
    await first.kill();
    const second = await attach();
    const hook = (await ovs.ofctl("dump-flows", "table=202,tcp,nw_src=10.1.0.0/24")).match(
      /duration=([\d.]+)s/,
    );
    assert.ok(Number(hook?.[1]) > 1.5, `the flow is ${hook?.[1]} s old`);
    await second.stop();
  });

  test("what the switch reports of our flows is what we mean: nothing is sent twice", async () => {
    const plugin = await attach();
    const mods = async () =>
      Number(/flow_mod.*total: (\d+)/.exec(await ovs.appctl("coverage/show"))?.[1] ?? 0);
    const before = await mods();
    plugin.tell({ do: "table", table });
    await sleep(1500);
    assert.equal(await mods(), before);
    assert.equal(plugin.events.filter(({ event }) => event === "repaired").length, 0);
    await plugin.stop();
  });

  test("a frame that is not in the table is forwarded as it came, one that is goes to the plugin", async () => {
    const plugin = await attach();
    const [host, other] = ovs.taps;
    const outside = tcpFrame({ from: "10.1.0.11 40000", to: "10.3.0.11 80", flags: SYN });
    host!.send(outside);
    assert.deepEqual(await other!.receive((frame) => frame.equals(outside)), outside);
    const open = tcpFrame({ from: "10.1.0.11 50000", to: "10.2.0.11 80", flags: ACK });
    host!.send(open);
    assert.deepEqual(await other!.receive((frame) => frame.equals(open)), open);
    const inside = tcpFrame({ from: "10.1.0.11 40000", to: "10.2.0.11 80", flags: SYN });
    host!.send(inside);
    assert.equal(await other!.receive((frame) => frame.includes(inside.subarray(14)), 500), undefined);
    await until(async () => (await ovs.ofctl("dump-flows", "table=200")).includes("tp_src=40000"));
    await plugin.stop();
  });

  test("what our flows cost those that they do not concern", async () => {
    const plugin = await attach();
    await ovs.appctl("ofproto/trace", "br0", packet(), "-generate");
    const ports = /tp_src|tp_dst|tcp_flags/;
    const elsewhere = { nw_src: "10.9.0.11", nw_dst: "10.8.0.11", tcp_flags: "ack" };
    assert.doesNotMatch((await ovs.trace(packet(elsewhere))).megaflow, ports);
    assert.doesNotMatch((await ovs.trace(packet({ ...elsewhere, tcp_flags: "syn" }))).megaflow, ports);
    assert.doesNotMatch((await ovs.trace(UDP)).megaflow, /nw_src|nw_dst/);
    assert.match((await ovs.trace(packet({ tcp_flags: "ack" }))).megaflow, /tp_src=40000/);
    await plugin.stop();
  });

  test("the switch does with packets what the model of it does", async () => {
    const plugin = await attach({ passFrom: ["p2"] });
    const fates: [what: string, flow: string, edge: boolean][] = [
      ["a SYN in the table", packet(), true],
      ["an ACK without SYN", packet({ tcp_flags: "ack" }), false],
      ["a SYN-ACK", packet({ tcp_flags: "syn|ack" }), false],
      ["an exception", packet({ tp_dst: 22 }), false],
      ["another source", packet({ nw_src: "10.1.1.11" }), false],
      ["the other direction", packet({ nw_src: "10.2.0.11", nw_dst: "10.1.0.11" }), false],
      ["a port to let pass", packet({ in_port: 2 }), false],
      ["UDP", UDP, false],
    ];
    for (const [what, flow, edge] of fates) assert.equal(taken(await ovs.trace(flow)), edge, what);
    await ovs.appctl("ofproto/trace", "br0", packet(), "-generate");
    assert.equal(taken(await ovs.trace(packet({ tcp_flags: "ack" }))), true, "after its SYN");
    assert.equal(taken(await ovs.trace(packet({ tcp_flags: "ack", tp_src: 40001 }))), false, "its neighbour");
    const { ofport } = await plugin.event(({ event }) => event === "port");
    await ovs.appctl("ofproto/trace", "br0", packet({ in_port: ofport!, tp_src: 41000 }), "-generate");
    const answer = {
      nw_src: "10.2.0.11",
      nw_dst: "10.1.0.11",
      tp_src: 80,
      tp_dst: 41000,
      tcp_flags: "syn|ack",
    };
    assert.equal(taken(await ovs.trace(packet(answer))), true, "the answer to the edge's own SYN");
    const from = plugin.events.length;
    plugin.tell({ do: "peers", up: [] });
    await plugin.event(({ event, done }) => event === "applied" && done === true, from);
    assert.equal(taken(await ovs.trace(packet({ tp_src: 42000 }))), false, "the peer gone");
    assert.equal(taken(await ovs.trace(packet())), true, "a SYN that comes again, for a moment yet");
    await until(async () => !taken(await ovs.trace(packet())));
    await ovs.appctl("ofproto/trace", "br0", packet(), "-generate");
    assert.equal(
      taken(await ovs.trace(packet({ tcp_flags: "ack" }))),
      false,
      "its 5-tuple used again, directly",
    );
    await plugin.stop();
  });

  test("packets that are not taken have the fate that they had before we came, also when the plugin is dead", async () => {
    const foreign = [
      // A change behind an output in the action set is lost where a packet comes to it by way of a group's bucket.
      "table=0,priority=50,tcp,tp_dst=81,actions=set_field:02:00:00:00:00:77->eth_dst,write_actions(output:2)",
      "table=0,priority=50,tcp,tp_dst=82,actions=ct(table=7,zone=9)",
      "table=0,priority=50,tcp,tp_dst=83,actions=group:1",
      "table=0,priority=50,tcp,tp_dst=84,actions=dec_ttl,resubmit(2,7)",
      "table=0,priority=50,tcp,tp_dst=85,actions=goto_table:7",
      "table=0,priority=50,tcp,tp_dst=86,actions=drop",
      "table=0,priority=50,tcp,tp_dst=87,reg0=0,reg15=0/0xffff,actions=push_vlan:0x8100,set_field:4107->vlan_vid,output:2",
    ];
    for (const flow of foreign) await ovs.ofctl("add-flow", flow);
    // The bridge learns where the two hosts are, so that nothing is flooded.
    const [host, other] = ovs.taps;
    const greeting = tcpFrame({ from: "10.1.0.11 1", to: "10.9.0.11 1", flags: ACK });
    host!.send(greeting);
    await other!.receive((frame) => frame.equals(greeting));
    const reply = Buffer.concat([greeting.subarray(6, 12), greeting.subarray(0, 6), greeting.subarray(12)]);
    other!.send(reply);
    await host!.receive((frame) => frame.equals(reply));
    const macs = { dl_dst: "02:00:00:00:01:02", dl_src: "02:00:00:00:01:01" };
    const pairs = [{}, { nw_dst: "10.8.0.11" }, { tcp_flags: "ack" }];
    const packets = [80, 81, 82, 83, 84, 85, 86, 87].flatMap((port) =>
      pairs.map((pair) => packet({ ...pair, ...macs, tp_dst: port })),
    );
    const fates = async (flows: string[]) => {
      const traces = await Promise.all(flows.map((flow) => ovs.trace(flow)));
      return traces.map(({ actions }, i) => [flows[i], actions.replace(/recirc\(\w+\)/, "recirc")]);
    };
    const direct = packets.filter(
      (flow) => !(flow.includes("nw_dst=10.2.") && flow.includes("tcp_flags=syn")),
    );
    const before = await fates(packets);
    const plugin = await attach();
    assert.deepEqual(
      await fates(direct),
      before.filter(([flow]) => direct.includes(flow!)),
    );
    await plugin.kill();
    await until(async () => !taken(await ovs.trace(packet())));
    assert.deepEqual(await fates(packets), before);
    assert.equal(new Set(before.map(([, actions]) => actions)).size, 6);
    for (const flow of foreign) await ovs.ofctl("del-flows", "--strict", flow.replace(/,actions=.*/, ""));
    await (await attach()).stop();
    assert.equal(await ovs.dump(), found);
  });

  test("what is installed is listed beside what should be, and a tuple is explained", async () => {
    const plugin = await attach();
    await ovs.appctl("ofproto/trace", "br0", packet(), "-generate");
    plugin.tell({ do: "list" });
    const { flows } = await plugin.event(({ event }) => event === "list");
    const listed = flows as readonly ListedFlow[];
    const lines = (await ovs.ofctl("dump-flows")).match(/^ cookie=0x54504f00/gm);
    assert.equal(listed.length, lines!.length);
    const count = (status: FlowStatus) => listed.filter((flow) => flow.status === status).length;
    assert.deepEqual([count("installed"), count("learned")], [listed.length - 2, 2]);
    const connection = listed.find(({ kind }) => kind === "CONNECTION");
    assert.match(connection!.there!, /table=200,.*10\.1\.0\.11.*10\.2\.0\.11/);
    assert.equal(connection!.peer, 1);
    plugin.tell({ do: "explain", tuple: { protocol: "tcp", source: "10.1.0.11", destination: "10.9.0.1" } });
    const { because } = await plugin.event(({ event }) => event === "explained");
    assert.deepEqual(because, ["no entry of the look-up table matches", "it meets the bridge's own flows"]);
    await plugin.stop();
  });

  test("killed, new connections go direct at once", async (t) => {
    const plugin = await attach();
    const killed = performance.now();
    await plugin.kill();
    await until(async () => !taken(await ovs.trace(packet())));
    t.diagnostic(`direct ${milliseconds(killed)} after kill -9`);
    const after = await attach();
    await after.stop();
  });

  test("stopped by a signal, new connections go direct within 3 s, and return when it goes on", async (t) => {
    const plugin = await attach();
    const stopped = performance.now();
    plugin.signal("SIGSTOP");
    await until(async () => !taken(await ovs.trace(packet())), 4000);
    t.diagnostic(`direct ${milliseconds(stopped)} after SIGSTOP`);
    plugin.signal("SIGCONT");
    await until(async () => taken(await ovs.trace(packet())));
    await plugin.stop();
  });

  test("flows that someone else deletes or changes come back", async (t) => {
    const plugin = await attach();
    for (const wildcard of ["table=0,cookie=0x54504f0000000000/0xffffff0000000000", "table=202"]) {
      const from = plugin.events.length;
      const deleted = performance.now();
      await ovs.ofctl("del-flows", wildcard);
      await plugin.event(({ event }) => event === "repaired", from);
      t.diagnostic(`back ${milliseconds(deleted)} after del-flows ${wildcard}`);
      // What has gone direct meanwhile stays direct, so that it takes some more seconds.
      await until(async () => taken(await ovs.trace(packet())));
    }
    await plugin.stop();
    assert.equal(await ovs.dump(), found);
  });

  test("vswitchd killed and started: in sync again by itself", async (t) => {
    const plugin = await attach();
    const from = plugin.events.length;
    await ovs.killVswitchd();
    await plugin.reaches("connecting-openflow", from);
    const started = performance.now();
    await ovs.startVswitchd();
    await plugin.reaches("in-sync", from);
    t.diagnostic(`in sync ${milliseconds(started)} after the start`);
    assert.equal(plugin.events.slice(from).filter(({ event }) => event === "port").length > 0, true);
    await until(async () => taken(await ovs.trace(packet())));
    await plugin.stop();
    // vswitchd has lost the flows, groups and meters of others, too.
    assert.doesNotMatch(await ovs.ofctl("dump-flows"), /0x54504f00/);
    await ovs.ofctl("del-flows");
    await ovs.ofctl("add-flow", "priority=0,actions=NORMAL");
  });

  test("ovsdb-server killed and started: the flows stay, and the state says so", async (t) => {
    const plugin = await attach();
    const from = plugin.events.length;
    await ovs.killDatabase();
    await plugin.reaches("connecting-ovsdb", from);
    // Without its database vswitchd answers no controller, and forwards as it did.
    plugin.tell({ do: "peers", up: [] });
    await sleep(1000);
    assert.equal(taken(await ovs.trace(packet())), true);
    const started = performance.now();
    await ovs.startDatabase();
    await plugin.reaches("in-sync", from);
    t.diagnostic(`in sync ${milliseconds(started)} after the start`);
    assert.equal(taken(await ovs.trace(packet())), false);
    plugin.tell({ do: "peers", up: ["b"] });
    await until(async () => taken(await ovs.trace(packet())));
  });

  test("the local port deleted: made again", async () => {
    const plugin = await attach();
    const from = plugin.events.length;
    await ovs.vsctl("del-port", "tpo0");
    await plugin.event(({ event }) => event === "port", from);
    await plugin.reaches("in-sync", from);
    await until(async () => taken(await ovs.trace(packet())));
    await plugin.stop();
  });

  test("another address and another number for the local port and the canary: followed", async (t) => {
    const plugin = await attach();
    const changes = [
      ["tpo0", 'mac="02:00:00:00:0a:0b"', /set\(eth\(dst=02:00:00:00:0a:0b\)\)/],
      ["tpo0", "ofport_request=77", /output:77/],
      ["tpo0-alive", "ofport_request=78", /members:78/],
    ] as const;
    for (const [port, change, seen] of changes) {
      const changed = performance.now();
      await ovs.vsctl("set", "interface", port, change);
      await until(async () => {
        const trace = await ovs.trace(packet());
        return taken(trace) && seen.test(trace.text);
      });
      t.diagnostic(`${port} ${change}: steered there after ${milliseconds(changed)}`);
    }
    await plugin.stop();
  });

  test("the bridge deleted and made again", async () => {
    const plugin = await attach();
    const from = plugin.events.length;
    await ovs.vsctl("del-br", "br0");
    await plugin.reaches("no-bridge", from);
    await ovs.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev");
    for (const name of ["p1", "p2"]) {
      await ovs.vsctl("add-port", "br0", name, "--", "set", "interface", name, `ofport_request=${name[1]}`);
    }
    await plugin.reaches("in-sync", from);
    await until(async () => taken(await ovs.trace(packet())));
    await plugin.stop();
  });

  test("a port of that name that is another's is left alone, and the state says what is wrong", async () => {
    await ovs.vsctl("add-port", "br0", "tpo0", "--", "set", "interface", "tpo0", "type=internal");
    const plugin = start();
    const { reason } = await plugin.reaches("error");
    assert.match(reason!, /there is a port "tpo0" already/);
    await ovs.vsctl("del-port", "tpo0");
    await plugin.reaches("in-sync");
    await plugin.stop();
  });

  test("a port to let pass that is not there is named", async () => {
    const plugin = start({ passFrom: ["wan9"] });
    await plugin.event(({ reason }) => reason === "port wan9 is not on br0");
    await plugin.stop();
  });

  test("the canary changes no MTU and gets no floods", async () => {
    const mtus = async () => (await ovs.ip("-o", "link")).match(/ (br0|p\d): .*? mtu \d+/g);
    const before = await mtus();
    const plugin = await attach();
    assert.deepEqual(await mtus(), before);
    assert.match(await ovs.ofctl("dump-ports-desc"), /tpo0-alive.*\n +config: +NO_FWD/);
    await plugin.stop();
  });
});
