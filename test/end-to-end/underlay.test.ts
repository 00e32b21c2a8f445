import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Lab } from "../../ovs-lab/index.js";
import { bridgeDump, Capture, hostDump, SERVER, SERVER6, until, WebServer } from "./site.js";
import { WideLab } from "./wide-lab.js";

/** The network by which site a's host itself reaches the WAN, beside the bridge. */
const NETWORK = 9;
const MOVER = `10.1.${NETWORK}.2`;

describe("a mover on an interface of its own (underlay)", { timeout: 120_000 }, () => {
  let wide: WideLab;
  let lab: Lab;
  let web: WebServer;
  let device: string;
  let found: string[];
  const dumps = () => Promise.all([bridgeDump(lab, "a"), hostDump(lab, "a")]);

  before(async () => {
    wide = await WideLab.up("e2e-underlay", 1);
    lab = wide.lab;
    device = await wide.addNetwork(NETWORK);
    await wide.on(
      "a-switch",
      `ip address add ${MOVER}/24 dev ${device}`,
      `ip route add default via 10.1.${NETWORK}.1`,
    );
    const both = { protocol: "tcp", action: "optimize" };
    const [here, there] = [
      ["10.1.0.0/24", "fd00:1::/64"],
      ["10.2.0.0/24", "fd00:2::/64"],
    ];
    wide.configure("a", (configuration) => ({
      ...configuration,
      mover: { listen: `${MOVER}:4754`, underlay: true },
      table: [{ ...both, source: here, destination: there, peer: "b" }],
    }));
    wide.configure("b", ({ peers, ...configuration }) => ({
      ...configuration,
      peers: { a: { ...(peers as { a: object }).a, address: `${MOVER}:4754` } },
      table: [{ ...both, source: there, destination: here, peer: "a" }],
    }));
    web = await WebServer.start(lab, "server", SERVER, SERVER6);
    found = await dumps();
    await wide.attach();
  });
  after(async () => {
    await web?.stop();
    await lab?.down();
  });

  test("the mover's datagrams take the host's way and never the bridge's", async () => {
    const [own, port] = await Promise.all([
      Capture.start(lab, "a-switch", "udp port 4754", device),
      Capture.start(lab, "a-switch", "udp port 4754", "tpo0"),
    ]);
    await wide.download("a-host1", "10.1.0.11", web);
    await wide.download("a-host1", "fd00:1::11", web, SERVER6);
    await until("the mover's datagrams", () => own.packets.length > 100);
    await Promise.all([own.stop(), port.stop()]);
    const ends = new RegExp(` IP (${MOVER}|10\\.2\\.0\\.2)\\.4754 > (${MOVER}|10\\.2\\.0\\.2)\\.4754: UDP`);
    assert.deepEqual(
      own.packets.filter((line) => !ends.test(line)),
      [],
    );
    assert.deepEqual(port.packets, []);
  });

  test("the other way round, a server of site a sees its client", async () => {
    const there = await WebServer.start(lab, "a-host1", "10.1.0.11", "fd00:1::11");
    try {
      await wide.download("b-host1", SERVER, there, "10.1.0.11");
      await wide.download("b-host1", SERVER6, there, "fd00:1::11");
    } finally {
      await there.stop();
    }
  });

  test("the interface down, connections go direct over the bridge, and through it again when it is up", async () => {
    const fetch = async () => {
      const { status } = await lab.exec("client", [
        ...["curl", "-sSo", "/dev/null", "--max-time", "5", `http://${SERVER}/blob`],
      ]);
      assert.equal(status, 0);
      return (await wide.status()).connections.total;
    };
    await wide.on("a-router", `ip link set ${device} down`);
    await until("the peer is silent", async () => (await wide.status()).state === "peer-silent");
    const before = (await wide.status()).connections.total;
    assert.equal(await fetch(), before);
    await wide.on("a-router", `ip link set ${device} up`);
    await lab.plugin("a").ready();
    assert.equal(await fetch(), before + 1);
  });

  test("detached, bridge and host are as they were found", async () => {
    await lab.plugin("a").stop();
    assert.deepEqual(await dumps(), found);
  });
});
