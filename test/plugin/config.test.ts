import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BridgeConfig, jsonSchema, parseConfig } from "../../plugin/config/index.js";
import { minimal, problems, STEERING, whole } from "./configurations.js";

describe("configuration", () => {
  it("is read with all its fields", () => {
    const { peers, bridges, classes, ...config } = parseConfig(whole, "a.yaml");
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
          creditMax: 67_108_864,
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
    assert.deepEqual(
      [...classes.values()],
      [
        { name: "default", keepalive: 15_000, noDelay: true },
        {
          name: "bulk",
          priority: 3,
          dscp: 8,
          idleTimeout: 28_800_000,
          congestionControl: "bbr",
          keepalive: 10_000,
          userTimeout: 30_000,
          noDelay: false,
          sendBuffer: 1_048_576,
          receiveBuffer: 2_097_152,
        },
        { name: "voice", dscp: 44, keepalive: 15_000, noDelay: true },
      ],
    );
    const towards = (destination: string, destinationPort: number) =>
      table.lookup({ protocol: "tcp", source: "10.1.0.11", sourcePort: 5000, destination, destinationPort })
        ?.action;
    assert.deepEqual(towards("10.2.0.11", 80), {
      type: "optimize",
      peer: "b",
      class: "bulk",
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
