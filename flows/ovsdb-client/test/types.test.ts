import assert from "node:assert/strict";
import test from "node:test";
import { NamedUuid, operations, type Uuid } from "../src/index.js";
import type { OpenVSwitch } from "../src/open-vswitch/index.js";

const op = operations<OpenVSwitch>();

test("operations are plain values that the schema's types check", () => {
  const port = new NamedUuid<"Port">("port");
  const bridge = "6b6a1f0e-5f0b-4a56-9c8e-1f5a6c1d2e3f" as Uuid<"Bridge">;
  assert.deepEqual(op.mutate("Bridge", [["_uuid", "==", bridge]], [["ports", "insert", port]]), {
    op: "mutate",
    table: "Bridge",
    where: [["_uuid", "==", bridge]],
    mutations: [["ports", "insert", port]],
  });
  assert.deepEqual(op.insert("Port", { name: "tap0", external_ids: { owner: "x" } }, { as: port }), {
    op: "insert",
    table: "Port",
    row: { name: "tap0", external_ids: { owner: "x" } },
    as: port,
  });
  // @ts-expect-error a bridge has ports, not bridges
  op.mutate("Bridge", [["_uuid", "==", bridge]], [["ports", "insert", bridge]]);
  // @ts-expect-error there is no such column
  op.select("Bridge", [["nmae", "==", "br0"]]);
});
