import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  type BridgeConfig,
  ConfigError,
  ConfigFileError,
  contains,
  jsonSchema,
  loadConfig,
  networkOf,
  parseAddress,
  parseConfig,
  parseEndpoint,
  parsePrefix,
} from "../../plugin/config/index.js";
import { suggestion } from "../../plugin/config/suggestion.js";
import {
  formatDuration,
  formatRate,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
} from "../../plugin/config/units.js";

const whole = `site: a
key_file: /etc/ovs-tpo/key
ovs:
  bridge: br0
  database: unix:/run/lab/db.sock
  run_dir: /run/lab
form: transparent
port:
  name: tpo0
  addresses: [10.1.0.2/24, "fd00:1::2/64"]
  gateways: [10.1.0.1, "fd00:1::1"]
  routes: [{ to: 10.1.5.0/24, via: 10.1.0.254 }]
  vlan: 10
  trunk:
    - { vlan: 20, addresses: [10.1.20.2/24] }
    - { vlan: 30, addresses: [10.1.30.2/24], name: tpo30 }
  mtu: 1500
mover:
  listen: 10.1.0.2:4754
  underlay: false
  encryption: on
  segment_size: 1472
  buffer_size: 64KB
  rate: adaptive
  rate_limit: null
  receive_window: 64MB
  keepalive: 400ms
  silent_after: 2500ms
  dead_after: 45s
peers:
  b: { address: "10.2.0.2:4754", link: udp, public_key: Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs= }
table:
  - { protocol: tcp, source: 10.1.0.11, destination: 10.2.0.11, destination_port: 80, action: optimize, peer: b, accept: confirmed, when_peer_down: hold }
  - { protocol: tcp, source: 10.1.0.0/24, source_port: any, action: pass, name: rest }
edge:
  tcp:
    port: 4755
    credit_max: 16MB
    keepalive: 15s
    connect_timeout: 20s
    memory: 512MB
steering:
  instance: 0
  priority: 60000
  first_table: 200
  register: 15
  pass_from: [wan0]
  idle: 600s
  fin_idle: 45s
  mark: 0x74700001
  own_mark: 0x74700002
  route_table: 7471
  own_route_table: 7472
  rule_priority: 7470
stop:
  drain: 2s
control:
  socket: /run/lab/tpo0.sock
log:
  level: info
`;

const STEERING = {
  instance: 0,
  priority: 60_000,
  firstTable: 200,
  register: 15,
  passFrom: ["wan0"],
  idle: 600_000,
  finIdle: 45_000,
  mark: 0x7470_0001,
  ownMark: 0x7470_0002,
  routeTable: 7471,
  ownRouteTable: 7472,
  rulePriority: 7470,
};

const minimal = `site: a
ovs: { bridge: br0 }
port: { addresses: [10.1.0.2/24] }
mover: { listen: "10.1.0.2:4754" }
`;

function problems(text: string) {
  try {
    parseConfig(text, "a.yaml");
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ line, column, path, message }) => ({
      at: `${line}:${column}`,
      path,
      message,
    }));
  }
  return [];
}

/** The whole file with one line replaced; the replacement's lines are where errors are expected. */
function withLine(line: string, replacement: string): { text: string; line: number } {
  const lines = whole.split("\n");
  const index = lines.findIndex((one) => one.trimStart() === line || one.trimStart().startsWith(line));
  assert.notEqual(index, -1, line);
  const indent = /^ */.exec(lines[index] ?? "")?.[0] ?? "";
  lines[index] = replacement.replaceAll(/^/gm, indent);
  return { text: lines.join("\n"), line: index + 1 };
}

