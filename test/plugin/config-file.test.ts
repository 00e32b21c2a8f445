import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  ConfigFileError,
  contains,
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
import { minimal, problems } from "./configurations.js";

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
