import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BundleError,
  Connection,
  DisconnectedError,
  type FlowDescription,
  flowMod,
  groupMod,
  learn,
  match,
  OpenFlow13,
  OpenFlow14,
  OpenFlow15,
  OpenFlowError,
  output,
  Port,
  setBits,
  type Version,
} from "openflow-ts";
import { type Switch, startSwitch } from "./ovs.js";

let ovs: Switch;
before(async () => {
  ovs = await startSwitch();
  await ovs.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy", "ofport_request=1");
  await ovs.vsctl("add-port", "br0", "p2", "--", "set", "interface", "p2", "type=dummy", "ofport_request=2");
});
after(() => ovs.stop());

async function connected(body: (connection: Connection) => Promise<void>, version?: Version): Promise<void> {
  const connection = new Connection({
    address: ovs.address,
    ...(version !== undefined && { versions: [version] }),
    minBackoff: 20,
  });
  await connection.open();
  try {
    await body(connection);
  } finally {
    connection.close();
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const tcpTo = (port: number) =>
  match({ eth_type: 0x0800, ipv4_dst: "10.2.0.0/16", ip_proto: 6, tcp_dst: port });

for (const version of [OpenFlow13, OpenFlow14, OpenFlow15] as const) {
  test(`wire version ${version}: what a flow-mod adds, a dump shows`, () =>
    connected(async (connection) => {
      assert.equal(connection.version, version);
      const flow = flowMod({
        table: 3,
        priority: 77,
        cookie: 0x1234_5678_9abc_def0n,
        idleTimeout: 60,
        match: tcpTo(80),
        instructions: [{ type: "apply_actions", actions: [output(2), output(Port.NORMAL)] }],
      });
      await connection.request(flow);
      const [found, ...others] = await all(connection.flows({ table: 3 }));
      assert.deepEqual(others, []);
      const expected: Omit<FlowDescription, "stats"> = {
        table: 3,
        priority: 77,
        cookie: flow.cookie,
        idleTimeout: 60,
        hardTimeout: 0,
        importance: 0,
        flags: 0,
        match: flow.match,
        instructions: flow.instructions,
      };
      const { stats, ...rest } = found!;
      assert.deepEqual(rest, expected);
      assert.equal(stats.packetCount, 0n);
      await connection.request(flowMod({ command: "delete", table: 3 }));
      assert.deepEqual(await all(connection.flows({ table: 3 })), []);
    }, version));
}

test("ports and the description of the switch", () =>
  connected(async (connection) => {
    const ports = await all(connection.ports());
    assert.deepEqual(ports.map((port) => port.name).sort(), ["br0", "p1", "p2"]);
    assert.equal(ports.find((port) => port.name === "p2")?.port, 2);
    assert.equal((await connection.describe()).hardware, "Open vSwitch");
  }));

test("a bundle of a fast-failover group, a learn action and flows is committed whole", () =>
  connected(async (connection) => {
    const learnt = learn({
      table: 1,
      idleTimeout: 600,
      finIdleTimeout: 5,
      priority: 50,
      cookie: 7n,
      specs: [
        { kind: "match", bits: 16, value: 0x0800n, to: { field: "eth_type", offset: 0 } },
        { kind: "match", bits: 8, value: 6n, to: { field: "ip_proto", offset: 0 } },
        {
          kind: "match",
          bits: 32,
          from: { field: "ipv4_src", offset: 0 },
          to: { field: "ipv4_src", offset: 0 },
        },
        { kind: "load", bits: 16, value: 1n, to: { field: "reg1", offset: 0 } },
      ],
    });
    await connection.bundle([
      groupMod({
        group: 1,
        groupType: "fast_failover",
        buckets: [
          { watchPort: 1, actions: [output(1)] },
          {
            watchPort: 2,
            actions: [setBits("reg2", 0, 1, 1), { type: "resubmit", table: 4 }],
          },
        ],
      }),
      flowMod({
        priority: 100,
        match: [...tcpTo(443), ...match({ tcp_flags: "+syn-ack" })],
        instructions: [{ type: "apply_actions", actions: [learnt, { type: "group", group: 1 }] }],
      }),
    ]);
    const [group] = await all(connection.groups());
    assert.equal(group?.groupType, "fast_failover");
    assert.deepEqual(
      group?.buckets.map(({ watchPort, actions }) => ({ watchPort, actions })),
      [
        { watchPort: 1, actions: [output(1)] },
        {
          watchPort: 2,
          actions: [setBits("reg2", 0, 1, 1), { type: "resubmit", table: 4 }],
        },
      ],
    );
    const [flow] = await all(connection.flows({ table: 0 }));
    assert.deepEqual(flow?.instructions, [
      { type: "apply_actions", actions: [learnt, { type: "group", group: 1 }] },
    ]);
    assert.match(
      await ovs.ofctl("dump-flows", "table=0"),
      /tcp,nw_dst=10\.2\.0\.0\/16,tp_dst=443,tcp_flags=\+syn-ack actions=learn\(table=1,idle_timeout=600,fin_idle_timeout=5,priority=50,cookie=0x7,/,
    );
    await connection.bundle([flowMod({ command: "delete" }), groupMod({ command: "delete", group: 1 })]);
    assert.deepEqual(await all(connection.groups()), []);
  }));

test("a bundle with a message that the switch refuses changes nothing and says which it was", () =>
  connected(async (connection) => {
    const good = flowMod({ table: 5, priority: 1 });
    const bad = flowMod({
      table: 5,
      priority: 2,
      instructions: [{ type: "apply_actions", actions: [{ type: "group", group: 99 }] }],
    });
    await assert.rejects(connection.bundle([good, bad, good]), (error) => {
      assert.ok(error instanceof BundleError);
      assert.equal(error.outcome, "none");
      assert.equal(error.index, 1);
      assert.ok(error.cause instanceof OpenFlowError);
      assert.equal(error.cause.code, "OFPBAC_BAD_OUT_GROUP");
      return true;
    });
    assert.deepEqual(await all(connection.flows({ table: 5 })), []);
  }));

test("an error bears its name, its request and the header of what failed", () =>
  connected(async (connection) => {
    const request = flowMod({ table: 0, match: match({ tcp_dst: 80 }) });
    await assert.rejects(connection.request(request), (error) => {
      assert.ok(error instanceof OpenFlowError);
      assert.equal(error.typeName, "OFPET_BAD_MATCH");
      assert.equal(error.code, "OFPBMC_BAD_PREREQ");
      assert.equal(error.request, request);
      assert.equal(error.failed?.type, 14);
      assert.equal(error.failed?.xid, error.xid);
      return true;
    });
  }));

test("a change of a port is told, once asked for", () =>
  connected(async (connection) => {
    connection.send({ type: "set_config", flags: 0, missSendLength: 128 });
    await connection.barrier();
    const told = new Promise<string>((resolve) => {
      connection.on("port_status", ({ reason, description }) => {
        if (description.name === "p3" && reason === "add") resolve(description.name);
      });
    });
    await ovs.vsctl(
      "add-port",
      "br0",
      "p3",
      "--",
      "set",
      "interface",
      "p3",
      "type=dummy",
      "ofport_request=3",
    );
    assert.equal(await told, "p3");
  }));

test("a process that was blocked for longer than its probes keeps the connection", async () => {
  const connection = new Connection({ address: ovs.address, probeInterval: 40 });
  const ends: Error[] = [];
  connection.on("down", (reason) => ends.push(reason));
  await connection.open();
  for (let times = 0; times < 5; times++) {
    // Long enough for a probe and its deadline to pass while nothing can be read.
    const until = performance.now() + 200;
    while (performance.now() < until);
    await sleep(45);
  }
  await connection.barrier();
  assert.deepEqual(ends, []);
  connection.close();
});

test("at the end of vswitchd open requests fail at once; the connection comes back by itself", () =>
  connected(async (connection) => {
    const down = new Promise<Error>((resolve) => connection.once("down", resolve));
    const up = new Promise<unknown>((resolve) => connection.once("up", resolve));
    await ovs.kill();
    await assert.rejects(connection.barrier({ timeout: 60_000 }), DisconnectedError);
    assert.ok((await down) instanceof DisconnectedError);
    await ovs.restart();
    await up;
    await connection.barrier();
  }));
