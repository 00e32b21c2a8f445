import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Connection,
  Deframer,
  decode,
  encode,
  FlowMonitorFlag,
  flowMod,
  formatActions,
  groupMod,
  Listener,
  type MultipartRequestBody,
  match,
  matchKey,
  OpenFlow13,
  OpenFlow14,
  OpenFlow15,
  OpenFlowError,
  output,
  type PacketIn2,
  Port,
  packetOut,
  parseSelectionMethod,
  Session,
  selectionMethod,
  setField,
  type Version,
  versions,
} from "openflow-ts";
import { type Switch, startSwitch } from "./ovs.js";

let ovs: Switch;
before(async () => {
  ovs = await startSwitch();
  for (const port of [1, 2]) {
    const name = `p${port}`;
    await ovs.vsctl(
      "add-port",
      "br0",
      name,
      "--",
      "set",
      "interface",
      name,
      "type=dummy",
      `ofport_request=${port}`,
    );
  }
});
after(() => ovs.stop());

async function connected(version: Version, body: (connection: Connection) => Promise<void>): Promise<void> {
  const connection = new Connection({ address: ovs.address, versions: [version] });
  await connection.open();
  try {
    await body(connection);
    await connection.bundle([flowMod({ command: "delete", table: 0xff })]);
  } finally {
    connection.close();
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A session whose every message from the switch is decoded, encoded, and compared in bytes. */
async function compared(version: Version, body: (session: Session) => Promise<void>): Promise<void> {
  const socket = connect({ path: ovs.address.replace("unix:", "") });
  const deframer = new Deframer();
  const different: string[] = [];
  socket.on("data", (chunk: Uint8Array) => {
    for (const bytes of deframer.push(chunk)) {
      const again = encode(decode(bytes));
      if (!Buffer.from(again).equals(bytes)) different.push(Buffer.from(bytes).toString("hex"));
    }
  });
  const session = new Session(socket, { versions: [version] });
  await session.ready;
  try {
    await body(session);
  } finally {
    session.close();
  }
  assert.deepEqual(different, []);
}

const filter = {
  table: 0xff,
  outPort: Port.ANY,
  outGroup: 0xffffffff,
  cookie: 0n,
  cookieMask: 0n,
  match: [],
};

/** Each multipart request that the version has. */
function requests(version: Version): MultipartRequestBody[] {
  return [
    { type: "desc" },
    { type: "flow_desc", ...filter },
    { type: "aggregate", ...filter },
    { type: "table_stats" },
    { type: "port_stats", port: Port.ANY },
    { type: "port_desc", port: Port.ANY },
    { type: "queue_stats", port: Port.ANY, queue: 0xffffffff },
    { type: "group_stats", group: 0xfffffffc },
    { type: "group_desc", group: 0xfffffffc },
    { type: "group_features" },
    { type: "meter_stats", meter: 0xffffffff },
    { type: "meter_desc", meter: 0xffffffff },
    { type: "meter_features" },
    { type: "table_features", tables: [] },
    ...(version >= OpenFlow14 ? ([{ type: "table_desc" }] as const) : []),
  ];
}

for (const version of versions) {
  test(`wire version ${version}: all that the switch tells of itself is understood to the byte`, () =>
    compared(version, async (session) => {
      await session.bundle([
        groupMod({ group: 1, groupType: "select", buckets: [{ weight: 2, actions: [output(1)] }] }),
        flowMod({
          table: 1,
          match: match({ eth_type: 0x86dd, ip_proto: 58, icmpv6_type: 135, ipv6_nd_target: "fe80::1" }),
          instructions: [
            { type: "write_actions", actions: [{ type: "group", group: 1 }] },
            { type: "write_metadata", metadata: 5n, mask: 7n },
            { type: "goto_table", table: 2 },
          ],
        }),
      ]);
      const meter = { type: "meter_mod", flags: 1, meter: 3 } as const;
      await session.request({ ...meter, command: "add", bands: [{ type: "drop", rate: 1000, burst: 0 }] });
      for (const body of requests(version)) {
        const parts = await all(session.multipart<typeof body.type>(body as never));
        assert.ok(parts.length > 0, body.type);
      }
      await session.request({ ...meter, command: "delete", bands: [] });
      await session.bundle([
        flowMod({ command: "delete", table: 0xff }),
        groupMod({ command: "delete", group: 1 }),
      ]);
    }));
}

test("configuration, role and asynchronous masks", () =>
  connected(OpenFlow15, async (connection) => {
    await connection.request({ type: "set_config", flags: 0, missSendLength: 99 });
    assert.equal((await connection.request({ type: "get_config_request" })).missSendLength, 99);
    const role = await connection.request({
      type: "role_request",
      role: "nochange",
      shortId: 0,
      generation: 0n,
    });
    assert.equal(role.role, "equal");
    await connection.request({ type: "set_async", masks: { packetIn: 2, portStatus: 0 } });
    const { masks } = await connection.request({ type: "get_async_request" });
    assert.equal(masks.packetIn, 2);
    assert.equal(masks.portStatus, 0);
  }));

/** An Ethernet frame of IPv4 without more. */
const frame = Uint8Array.from(
  Buffer.from(
    `020000000002 020000000001 0800 45000014000000004011 0000 0a010001 0a020002`.replaceAll(" ", ""),
    "hex",
  ),
);

for (const version of versions) {
  test(`wire version ${version}: a packet goes out and comes in again`, () =>
    connected(version, async (connection) => {
      await connection.request({ type: "set_config", flags: 0, missSendLength: 0xffff });
      await connection.request(
        flowMod({
          cookie: 9n,
          priority: 5,
          match: match({ in_port: 1 }),
          instructions: [{ type: "apply_actions", actions: [output(Port.CONTROLLER)] }],
        }),
      );
      const came = once(connection, "packet_in");
      connection.send(packetOut(frame, [output(Port.TABLE)], 1));
      const [packet] = await came;
      assert.equal(packet.cookie, 9n);
      assert.equal(packet.reason, version >= OpenFlow14 ? "packet_out" : "action");
      assert.deepEqual(packet.data, frame);
      assert.deepEqual(packet.match, match({ in_port: 1 }));
    }));
}

test("a packet that was paused comes as packet_in2 and goes on when it is resumed", () =>
  connected(OpenFlow15, async (connection) => {
    await connection.request({ type: "set_config", flags: 0, missSendLength: 0xffff });
    await connection.request({ type: "nx_set_packet_in_format", format: 2 });
    const userdata = Uint8Array.of(1, 2, 3);
    await connection.request(
      flowMod({
        cookie: 7n,
        match: match({ in_port: 1 }),
        instructions: [
          {
            type: "apply_actions",
            actions: [
              setField("reg1", 5),
              { type: "controller2", userdata, pause: true },
              output(Port.CONTROLLER),
            ],
          },
        ],
      }),
    );
    const paused = once(connection, "packet_in2");
    connection.send(packetOut(frame, [output(Port.TABLE)], 1));
    const [first] = (await paused) as [PacketIn2];
    assert.deepEqual(first.properties.packet, frame);
    assert.deepEqual(first.properties.userdata, userdata);
    assert.equal(first.properties.table, 0);
    // OVS tells of the register in the packet register that it is half of.
    assert.equal(matchKey(first.properties.metadata!), matchKey(match({ in_port: 1, reg1: 5 })));
    const resumed = once(connection, "packet_in2");
    connection.send({ ...first, type: "nx_resume" });
    const [second] = await resumed;
    assert.deepEqual(second.properties.packet, frame);
    assert.equal(second.properties.userdata, undefined);
    await connection.barrier();
  }));

test("buckets are put into a select group and taken out; its choice is by hash", () =>
  connected(OpenFlow15, async (connection) => {
    const selection = selectionMethod({
      method: "hash",
      parameter: 7n,
      fields: match({ ipv4_src: "255.255.255.255", ipv4_dst: "255.255.255.0" }),
    });
    const select = { group: 4, groupType: "select" } as const;
    await connection.request(
      groupMod({
        ...select,
        buckets: [{ id: 1, weight: 10, actions: [output(1)] }],
        properties: { experimenter: [selection] },
      }),
    );
    await connection.request(
      groupMod({
        ...select,
        command: "insert_bucket",
        commandBucket: 1,
        buckets: [{ id: 2, weight: 20, actions: [output(2)] }],
      }),
    );
    const [group] = await all(connection.groups());
    assert.deepEqual(
      group?.buckets.map(({ id, weight, actions }) => [id, weight, formatActions(actions)]),
      [
        [1, 10, "output:1"],
        [2, 20, "output:2"],
      ],
    );
    const found = parseSelectionMethod(group!.properties.experimenter![0]!);
    assert.equal(found?.method, "hash");
    assert.equal(found?.parameter, 7n);
    await connection.request(groupMod({ ...select, command: "remove_bucket", commandBucket: 1 }));
    const [rest] = await all(connection.groups());
    assert.deepEqual(
      rest?.buckets.map(({ id }) => id),
      [2],
    );
    await connection.request(groupMod({ command: "delete", group: 4 }));
  }));

test("a flow monitor tells of the changes of others", () =>
  connected(OpenFlow15, async (connection) => {
    const { ADD, REMOVED, MODIFY, INSTRUCTIONS, INITIAL } = FlowMonitorFlag;
    const monitor = {
      monitor: 1,
      outPort: Port.ANY,
      outGroup: 0xffffffff,
      flags: INITIAL | ADD | REMOVED | MODIFY | INSTRUCTIONS,
      table: 3,
      command: "add",
      match: [],
    } as const;
    await all(connection.multipart<"flow_monitor">({ type: "flow_monitor", monitors: [monitor] }));
    const told = once(connection, "flow_updates");
    await connected(OpenFlow13, async (other) => {
      await other.request(
        flowMod({ table: 3, priority: 3, instructions: [{ type: "apply_actions", actions: [output(2)] }] }),
      );
      const [updates] = await told;
      const [update] = updates;
      assert.equal(update?.event, "added");
      assert.ok("priority" in update);
      assert.equal(update.priority, 3);
      assert.equal(update.table, 3);
    });
  }));

/** Clears it as soon as the switch has let go of what the flows that were deleted have used. */
async function clearTlvTable(connection: Connection): Promise<void> {
  for (const end = Date.now() + 5000; ; await sleep(5)) {
    try {
      await connection.request({ type: "nx_tlv_table_mod", command: 2, mappings: [] });
      return;
    } catch (error) {
      const used = error instanceof OpenFlowError && error.code === "NXTTMFC_INVALID_TLV_DEL";
      if (!used || Date.now() > end) throw error;
    }
  }
}

test("tunnel options become fields", () =>
  connected(OpenFlow15, async (connection) => {
    const mapping = { optionClass: 0xffff, optionType: 0, length: 4, index: 1 };
    await connection.request({ type: "nx_tlv_table_mod", command: 0, mappings: [mapping] });
    const table = await connection.request({ type: "nx_tlv_table_request" });
    assert.deepEqual(table.mappings, [mapping]);
    const wanted = [{ field: "tun_metadata1", value: 0x01020304n, size: 4 }] as const;
    await connection.request(flowMod({ table: 8, match: wanted }));
    const [flow] = await all(connection.flows({ table: 8 }));
    assert.deepEqual(flow?.match, wanted);
    await connection.request(flowMod({ command: "delete", table: 8 }));
    await clearTlvTable(connection);
    assert.deepEqual((await connection.request({ type: "nx_tlv_table_request" })).mappings, []);
  }));

test("a switch that connects to us is spoken to like another", async () => {
  const path = join(ovs.directory, "controller");
  const listener = await Listener.listen({ address: `punix:${path}` });
  try {
    const came = once(listener, "session");
    await ovs.vsctl("set-controller", "br0", `unix:${path}`);
    const [session] = (await came) as [Session];
    assert.equal(session.version, OpenFlow15);
    await session.request(flowMod({ table: 9, priority: 1 }));
    assert.equal((await all(session.flows({ table: 9 }))).length, 1);
    const ended = session.closed;
    await ovs.vsctl("del-controller", "br0");
    await ended;
  } finally {
    await listener.close();
  }
});