describe("configuration", () => {
  it("is read with all its fields", () => {
    const { peers, bridges, ...config } = parseConfig(whole, "a.yaml");
    const [{ table, ...bridge }, ...more] = bridges as [BridgeConfig];
    assert.deepEqual(more, []);
    assert.deepEqual(bridge, {
      bridge: "br0",
      form: "transparent",
      port: {
        name: "tpo0",
        addresses: [
          { family: 4, address: "10.1.0.2", length: 24 },
          { family: 6, address: "fd00:1::2", length: 64 },
        ],
        gateways: [
          { family: 4, address: "10.1.0.1" },
          { family: 6, address: "fd00:1::1" },
        ],
        routes: [
          { to: { family: 4, address: "10.1.5.0", length: 24 }, via: { family: 4, address: "10.1.0.254" } },
        ],
        vlan: 10,
        trunk: [
          { name: "tpo0-20", vlan: 20, addresses: [{ family: 4, address: "10.1.20.2", length: 24 }] },
          { name: "tpo30", vlan: 30, addresses: [{ family: 4, address: "10.1.30.2", length: 24 }] },
        ],
        mtu: 1500,
      },
      listenPort: 4755,
      steering: STEERING,
    });
    assert.deepEqual(config, {
      site: "a",
      keyFile: "/etc/ovs-tpo/key",
      ovs: { database: "unix:/run/lab/db.sock", runDir: "/run/lab" },
      mover: {
        listen: { family: 4, address: "10.1.0.2", port: 4754 },
        underlay: false,
        encrypted: true,
        segmentSize: 1472,
        leastSegmentSize: 1252,
        bufferSize: 65_536,
        rate: "adaptive",
        rateLimit: null,
        receiveWindow: 67_108_864,
        keepalive: 400,
        silentAfter: 2500,
        deadAfter: 45_000,
      },
      edge: {
        tcp: {
          creditMax: 16_777_216,
          keepalive: 15_000,
          connectTimeout: 20_000,
          memory: 536_870_912,
        },
      },
      limits: { opening: 8192, openingPerPeer: 4096, switchFlows: 200_000 },
      stop: { drain: 2000 },
      control: { socket: "/run/lab/tpo0.sock" },
      log: { level: "info" },
    });
    assert.deepEqual(
      [...peers],
      [
        [
          "b",
          {
            name: "b",
            endpoint: { family: 4, address: "10.2.0.2", port: 4754 },
            link: "udp",
            publicKey: Buffer.from("Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=", "base64"),
          },
        ],
      ],
    );
    const towards = (destination: string, destinationPort: number) =>
      table.lookup({ protocol: "tcp", source: "10.1.0.11", sourcePort: 5000, destination, destinationPort })
        ?.action;
    assert.deepEqual(towards("10.2.0.11", 80), {
      type: "optimize",
      peer: "b",
      class: undefined,
      accept: "confirmed",
      whenPeerDown: "hold",
    });
    assert.deepEqual(towards("10.2.0.11", 81), { type: "pass" });
    assert.equal(table.lookup({ protocol: "tcp", source: "10.9.0.1", destination: "10.2.0.11" }), undefined);
  });

  it("has defaults that are those of the whole file", () => {
    const few = parseConfig(minimal, "a.yaml");
    const all = parseConfig(whole, "a.yaml");
    assert.deepEqual(few.mover, all.mover);
    assert.deepEqual(few.edge, all.edge);
    assert.deepEqual(few.bridges[0]?.steering, { ...STEERING, passFrom: [] });
    assert.deepEqual(few.log, all.log);
    assert.equal(few.control.socket, "/run/ovs-tpo/tpo0.sock");
    assert.equal(few.ovs.runDir, "/var/run/openvswitch");
    assert.equal(few.peers.size, 0);
    assert.equal(few.bridges[0]?.table.entries.length, 0);
  });

  for (const [mtu, listen, expected] of [
    [1500, "10.1.0.2:4754", 1472],
    [1400, "10.1.0.2:4754", 1372],
    [9000, "10.1.0.2:4754", 8972],
    [1500, "[fd00:1::2]:4754", 1452],
  ] as const) {
    it(`cuts segments of ${expected} bytes for MTU ${mtu} and ${listen}`, () => {
      const text = `site: a\novs: {bridge: br0}\nport: {addresses: [10.1.0.2/24, "fd00:1::2/64"], mtu: ${mtu}}\nmover: {listen: "${listen}"}`;
      assert.equal(parseConfig(text, "a.yaml").mover.segmentSize, expected);
    });
  }

  it("takes anchors and merges of YAML, and errors point into them", () => {
    const text = `${minimal}peers: { b: &b { address: "10.2.0.2:4754", public_key: Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs= }, c: *b }\nkey_file: /k\n`;
    assert.deepEqual(problems(text), [
      {
        at: "5:27",
        path: "peers.c.address",
        message: "found 10.2.0.2:4754, which is peer b's, expected an address for each peer; correct one",
      },
    ]);
  });

  it("publishes a JSON Schema in which every field is described or plain", () => {
    const schema = JSON.parse(JSON.stringify(jsonSchema()));
    assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
    assert.deepEqual(schema.required, ["site", "mover"]);
    assert.equal(schema.additionalProperties, false);
    assert.equal(schema.properties.mover.properties.buffer_size.default, "64KB");
    assert.equal(schema.properties.table.items.properties.action.enum.length, 2);
  });
});

