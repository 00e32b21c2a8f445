import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { classOf, lanOf, parseConfig } from "../../plugin/config/index.js";
import { eachWrong, type WrongField, whole, withLine } from "./configurations.js";

const entry = "- { protocol: tcp, source: 10.1.0.11";

const wrong: readonly WrongField[] = [
  [
    "bulk:",
    "bulk: { priority: 4 }",
    [0, 21],
    "classes.bulk.priority",
    /^found 4, expected a whole number from 0 to 3/,
  ],
  [
    "bulk:",
    "bulk: { dscp: gold }",
    [0, 17],
    "classes.bulk.dscp",
    /^found "gold", expected "keep", a code point from 0 to 63, or its name \(default, le, cs1, .*cs7\)/,
  ],
  ["bulk:", "bulk: { dscp: 64 }", [0, 17], "classes.bulk.dscp", /^found 64, expected "keep"/],
  [
    "bulk:",
    "bulk: { idle_timeout: 0s }",
    [0, 25],
    "classes.bulk.idle_timeout",
    /^found "0s", expected a duration from 1s to 720h/,
  ],
  [
    "bulk:",
    "bulk: { congestion_control: a b }",
    [0, 31],
    "classes.bulk.congestion_control",
    /^found "a b", expected the name of a congestion control/,
  ],
  [
    "bulk:",
    "bulk: { keepalive: 30s }",
    [0, 22],
    "classes.bulk.keepalive",
    /^found 30s, expected at most 22500ms \(half of steering.fin_idle\)/,
  ],
  ["bulk:", "bulk: { send_buffer: 1KB }", [0, 24], "classes.bulk.send_buffer", /from 16KB to 256MB/],
  [
    "bulk:",
    "bulk: { prio: 0 }",
    [0, 11],
    "classes.bulk.prio",
    /^found an unknown field, expected one of priority, dscp, /,
  ],
  [
    entry,
    "- { protocol: tcp, action: optimize, peer: b, class: bulky }",
    [0, 56],
    "table[0].class",
    /^found "bulky", expected the name of a class \(bulk, voice, default\); did you mean "bulk"\?$/,
  ],
  [
    entry,
    "- { protocol: tcp, action: pass, class: bulk }",
    [0, 43],
    "table[0].class",
    /^found class with action pass, expected none of accept, class and when_peer_down/,
  ],
  [
    entry,
    "- { protocol: tcp, action: pass, vlan: 11 }",
    [0, 42],
    "table[0].vlan",
    /^found VLAN 11, expected a VLAN of the port \(10, 20, 30\); correct it, or give the port that VLAN/,
  ],
  [
    entry,
    "- { protocol: tcp, action: pass, vlan: 0 }",
    [0, 42],
    "table[0].vlan",
    /^found 0, expected a whole number from 1 to 4094/,
  ],
];

describe("each field of classes, and what entries say of class and VLAN, wrong in turn", () =>
  eachWrong(wrong));

describe("classes", () => {
  const config = parseConfig(whole, "a.yaml");

  it("are found by their names, and the default one where there is no such name, or none", () => {
    const names = ["bulk", "gold", undefined].map((name) => classOf(config, name).name);
    assert.deepEqual(names, ["bulk", "default", "default"]);
  });

  it("may have one for entries that name none", () => {
    const text = withLine("voice:", "default: { dscp: ef }").text;
    assert.equal(classOf(parseConfig(text, "a.yaml")).dscp, 46);
  });
});

describe("an entry's VLAN", () => {
  const { text } = withLine(entry, "- { protocol: tcp, vlan: 20, action: optimize, peer: b }");
  const [bridge] = parseConfig(text, "a.yaml").bridges;

  it("is that of the LAN on which the host is, or its router", () => {
    const of = (address: string) => lanOf(bridge!.port, { family: 4, address })?.vlan;
    assert.deepEqual(["10.1.0.11", "10.1.20.11", "10.1.5.11", "10.77.0.1"].map(of), [10, 20, 10, 10]);
  });

  it("decides about the entry", () => {
    const at = (vlan: number) =>
      bridge!.table.lookup({ protocol: "tcp", vlan, source: "10.9.0.1", destination: "10.2.0.11" })?.index;
    assert.deepEqual([at(20), at(10)], [0, undefined]);
  });
});
