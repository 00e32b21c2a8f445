import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LookupTable, Steering, type Tuple } from "../../flows/index.js";
import { someSpecs, someSyn } from "./arbitrary-table.js";
import { TestSwitch, unavailable } from "./ovs.js";
import { TapPort } from "./tap-port.js";
import { isTaken } from "./trace.js";

const TABLES = 12;
const PACKETS = 25;
/** Entries of a table in which some overlap. */
const LONG = 5;
/** So that a failure can be looked at again. */
const SEED = 20;

type Syn = typeof someSyn extends fc.Arbitrary<infer T> ? T : never;

function traceOf({ source, sourcePort, destination, destinationPort, vlan }: Syn): string {
  const addresses = source.includes(":")
    ? `dl_type=0x86dd,ipv6_src=${source},ipv6_dst=${destination}`
    : `dl_type=0x0800,nw_src=${source},nw_dst=${destination}`;
  const tag = vlan === undefined ? "" : `dl_vlan=${vlan},`;
  return `in_port=1,${tag}${addresses},nw_proto=6,nw_ttl=64,tp_src=${sourcePort},tp_dst=${destinationPort},tcp_flags=syn`;
}

test("of any table and any SYN, a switch takes exactly what the look-up table says, and explain says the same", {
  skip: await unavailable(),
  timeout: 120_000,
}, async () => {
  const ovs = await TestSwitch.start();
  const canary = new TapPort(ovs.namespace, "tpo0-alive");
  const steering = new Steering({
    ...{ bridge: "br0", runDirectory: ovs.directory, canary: "tpo0-alive", families: ["ipv4", "ipv6"] },
    trunk: [1, 10].map((vlan) => ({ name: `tpo0-${vlan}`, vlan })),
    table: new LookupTable([]),
  });
  try {
    await ovs.ip("link", "set", "tpo0-alive", "up");
    steering.setPeersUp(["b"]);
    steering.start();
    await steering.ready();
    let taken = 0;
    const tables = fc.sample(someSpecs, { numRuns: 10 * TABLES, seed: SEED });
    for (const specs of tables.filter(({ length }) => length >= LONG).slice(0, TABLES)) {
      const table = new LookupTable(specs);
      steering.setTable(table);
      assert.equal(await steering.applied({ timeout: 10_000 }), true);
      for (const syn of fc.sample(someSyn, { numRuns: PACKETS, seed: SEED })) {
        const { vlan, ...ends } = syn;
        const tuple: Tuple = { protocol: "tcp", ...ends, ...(vlan !== undefined && { vlan }) };
        const action = table.lookup(tuple)?.action;
        const wanted = action?.type === "optimize" && action.peer === "b";
        const { text, actions } = await ovs.trace(traceOf(syn));
        assert.equal(isTaken({ actions }), wanted, `${JSON.stringify({ specs, syn })}\n${text}`);
        assert.equal(steering.explain(tuple).taken, wanted);
        if (wanted) taken++;
      }
    }
    assert.ok(taken > 20 && taken < TABLES * PACKETS - 20, `${taken} taken`);
  } finally {
    await steering.stop();
    canary.close();
    await ovs.stop();
  }
});