/** Field by field: what a line is replaced with, where the error is (line from there, column), and what it says. */
const wrong: readonly [
  line: string,
  replacement: string,
  at: [number, number],
  path: string,
  message: RegExp,
][] = [
  [
    "site:",
    "site: 1",
    [0, 7],
    "site",
    /^found 1, expected a site name: 1 to 63 .*; change it, for example `site: "a"`$/,
  ],
  ["site:", "site: a b", [0, 7], "site", /^found "a b", expected a site name/],
  [
    "site:",
    "sit: a",
    [0, 1],
    "sit",
    /^found an unknown field, expected one of site, key_file, ovs, .*; did you mean "site"\?$/,
  ],
  ["bridge:", "bridge: [br0]", [0, 11], "ovs.bridge", /^found a list, expected a bridge name/],
  ["bridge:", "Bridge: br0", [0, 3], "ovs.Bridge", /did you mean "bridge"\?$/],
  ["form:", "form: nat", [0, 7], "form", /^found "nat", expected one of "transparent", "rewrite"/],
  ["form:", "form: rewrite", [8, 5], "port.trunk", /^found several VLANs with form: rewrite/],
  [
    "routes:",
    "routes: [{ to: 10.1.5.7/24, via: 10.1.0.254 }]",
    [0, 18],
    "port.routes[0].to",
    /such as 10.1.5.0\/24/,
  ],
  ["routes:", "routes: [{ to: 0.0.0.0/0, via: 10.1.0.254 }]", [0, 18], "port.routes[0].to", /`gateways`$/],
  [
    "routes:",
    "routes: [{ to: 10.1.0.0/24, via: 10.1.0.254 }]",
    [0, 18],
    "port.routes[0].to",
    /a second time/,
  ],
  [
    "routes:",
    "routes: [{ to: 10.1.5.0/24, via: 10.9.0.1 }]",
    [0, 36],
    "port.routes[0].via",
    /^found 10.9.0.1, expected/,
  ],
  [
    "routes:",
    'routes: [{ to: 10.1.5.0/24, via: "fd00:1::9" }]',
    [0, 36],
    "port.routes[0].via",
    /an IPv4 address/,
  ],
  ["vlan:", "vlan: 4095", [0, 9], "port.vlan", /^found 4095, expected a whole number from 1 to 4094/],
  [
    "- { vlan: 20",
    "- { vlan: 10, addresses: [10.1.20.2/24] }",
    [0, 15],
    "port.trunk[0].vlan",
    /VLAN 10 a second time/,
  ],
  [
    "- { vlan: 20",
    "- { vlan: 20, addresses: [10.1.0.2/24] }",
    [0, 31],
    "port.trunk[0].addresses[0]",
    /a second time/,
  ],
  [
    "- { vlan: 20",
    "- { vlan: 20, addresses: [10.1.20.2/24], name: tpo30 }",
    [1, 52],
    "port.trunk[1].name",
    /^found tpo30/,
  ],
  [
    "database:",
    "database: /run/db.sock",
    [0, 13],
    "ovs.database",
    /^found "\/run\/db.sock", expected unix:PATH or tcp:ADDRESS:PORT; .*`database: "unix:/,
  ],
  ["run_dir:", "run_dir: run", [0, 12], "ovs.run_dir", /^found "run", expected an absolute path/],
  ["name:", "name: a-name-too-long-", [0, 9], "port.name", /a port name as Linux allows it: 1 to 15/],
  ["name:", "name: a/b", [0, 9], "port.name", /^found "a\/b"/],
  [
    "addresses:",
    "addresses: []",
    [0, 14],
    "port.addresses",
    /^found an empty list, expected at least one address/,
  ],
  [
    "addresses:",
    'addresses: [10.1.0.2, "fd00:1::2/64"]',
    [0, 15],
    "port.addresses[0]",
    /^found "10.1.0.2", expected an IPv4 or IPv6 address with the length of its prefix; change it, for example "10.1.0.2\/24"$/,
  ],
  [
    "addresses:",
    'addresses: [10.1.0.2/24, "fd00:1::2/164"]',
    [0, 28],
    "port.addresses[1]",
    /^found "fd00:1::2\/164"/,
  ],
  [
    "addresses:",
    'addresses: [10.1.0.2/24, 10.1.0.2/16, "fd00:1::2/64"]',
    [0, 28],
    "port.addresses[1]",
    /^found 10.1.0.2 a second time, expected each address once/,
  ],
  [
    "gateways:",
    "gateways: [10.1.1.1]",
    [0, 14],
    "port.gateways[0]",
    /^found 10.1.1.1, expected an address in 10.1.0.0\/24 or fd00:1::\/64 or .*; /,
  ],
  [
    "gateways:",
    "gateways: [10.1.0.1, 10.1.0.3]",
    [0, 24],
    "port.gateways[1]",
    /^found a second gateway for IPv4, 10.1.0.3/,
  ],
  [
    "gateways:",
    "gateways: [10.1.0.2]",
    [0, 14],
    "port.gateways[0]",
    /^found the port's own address 10.1.0.2, expected a router/,
  ],
  [
    "gateways:",
    "gateways: [fe80::1%eth0]",
    [0, 14],
    "port.gateways[0]",
    /^found "fe80::1%eth0", expected an IPv4 or IPv6 address/,
  ],
  [
    "gateways:",
    "gateways: router",
    [0, 13],
    "port.gateways",
    /^found "router", expected a list of addresses/,
  ],
  [
    "mtu:",
    "mtu: 576",
    [0, 8],
    "port.mtu",
    /^found 576, expected a whole number from 1280 to 65535; change it, for example `mtu: 1500`$/,
  ],
  ["mtu:", "mtu: 1500.5", [0, 8], "port.mtu", /^found 1500.5, expected a whole number/],
  [
    "listen:",
    "listen: 10.1.0.9:4754",
    [0, 11],
    "mover.listen",
    /^found 10.1.0.9, expected one of the port's addresses \(10.1.0.2, fd00:1::2, .*\); .*underlay: true/,
  ],
  [
    "listen:",
    "listen: 10.1.0.2",
    [0, 11],
    "mover.listen",
    /^found "10.1.0.2", expected an address and a port/,
  ],
  ["listen:", "listen: 10.1.0.2:0", [0, 11], "mover.listen", /^found "10.1.0.2:0"/],
  ["listen:", "listen: fd00:1::2:4754", [0, 11], "mover.listen", /or \[ADDRESS\]:PORT for IPv6/],
  ["underlay:", "underlay: yes", [0, 13], "mover.underlay", /^found "yes", expected true or false/],
  [
    "underlay:",
    "underlay: true",
    [-1, 11],
    "mover.listen",
    /^found the local port's address 10.1.0.2 with underlay: true/,
  ],
  [
    "segment_size:",
    "segment_size: 1473",
    [0, 17],
    "mover.segment_size",
    /^found 1473, expected at most 1472 \(port.mtu 1500 less 28 for IPv4 and UDP headers\); /,
  ],
  [
    "segment_size:",
    "segment_size: 1KB",
    [0, 17],
    "mover.segment_size",
    /^found "1KB", expected a whole number/,
  ],
  ["segment_size:", "segment-size: 1400", [0, 3], "mover.segment-size", /did you mean "segment_size"\?$/],
  [
    "buffer_size:",
    "buffer_size: 65KB",
    [0, 16],
    "mover.buffer_size",
    /^found "65KB", expected a size from 4KB to 64KB/,
  ],
  [
    "buffer_size:",
    "buffer_size: 65536",
    [0, 16],
    "mover.buffer_size",
    /^found 65536, .*for example `buffer_size: "64KB"`$/,
  ],
  ["rate:", "rate: fast", [0, 9], "mover.rate", /^found "fast", expected one of "adaptive", "fixed"/],
  ["rate:", "rate: fixed", [0, 9], "mover.rate", /^found fixed without mover.rate_limit, .*100mbit/],
  [
    "rate_limit:",
    "rate_limit: 100",
    [0, 15],
    "mover.rate_limit",
    /^found 100, expected a rate from 64kbit to 400gbit .*, or null; .*`rate_limit: "100mbit"`$/,
  ],
  ["rate_limit:", "rate_limit: 1kbit", [0, 15], "mover.rate_limit", /^found "1kbit"/],
  [
    "receive_window:",
    "receive_window: 64 parsecs",
    [0, 19],
    "mover.receive_window",
    /^found "64 parsecs", expected a size from 1MB to 16GB/,
  ],
  [
    "keepalive: 400ms",
    "keepalive: 1",
    [0, 14],
    "mover.keepalive",
    /^found 1, expected a duration from 50ms to 1m \(units ms, s, m, h\)/,
  ],
  [
    "silent_after:",
    "silent_after: 700ms",
    [0, 17],
    "mover.silent_after",
    /^found 700ms, expected at least 800ms \(twice mover.keepalive\)/,
  ],
  [
    "dead_after:",
    "dead_after: 2s",
    [0, 15],
    "mover.dead_after",
    /^found 2s, expected at least 2500ms \(mover.silent_after\)/,
  ],
  ["dead_after:", "dead_after: never", [0, 15], "mover.dead_after", /^found "never"/],
  [
    "b: {",
    "a: { address: 10.2.0.2:4754 }\nb: { address: 10.3.0.2:4754 }",
    [0, 6],
    "peers.a",
    /^found this site, expected the other sites only/,
  ],
  [
    "b: {",
    "b: { address: 10.1.0.2:4754 }",
    [0, 17],
    "peers.b.address",
    /^found mover.listen itself, 10.1.0.2:4754/,
  ],
  [
    "b: {",
    'b: { address: "[fd00:2::2]:4754" }',
    [0, 17],
    "peers.b.address",
    /^found the IPv6 address .*, expected an IPv4 address, like mover.listen/,
  ],
  [
    "b: {",
    "b: { address: 10.2.0.2:4754 }\nc: { address: 10.2.0.2:4754 }",
    [1, 17],
    "peers.c.address",
    /which is peer b's/,
  ],
  [
    "b: {",
    "b: { adress: 10.2.0.2:4754, address: 10.2.0.2:4754 }",
    [0, 8],
    "peers.b.adress",
    /did you mean "address"\?$/,
  ],
  [
    "b: {",
    "b: { }",
    [0, 6],
    "peers.b.address",
    /^found nothing, expected an address and a port .*; add it, for example `address: "10.1.0.2:4754"`$/,
  ],
  [
    "b: {",
    "b:",
    [0, 5],
    "peers.b",
    /^found null, expected a map with the fields address, public_key and link/,
  ],
  [
    "b: {",
    "b: { address: 10.2.0.2:4754 }\nc d: { address: 10.3.0.2:4754 }",
    [1, 3],
    "peers.c d",
    /^found "c d", expected a site name: .*; rename it$/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { action: pass }",
    [0, 5],
    "table[0].protocol",
    /^found nothing, expected "tcp"; add it, for example `protocol: "tcp"`$/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: udp, action: pass }",
    [0, 17],
    "table[0].protocol",
    /^found "udp", expected "tcp"/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, action: drop }",
    [0, 30],
    "table[0].action",
    /^found "drop", expected one of "optimize", "pass"/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, action: optimize }",
    [0, 5],
    "table[0].peer",
    /^found nothing, expected the name of a peer \(b\); add `peer: NAME`/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, action: optimize, peer: site-b }",
    [0, 46],
    "table[0].peer",
    /^found "site-b", expected the name of a peer \(b\); add it under peers/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, action: pass, peer: b }",
    [0, 42],
    "table[0].peer",
    /^found a peer with action pass/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, source: 10.1.0.11/24, action: pass }",
    [0, 30],
    "table[0].source",
    /"10.1.0.11\/24" has bits set behind its prefix; did you mean 10.1.0.0\/24\?/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, source: host1, action: pass }",
    [0, 30],
    "table[0].source",
    /"host1" is not an address; expected an address/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, source: 5, action: pass }",
    [0, 30],
    "table[0].source",
    /^found 5, expected an address, a prefix, a range/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, source: 10.1.0.11, destination: fd00::1, action: pass }",
    [0, 54],
    "table[0].destination",
    /no address family in common/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, destination_port: 0, action: pass }",
    [0, 40],
    "table[0].destination_port",
    /^found 0, expected a port from 1 to 65535/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, source_port: 90-80, action: pass }",
    [0, 35],
    "table[0].source_port",
    /the range of ports "90-80" ends before it begins/,
  ],
  [
    "- { protocol: tcp, source: 10.1.0.11",
    "- { protocol: tcp, dest: any, action: pass }",
    [0, 22],
    "table[0].dest",
    /^found an unknown field, expected one of name, protocol, source/,
  ],
  ["port: 4755", "port: 0", [0, 11], "edge.tcp.port", /^found 0, expected a whole number from 1 to 65535/],
  [
    "credit_max:",
    "credit_max: 513MB",
    [0, 17],
    "edge.tcp.credit_max",
    /^found 513MB, expected at most 512MB \(edge.tcp.memory\)/,
  ],
  ["credit_max:", "credit_max: much", [0, 17], "edge.tcp.credit_max", /^found "much"/],
  [
    "keepalive: 15s",
    "keepalive: 30s",
    [0, 16],
    "edge.tcp.keepalive",
    /^found 30s, expected at most 22500ms \(half of steering.fin_idle\)/,
  ],
  [
    "connect_timeout:",
    "connect_timeout: 10h",
    [0, 22],
    "edge.tcp.connect_timeout",
    /^found "10h", expected a duration from 100ms to 5m/,
  ],
  ["memory:", "memory: 512", [0, 13], "edge.tcp.memory", /^found 512/],
  ["instance:", "instance: 256", [0, 13], "steering.instance", /from 0 to 255/],
  ["priority:", "priority: 70000", [0, 13], "steering.priority", /from 1 to 65500/],
  ["first_table:", "first_table: 255", [0, 16], "steering.first_table", /from 1 to 240/],
  ["register:", "register: 16", [0, 13], "steering.register", /from 0 to 15/],
  ["pass_from:", "pass_from: wan0", [0, 14], "steering.pass_from", /^found "wan0", expected a list/],
  ["idle: 600s", "idle: 1s", [0, 9], "steering.idle", /^found "1s"/],
  ["fin_idle:", "fin_idle: 0s", [0, 13], "steering.fin_idle", /^found "0s"/],
  ["mark:", "mark: 0", [0, 9], "steering.mark", /^found 0/],
  [
    "own_mark:",
    "own_mark: 0x74700001",
    [0, 13],
    "steering.own_mark",
    /^found 1953497089, which is mark as well/,
  ],
  [
    "route_table:",
    "route_table: 254",
    [0, 16],
    "steering.route_table",
    /^found 254, which is the kernel's table main/,
  ],
  [
    "own_route_table:",
    "own_route_table: 7471",
    [0, 20],
    "steering.own_route_table",
    /^found 7471, which is route_table as well/,
  ],
  ["rule_priority:", "rule_priority: 32766", [0, 18], "steering.rule_priority", /from 1 to 32764/],
  [
    "socket:",
    "socket: tpo0.sock",
    [0, 11],
    "control.socket",
    /^found "tpo0.sock", expected an absolute path/,
  ],
  ["level:", "level: loud", [0, 10], "log.level", /^found "loud", expected one of "info", "trace"/],
];

describe("each field wrong in turn", () => {
  for (const [line, replacement, [lineOffset, column], path, message] of wrong) {
    it(`${path}: ${replacement.replaceAll("\n", " / ")}`, () => {
      const changed = withLine(line, replacement);
      const found = problems(changed.text);
      const one = found.find((problem) => problem.path === path);
      assert.ok(one, JSON.stringify(found));
      assert.equal(one.at, `${changed.line + lineOffset}:${column}`);
      assert.match(one.message, message);
      // The tables's peer, once gone from the peers, is a fault of its own, and a peer without a key; nothing else may be.
      const others = found.filter(
        (problem) =>
          problem !== one &&
          !/^(table\[0\]\.peer|peers\..*\.public_key|site|ovs\.bridge)$/.test(problem.path),
      );
      assert.deepEqual(others, []);
    });
  }
});

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

describe("keys", () => {
  const peered = (mover: string, peer: string, more = "") =>
    `site: a\novs: {bridge: br0}\nport: {addresses: [10.1.0.2/24]}\nmover: {listen: "10.1.0.2:4754"${mover}}\n` +
    `peers: {b: {address: "10.2.0.2:4754"${peer}}}\n${more}`;
  const key = ", public_key: Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=";
  const keyFile = "key_file: /etc/ovs-tpo/key\n";

  it("are needed, and how they are made is said", () => {
    const found = problems(peered("", ""));
    assert.deepEqual(
      found.map(({ path }) => path),
      ["key_file", "peers.b.public_key"],
    );
    for (const { message } of found) assert.match(message, /^found nothing, .*ovs-tpo keygen/);
    assert.deepEqual(
      problems(peered("", key)).map(({ path }) => path),
      ["key_file"],
    );
    assert.deepEqual(
      problems(peered("", "", keyFile)).map(({ path }) => path),
      ["peers.b.public_key"],
    );
  });

  it("are not needed when encryption is off, and not used", () => {
    for (const text of [peered(", encryption: off", ""), peered(", encryption: off", key, keyFile)]) {
      const { mover, peers, keyFile: file } = parseConfig(text, "a.yaml");
      assert.equal(mover.encrypted, false);
      assert.equal(file, undefined);
      assert.equal(peers.get("b")?.publicKey, undefined);
    }
  });

  it("are 32 bytes", () => {
    const [problem, ...others] = problems(peered("", ", public_key: abcd", keyFile));
    assert.deepEqual(others, []);
    assert.equal(problem?.path, "peers.b.public_key");
    assert.match(problem?.message ?? "", /^found "abcd", expected a public key, as `ovs-tpo keygen`/);
  });
});

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

describe("a file that is none", () => {
  const sections = ["site", "ovs", "port", "mover"];
  for (const section of sections) {
    it(`without ${section}`, () => {
      const text = minimal
        .split("\n")
        .filter((line) => !line.startsWith(`${section}:`))
        .join("\n");
      assert.deepEqual(
        problems(text).map(({ at, path }) => ({ at, path })),
        [{ at: "1:1", path: section }],
      );
    });
  }
  for (const [what, text, at, message] of [
    ["empty", "", "1:1", /^found null, expected a map with the fields site, ovs/],
    ["a list", "- site: a", "1:1", /^found a list, expected a map/],
    [
      "with a section that is a text",
      `${minimal}peers: none\n`,
      "5:8",
      /^found "none", expected a map of site names to peers/,
    ],
    [
      "not closed",
      "site: a\novs: { bridge: br0\n",
      "3:1",
      /^found a fault in the YAML \(.*\}.*\), expected one YAML document/,
    ],
    [
      "with a key twice",
      "site: a\nsite: b\n",
      "2:1",
      /^found a fault in the YAML \(Map keys must be unique\)/,
    ],
    ["indented by a tab", "ovs:\n\tbridge: br0\n", "2:1", /^found a fault in the YAML/],
    ["two documents", `${minimal}---\nsite: b\n`, "5:1", /^found a fault in the YAML/],
  ] as const) {
    it(what, () => {
      const [first] = problems(text);
      assert.ok(first);
      assert.equal(first.at, at);
      assert.match(first.message, message);
    });
  }

  it("tells all that is wrong at once, in the file's order", () => {
    const text = `site: 7
ovs: { brige: br0 }
port: { addresses: [10.1.0.2/24], gateways: [10.9.0.1], mtu: 1 }
mover: { listen: "10.1.0.3:4754", keepalive: 1s, silent_after: 1s }
table:
  - { protocol: tcp, action: optimize, peer: x }
`;
    assert.deepEqual(
      problems(text).map(({ at, path }) => `${at} ${path}`),
      [
        "1:7 site",
        "2:6 ovs.bridge",
        "2:8 ovs.brige",
        "3:46 port.gateways[0]",
        "3:62 port.mtu",
        "4:18 mover.listen",
        "4:64 mover.silent_after",
        "6:46 table[0].peer",
      ],
    );
    assert.throws(
      () => parseConfig(text, "a.yaml"),
      /^ConfigError: a\.yaml:1:7: site: found 7, expected .*\na\.yaml:2:6: ovs\.bridge: /,
    );
  });

  it("is told from one that cannot be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "ovs-tpo-config-"));
    try {
      assert.throws(
        () => loadConfig(join(folder, "none.yaml")),
        (error) => {
          assert.ok(error instanceof ConfigFileError);
          assert.match(error.message, /none\.yaml: there is no such file; give the path/);
          return true;
        },
      );
      assert.throws(() => loadConfig(folder), /it is a folder/);
      writeFileSync(join(folder, "a.yaml"), minimal);
      assert.equal(loadConfig(join(folder, "a.yaml")).site, "a");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("values", () => {
  it("durations, sizes and rates are read and written", () => {
    const durations = [
      ["250ms", 250],
      ["1.5s", 1500, "1500ms"],
      ["90s", 90_000],
      ["2m", 120_000],
      ["1h", 3_600_000],
    ] as const;
    for (const [text, value, shown] of durations) {
      assert.equal(parseDuration(text), value);
      assert.equal(formatDuration(value), shown ?? text);
    }
    for (const [text, value] of [
      ["512B", 512],
      ["64KB", 65_536],
      ["3MB", 3_145_728],
      ["2GB", 2 ** 31],
    ] as const) {
      assert.equal(parseSize(text), value);
      assert.equal(parseSize(text.replace(/([KMG])B/, "$1iB")), value);
      assert.equal(formatSize(value), text);
    }
    for (const [text, value] of [
      ["900bit", 900],
      ["64kbit", 64_000],
      ["100mbit", 1e8],
      ["10gbit", 1e10],
    ] as const) {
      assert.equal(parseRate(text), value);
      assert.equal(formatRate(value), text);
    }
    for (const text of ["", "s", "-1s", "1 year", "1e3s", "1,5s"])
      assert.equal(parseDuration(text), undefined, text);
    for (const text of ["64", "64kb", "64TB", "KB"]) assert.equal(parseSize(text), undefined, text);
    for (const text of ["100", "100Mbit", "100mbps"]) assert.equal(parseRate(text), undefined, text);
  });

  it("addresses are canonical, networks have no host bits", () => {
    assert.deepEqual(parseAddress("FD00:0:0:0::01"), { family: 6, address: "fd00::1" });
    for (const text of ["", "10.1.0", "10.1.0.256", "010.1.0.1", "fe80::1%eth0", ":::", "10.1.0.1/24"])
      assert.equal(parseAddress(text), undefined, text);
    for (const [text, network] of [
      ["10.1.130.9/17", "10.1.128.0"],
      ["10.1.130.9", "10.1.130.9"],
      ["10.1.130.9/0", "0.0.0.0"],
      ["fd00:1:2:3::9/36", "fd00:1::"],
      ["fd00::ff/127", "fd00::fe"],
    ] as const) {
      const prefix = parsePrefix(text);
      assert.ok(prefix);
      assert.equal(networkOf(prefix).address, network);
      assert.ok(contains(prefix, prefix) && contains(prefix, networkOf(prefix)));
    }
    const prefix = parsePrefix("10.1.128.0/17");
    assert.ok(prefix);
    const inside = (text: string) => contains(prefix, parseAddress(text) ?? assert.fail(text));
    assert.deepEqual(["10.1.128.0", "10.1.255.255", "10.1.127.255", "10.2.128.0", "::"].map(inside), [
      true,
      true,
      false,
      false,
      false,
    ]);
    for (const text of ["10.1.0.2/33", "fd00::/129", "10.1.0.2/", "/24"])
      assert.equal(parsePrefix(text), undefined, text);
  });

  it("endpoints have an address and a port", () => {
    assert.deepEqual(parseEndpoint("[fd00:1::2]:65535"), { family: 6, address: "fd00:1::2", port: 65_535 });
    for (const text of [
      "10.1.0.2",
      "10.1.0.2:",
      "10.1.0.2:65536",
      "fd00::1:80",
      "[10.1.0.2]:80",
      "host:80",
      "[fd00::1]",
    ])
      assert.equal(parseEndpoint(text), undefined, text);
  });

  it("unknown words are compared with known ones", () => {
    const known = ["segment_size", "buffer_size", "rate", "rate_limit"];
    assert.equal(suggestion("segmentSize", known), "segment_size");
    assert.equal(suggestion("bufer_size", known), "buffer_size");
    assert.equal(suggestion("raet", known), "rate");
    assert.equal(suggestion("colour", known), undefined);
    assert.equal(suggestion("x", ["y"]), undefined);
  });
});
