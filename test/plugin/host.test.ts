import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { parsePrefix } from "../../plugin/config/index.js";
import type { HostRulesOptions } from "../../plugin/host/index.js";
import { HostLab, type HostProcess } from "./host-lab.js";

function prefix(text: string) {
  const parsed = parsePrefix(text);
  assert.ok(parsed);
  return parsed;
}

const options: HostRulesOptions = {
  form: "transparent",
  ways: [],
  port: {
    name: "tpo0",
    addresses: [prefix("10.1.0.2/24"), prefix("fd00:1::2/64")],
    gateways: [
      { family: 4, address: "10.1.0.11" },
      { family: 6, address: "fd00:1::b" },
    ],
    routes: [],
    trunk: [],
    mtu: 1500,
  },
  listenPort: 4755,
  steering: {
    mark: 0x7470_0001,
    ownMark: 0x7470_0002,
    routeTable: 7471,
    ownRouteTable: 7472,
    rulePriority: 7470,
  },
};

/** Tells only what is different, not the some 500 lines that are not. */
function assertSame(actual: readonly string[], expected: readonly string[]): void {
  const only = (these: readonly string[], those: readonly string[]) =>
    these.filter((line) => !those.includes(line));
  assert.deepEqual({ added: only(actual, expected), lost: only(expected, actual) }, { added: [], lost: [] });
}

