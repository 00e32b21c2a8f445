import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Database, NamedUuid, operations } from "../src/index.js";
import {
  addPort,
  deletePort,
  findBridge,
  findInterface,
  findPort,
  type SwitchTables,
  switchDatabase,
  switchVersion,
  waitForPort,
} from "../src/open-vswitch/index.js";
import { launch, Server, SWITCH_SCHEMA } from "./server.js";

const op = operations<SwitchTables>();

describe("a switch's database, with a switch", () => {
  let server: Server;
  let vswitchd: ChildProcess;
  let db: Database<SwitchTables>;
  const port = { bridge: "br0", name: "tpo0", type: "internal", owner: { owner: "test" } };

  before(async () => {
    server = await Server.start([SWITCH_SCHEMA]);
    db = switchDatabase({ remotes: server.remote });
    db.start();
    await db.ready();
    assert.deepEqual(db.missing, []);
    const bridge = new NamedUuid<"Bridge">("bridge");
    const local = new NamedUuid<"Port">("local");
    const device = new NamedUuid<"Interface">("device");
    await db.transact([
      op.insert("Interface", { name: "br0", type: "internal" }, { as: device }),
      op.insert("Port", { name: "br0", interfaces: device }, { as: local }),
      op.insert("Bridge", { name: "br0", datapath_type: "dummy", ports: local }, { as: bridge }),
      op.insert("Open_vSwitch", { bridges: bridge, ovs_version: "3.1.0" }),
    ]);
    const control = join(server.directory, "vswitchd.ctl");
    const flags = ["--enable-dummy=override", "--disable-system", `--unixctl=${control}`, "--verbose=off"];
    vswitchd = await launch("ovs-vswitchd", [...flags, server.remote], server.directory, control);
  });

  after(async () => {
    db.stop();
    const exited = once(vswitchd, "exit");
    vswitchd.kill("SIGKILL");
    await exited;
    await server.remove();
  });

  test("the bridge and the switch are found", async () => {
    assert.equal(findBridge(db.replica, "br0")?.datapath_type, "dummy");
    assert.equal(findBridge(db.replica, "br1"), undefined);
    assert.equal(switchVersion(db.replica), "3.1.0");
  });

  test("a port is added once, gets its number, and goes again", async () => {
    const late = waitForPort(db, "tpo0");
    await addPort(db, { ...port, mac: "02:00:00:00:00:07" });
    const attached = await late;
    assert.ok(attached.ofport > 0);
    assert.equal(attached.mac, "02:00:00:00:00:07");
    const before = findPort(db.replica, "tpo0");
    await addPort(db, port);
    assert.equal(findPort(db.replica, "tpo0"), before, "nothing to do the second time");
    assert.equal(findInterface(db.replica, "tpo0")?.external_ids.get("owner"), "test");

    await assert.rejects(addPort(db, { ...port, owner: { owner: "somebody else" } }), { code: "PORT_TAKEN" });
    await assert.rejects(addPort(db, { ...port, bridge: "br1" }), { code: "NO_BRIDGE" });
    assert.equal(await deletePort(db, { ...port, owner: { owner: "somebody else" } }), false);
    assert.equal(await deletePort(db, port), true);
    assert.equal(findPort(db.replica, "tpo0"), undefined);
    assert.equal(findInterface(db.replica, "tpo0"), undefined, "the interface goes with its port");
    assert.equal(await deletePort(db, port), false);
  });

  test("what the switch says of a port that it cannot make is in the error", async () => {
    await addPort(db, { ...port, name: "bad0", type: "nosuchtype" });
    await db.waitFor((replica) => findInterface(replica, "bad0")?.error);
    await assert.rejects(
      waitForPort(db, "bad0", { timeout: 50 }),
      /port bad0 on the switch .*the switch says: /,
    );
    await deletePort(db, { ...port, name: "bad0" });
  });
});
