import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objection, type Requirements, type ServedDatabase } from "../src/server.js";
import type { Uuid } from "../src/uuid.js";

const clustered: ServedDatabase = {
  _uuid: "00000000-0000-0000-0000-000000000001" as Uuid,
  name: "Test",
  model: "clustered",
  connected: true,
  leader: true,
  schema: "{}",
  cid: "00000000-0000-0000-0000-00000000000c",
  index: 100,
};
const standalone: ServedDatabase = {
  ...clustered,
  model: "standalone",
  connected: true,
  index: undefined,
  cid: undefined,
};
const wanted: Requirements = { database: "Test", leaderOnly: true, index: 100 };

describe("whether a server will do", () => {
  const table: [string, ServedDatabase | undefined, Partial<Requirements>, string | undefined][] = [
    ["a leader", clustered, {}, undefined],
    ["a standalone server", standalone, {}, undefined],
    ["a standalone server, after a cluster was seen", standalone, { index: 5000 }, undefined],
    ["one without the database", undefined, {}, "NO_DATABASE"],
    ["one that has lost its cluster", { ...clustered, connected: false }, {}, "DISCONNECTED"],
    ["a relay without its source", { ...standalone, model: "relay", connected: false }, {}, "DISCONNECTED"],
    ["a relay", { ...standalone, model: "relay", leader: false }, {}, undefined],
    ["one that is still joining", { ...clustered, schema: undefined }, {}, "NO_SCHEMA"],
    ["a follower", { ...clustered, leader: false }, {}, "NOT_LEADER"],
    ["a follower, where that will do", { ...clustered, leader: false }, { leaderOnly: false }, undefined],
    ["one that is behind what we have seen", { ...clustered, index: 99 }, {}, "STALE"],
    ["one that is behind, by a 64-bit index", clustered, { index: 2n ** 60n }, "STALE"],
    ["one that is ahead", { ...clustered, index: 2n ** 60n }, {}, undefined],
  ];
  for (const [what, row, differently, code] of table) {
    test(`${what}: ${code ?? "yes"}`, () => {
      assert.equal(objection(row, { ...wanted, ...differently })?.code, code);
    });
  }
});
