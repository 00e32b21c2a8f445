import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../../plugin/config/index.js";
import { problems } from "./configurations.js";

const several = `site: a
bridges:
  - bridge: br0
    port: { addresses: [10.1.0.2/24] }
  - bridge: br1
    port: { name: tpo1, addresses: [10.1.9.2/24] }
    table: [{ protocol: tcp, action: optimize, peer: b }]
mover: { listen: "10.1.9.2:4754", encryption: off }
peers: { b: { address: "10.2.0.2:4754" } }
`;

describe("several bridges", () => {
  it("have ports, tables and numbers in the host of their own", () => {
    const { bridges, control } = parseConfig(several, "a.yaml");
    assert.deepEqual(
      bridges.map(({ bridge, port, table, listenPort, steering }) => [
        bridge,
        port.name,
        table.entries.length,
        listenPort,
        steering.mark,
        steering.ownMark,
        steering.routeTable,
        steering.ownRouteTable,
        steering.rulePriority,
      ]),
      [
        ["br0", "tpo0", 0, 4755, 0x7470_0001, 0x7470_0002, 7471, 7472, 7470],
        ["br1", "tpo1", 1, 4756, 0x7470_0003, 0x7470_0004, 7473, 7474, 7472],
      ],
    );
    assert.equal(control.socket, "/run/ovs-tpo/tpo0.sock");
  });

  for (const [what, change, at, path, message] of [
    [
      "one beside the list",
      "$&ovs: { bridge: br0 }\n",
      "2:16",
      "ovs.bridge",
      /^found ovs.bridge beside bridges/,
    ],
    [
      "a bridge twice",
      several.replace("br1", "br0"),
      "5:13",
      "bridges[1].bridge",
      /^found br0 a second time/,
    ],
    [
      "a port twice",
      several.replace("name: tpo1, ", ""),
      "6:11",
      "bridges[1].port.name",
      /^found tpo0 a second/,
    ],
    [
      "an address twice",
      several.replace("10.1.9.2/24", "10.1.0.2/24"),
      "6:37",
      "bridges[1].port.addresses[0]",
      /./,
    ],
    [
      "a peer unknown",
      several.replace("peer: b", "peer: c"),
      "7:54",
      "bridges[1].table[0].peer",
      /^found "c"/,
    ],
    [
      "a wrong field",
      several.replace("bridge: br1", "brigde: br1"),
      "5:5",
      "bridges[1].brigde",
      /mean "bridge"/,
    ],
    [
      "marks that meet",
      `${several}steering: { own_mark: 0x74700003 }\n`,
      "10:23",
      "steering.own_mark",
      /which another bridge has as its mark/,
    ],
  ] as const) {
    it(`with ${what} are wrong`, () => {
      const text = change.startsWith("$&") ? several.replace(/^site: a\n/, change) : change;
      const found = problems(text).find((problem) => problem.path === path);
      assert.ok(found, JSON.stringify(problems(text)));
      assert.equal(found.at, at);
      assert.match(found.message, message);
    });
  }
});
