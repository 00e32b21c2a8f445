import assert from "node:assert/strict";
import { it } from "node:test";
import { ConfigError, parseConfig } from "../../plugin/config/index.js";

export const whole = `site: a
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
classes:
  bulk: { priority: 3, dscp: cs1, idle_timeout: 8h, congestion_control: bbr, keepalive: 10s, user_timeout: 30s, no_delay: false, send_buffer: 1MB, receive_buffer: 2MB }
  voice: { dscp: 44 }
table:
  - { protocol: tcp, source: 10.1.0.11, destination: 10.2.0.11, destination_port: 80, action: optimize, peer: b, class: bulk, accept: confirmed, when_peer_down: hold }
  - { protocol: tcp, source: 10.1.0.0/24, source_port: any, action: pass, name: rest }
edge:
  tcp:
    port: 4755
    credit_max: 64MB
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

export const STEERING = {
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

export const minimal = `site: a
ovs: { bridge: br0 }
port: { addresses: [10.1.0.2/24] }
mover: { listen: "10.1.0.2:4754" }
`;

export function problems(text: string) {
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
export function withLine(line: string, replacement: string): { text: string; line: number } {
  const lines = whole.split("\n");
  const index = lines.findIndex((one) => one.trimStart() === line || one.trimStart().startsWith(line));
  assert.notEqual(index, -1, line);
  const indent = /^ */.exec(lines[index] ?? "")?.[0] ?? "";
  lines[index] = replacement.replaceAll(/^/gm, indent);
  return { text: lines.join("\n"), line: index + 1 };
}

/** What a line is replaced with, where the error is (line from there, column), and what it says. */
export type WrongField = readonly [
  line: string,
  replacement: string,
  at: readonly [number, number],
  path: string,
  message: RegExp,
];

/** Each in turn: the field is found, and nothing else. */
export function eachWrong(fields: readonly WrongField[]): void {
  for (const [line, replacement, [lineOffset, column], path, message] of fields) {
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
}