describe("host rules", () => {
  let lab: HostLab;
  let plugin: HostProcess;
  let found: string[];

  beforeEach(async () => {
    lab = await HostLab.create();
    // A host that has something of its own, near to what we add; without IPv6 addresses that come by themselves later.
    await lab.in(
      lab.host,
      `ip link add eth9 type veth peer name eth8; for d in eth8 eth9; do ip link set $d addrgenmode none; done; ip link set eth9 up; ip link set eth8 up; ip address add 10.9.0.1/24 dev eth9
       ip route add default via 10.9.0.254
       ip rule add fwmark 7 lookup 77 priority 7471; ip route add 10.77.0.0/16 via 10.9.0.7 table 77
       ip -6 rule add from fd00:77::/64 lookup 77 priority 100
       nft 'table inet other { chain prerouting { type filter hook prerouting priority mangle; ip saddr 10.77.0.1 drop; }; }'`,
    );
    found = await lab.dump();
    plugin = lab.start(lab.host, options);
  });
  afterEach(() => lab.destroy());

  it("sets up once, changes nothing the second time, and leaves the host as found", async () => {
    await plugin.ask("ensure");
    const first = await lab.dump();
    assert.notDeepEqual(first, found);
    await plugin.ask("ensure");
    assertSame(await lab.dump(), first);
    await plugin.ask("remove");
    assertSame(await lab.dump(), found);
    await plugin.ask("remove");
    assertSame(await lab.dump(), found);
  });

  it("leaves the host's own way to everywhere", async () => {
    const ways =
      "ip route show table main; ip -6 route show table main; for a in 10.1.0.11 10.2.0.11 10.77.0.1; do ip route get $a; done; ip route get 10.77.0.1 mark 7";
    const before = await lab.in(lab.host, ways);
    await plugin.ask("ensure");
    const after = (await lab.in(lab.host, ways)).replaceAll(/^fe80::\/64 dev tpo0 .*\n/gm, "");
    assert.equal(after, before);
  });

  it("clears up after a predecessor that was killed, with another configuration", async () => {
    const earlier = lab.start(lab.host, {
      ...options,
      listenPort: 4000,
      port: { ...options.port, addresses: [prefix("10.1.0.7/16"), prefix("fd00:1::7/48")], gateways: [] },
      steering: { ...options.steering, mark: 0x1111, ownMark: 0x2222, rulePriority: 6000 },
    });
    await earlier.ask("ensure");
    await earlier.end("SIGKILL");
    await plugin.ask("ensure");
    const mixed = (await lab.dump()).join("\n");
    assert.doesNotMatch(mixed, /10\.1\.0\.7|fd00:1::7|0x1111|0x2222|:4000|^6000:/m);
    await plugin.ask("remove");
    assertSame(await lab.dump(), found);
  });

  it("removes what a killed predecessor left without setting up first", async () => {
    await plugin.ask("ensure");
    await plugin.end("SIGKILL");
    await lab.start(lab.host, options).ask("remove");
    assertSame(await lab.dump(), found);
  });

  for (const [what, harm] of [
    ["flushed nftables", "nft delete table inet ovs_tpo_tpo0"],
    ["a rule too many in the table", "nft add rule inet ovs_tpo_tpo0 prerouting counter"],
    ["a deleted rule", "ip rule delete fwmark 0x74700002"],
    ["a deleted address", "ip address delete 10.1.0.2/24 dev tpo0"],
    ["a port that is down", "ip link set tpo0 down"],
    ["another MTU", "ip link set tpo0 mtu 1400"],
    ["a short queue", "ip link set tpo0 txqueuelen 1000"],
    ["a flushed route table", "ip -6 route flush table 7472"],
    ["a changed sysctl", "echo 1 > /proc/sys/net/ipv4/conf/tpo0/rp_filter"],
  ] as const) {
    it(`repairs ${what}`, async () => {
      await plugin.ask("ensure");
      const whole = await lab.dump();
      await lab.in(lab.host, harm);
      assert.notDeepEqual(await lab.dump(), whole);
      await plugin.ask("ensure");
      assertSame(await lab.dump(), whole);
    });
  }

  it("starts again when the port has vanished and come back", async () => {
    await plugin.ask("ensure");
    await lab.in(lab.host, "ip link delete tpo0");
    await assert.rejects(plugin.ask("ensure"), {
      code: "HOST_PORT_MISSING",
      message: /no network device tpo0; .*ovs-vswitchd/,
    });
    await lab.connect();
    await plugin.ask("ensure");
    await plugin.ask("intercept");
    assert.match(await lab.start(lab.lan).ask("connect", "10.2.0.11", 80, "hello"), /hello$/);
  });

  it("removes the rest when the port is gone", async () => {
    await plugin.ask("ensure");
    await lab.in(lab.host, "ip link delete tpo0");
    await plugin.ask("remove");
    assert.doesNotMatch((await lab.dump()).join("\n"), /proto 116|ovs_tpo|7472/);
  });

  it("refuses a route table that somebody else uses", async () => {
    await lab.in(lab.host, "ip route add 10.5.0.0/16 via 10.9.0.5 table 7472");
    await assert.rejects(plugin.ask("ensure"), {
      code: "HOST_TAKEN",
      message:
        /route table 7472 holds a route of someone else \(unicast 10\.5\.0\.0\/16 via 10\.9\.0\.5.*steering\.own_route_table/,
    });
    await plugin.ask("remove");
    await lab.in(lab.host, "ip route delete 10.5.0.0/16 table 7472");
    assertSame(await lab.dump(), found);
  });
});

describe("host rules in use", () => {
  let lab: HostLab;
  let plugin: HostProcess;
  let client: HostProcess;

  before(async () => {
    lab = await HostLab.create();
    // The strictest host: reverse path filter everywhere, forwarding on, nothing in the main table.
    await lab.in(
      lab.host,
      `echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 1 > /proc/sys/net/ipv4/ip_forward
       nft 'table inet watch { chain forward { type filter hook forward priority 0; counter; }; }'`,
    );
    plugin = lab.start(lab.host, options);
    await plugin.ask("ensure");
    client = lab.start(lab.lan);
  });
  after(() => lab.destroy());

  it("drops what no listener takes, and never forwards it", async () => {
    await assert.rejects(client.ask("connect", "10.2.0.11", 80, "x"), { message: /ETIMEDOUT in the test/ });
    assert.match(await lab.in(lab.host, "nft list table inet watch"), /counter packets 0 bytes 0/);
  });

  it("hands intercepted connections to the listener with their own addresses", async () => {
    await plugin.ask("intercept");
    assert.match(
      await client.ask("connect", "10.2.0.11", 80, "hello"),
      /^10\.2\.0\.11:80 10\.1\.0\.11:\d+\nhello$/,
    );
    assert.match(
      await client.ask("connect", "fd00:2::b", 80, "hello"),
      /^fd00:2::b:80 fd00:1::b:\d+\nhello$/,
    );
  });

  it("leaves the port's own addresses to the host", async () => {
    await plugin.ask("serve", "10.1.0.2", 9001);
    assert.match(await client.ask("connect", "10.1.0.2", 9001, "hello"), /^10\.1\.0\.2:9001 .*\nhello$/);
    await assert.rejects(client.ask("connect", "10.1.0.2", 9002, "hello"), { code: "ECONNREFUSED" });
  });

  it("opens onward connections in the client's name", async () => {
    await client.ask("serve", "10.1.0.11", 9000);
    await client.ask("serve", "fd00:1::b", 9000);
    assert.equal(
      await plugin.ask("onward", "10.2.0.11", 5555, "10.1.0.11", 9000, "hello"),
      "10.1.0.11:9000 10.2.0.11:5555\nhello",
    );
    assert.equal(
      await plugin.ask("onward", "fd00:2::b", 5555, "fd00:1::b", 9000, "hello"),
      "fd00:1::b:9000 fd00:2::b:5555\nhello",
    );
  });

  it("lets a client use the port of a connection that this side closed", async () => {
    for (let round = 0; round < 3; round++) {
      assert.match(
        await client.ask("connect", "10.2.0.11", 80, "bye", 7777),
        /^10\.2\.0\.11:80 10\.1\.0\.11:7777\n$/,
      );
    }
    assert.match(await lab.in(lab.host, "cat /proc/net/tcp"), /: 0B00020A:0050 0B00010A:1E61 06 /);
  });

  it("resets a connection that a dead predecessor had", async () => {
    await client.ask("keep", "old", "10.2.0.11", 80);
    await client.ask("keep", "old6", "fd00:2::b", 80);
    // The sockets are gone without a word that is heard: as after a power cut.
    await lab.in(lab.lan, "nft 'table inet deaf { chain in { type filter hook input priority 0; drop; }; }'");
    await lab.in(lab.host, "ss --kill state established sport = :80");
    await plugin.end("SIGKILL");
    await lab.in(lab.lan, "nft delete table inet deaf");
    plugin = lab.start(lab.host, options);
    await plugin.ask("ensure");
    await plugin.ask("intercept");
    await assert.rejects(client.ask("speak", "old", "hello"), { code: "ECONNRESET" });
    await assert.rejects(client.ask("speak", "old6", "hello"), { code: "ECONNRESET" });
  });

  it("resets a silent client that it was killed under, just before the handshake's last packet came", async () => {
    await plugin.end("SIGKILL");
    plugin = lab.start(lab.host, options);
    await plugin.ask("ensure");
    await plugin.ask("intercept", 3);
    await lab.in(
      lab.lan,
      "nft 'table inet mute { chain out { type filter hook output priority 0; tcp dport 80 tcp flags & (syn | ack) == ack drop; }; }'",
    );
    await client.ask("keep", "late", "10.2.0.11", 80);
    await client.ask("keep", "late6", "fd00:2::b", 80);
    await plugin.end("SIGKILL");
    await lab.in(lab.lan, "nft delete table inet mute");
    // The SYN-ACK comes again after a second, and is answered again.
    assert.equal(await client.ask("ending", "late"), "ECONNRESET");
    assert.equal(await client.ask("ending", "late6"), "ECONNRESET");
  });
});
