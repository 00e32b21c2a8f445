import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Database } from "ovsdb-client";
import { findInterface, findPort, type SwitchTables, switchDatabase } from "ovsdb-client/open-vswitch";
import { OwnBridge } from "../../flows/controller/own-bridge.js";
import { TestSwitch } from "./ovs.js";

const ROUNDS = 25;
/** Milliseconds. */
const TIMEOUT = 10_000;

let ovs: TestSwitch;
let db: Database<SwitchTables>;
let own: OwnBridge;

before(async () => {
  ovs = await TestSwitch.start();
  // What has no request of its own is given back without one.
  await ovs.vsctl("clear", "Interface", "p1", "ofport_request");
  db = switchDatabase({ remotes: ovs.database });
  db.start();
  await db.waitFor(() => db.state === "synchronised", { timeout: TIMEOUT, what: "the database" });
  own = new OwnBridge(db, { bridge: "br0", name: "br-own", uplink: "p1", instance: 0 });
});
after(async () => {
  db?.stop();
  await ovs?.stop();
});

const numberOf = (name: string) => Number(findInterface(db.replica, name)?.ofport);

test("each time, the patch takes the uplink's number, and the uplink has it when it is back", async () => {
  const found = await ovs.vsctl("--columns=name,ofport,ofport_request", "list", "Interface");
  for (let round = 0; round < ROUNDS; round++) {
    await own.add();
    await db.waitFor(() => numberOf("br-own-out") > 0 && numberOf("br-own-in") > 0, {
      timeout: TIMEOUT,
      what: "the patch",
    });
    assert.equal(numberOf("br-own-out"), 1, `round ${round}, away`);
    await own.remove();
    assert.equal(numberOf("p1"), 1, `round ${round}, back`);
    assert.equal(findPort(db.replica, "br-own-out"), undefined);
  }
  assert.equal(await ovs.vsctl("--columns=name,ofport,ofport_request", "list", "Interface"), found);
});

test("where the patch has been given another number meanwhile, the uplink takes that", async () => {
  await own.add();
  await db.waitFor(() => numberOf("br-own-out") > 0, { timeout: TIMEOUT, what: "the patch" });
  await ovs.vsctl("set", "Interface", "br-own-out", "ofport_request=40");
  await db.waitFor(() => numberOf("br-own-out") === 40, { timeout: TIMEOUT, what: "the new number" });
  await own.remove();
  assert.equal(numberOf("p1"), 40);
  assert.equal(await ovs.vsctl("get", "Interface", "p1", "ofport_request"), "[]");
});
