import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, versionName } from "openflow-ts";
import { changes } from "./golden/changes.js";
import { reports } from "./golden/reports.js";
import { xid } from "./golden/row.js";
import { ofctl } from "./ovs.js";

for (const [name, version, bytes, message] of [...changes, ...reports]) {
  test(`${name}, OpenFlow ${versionName(version)}`, () => {
    assert.equal(
      Buffer.from(encode({ version, xid, message })).toString("hex"),
      Buffer.from(bytes).toString("hex"),
    );
    assert.deepEqual(decode(bytes), { version, xid, message });
  });
}

/** Table features of three properties are right as such, but OVS wants all that there are. */
const beyondOvs = new Set(["table features"]);

test("OVS understands them all", async () => {
  for (const [name, , bytes] of [...changes, ...reports]) {
    if (beyondOvs.has(name)) continue;
    const printed = await ofctl(["ofp-print", Buffer.from(bytes).toString("hex")]);
    assert.doesNotMatch(printed, /decode error/, name);
  }
});
