import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { patience } from "../../ovs-lab/patience.js";
import { script, until } from "../end-to-end/site.js";
import { ECHO, GREETER, Ground, hosts, told } from "./ground.js";
import { Held } from "./held.js";

/** An address of the client's LAN that nobody has. */
const NOBODY = "10.1.0.77";
/** Drops what comes there. */
const SILENT = 9102;

/** The client's port of the connection that takes some seconds to stand. */
const LATE = 31_000;

/** A SYN that the busy switch drops comes again after a second; then all is known. Milliseconds. */
const SECOND_SYN = 2500;

/** The openings alone leave some 2300 flows: those of 45 s. */
const limits = { opening: 400, opening_per_peer: 100, switch_flows: 6000 };

describe("floods", { timeout: 150_000 }, () => {
  let ground: Ground;

  before(async () => {
    const entry = { protocol: "tcp", destination: "10.2.0.11", action: "optimize", peer: "b" };
    ground = await Ground.up("faults-flood", {
      plugins: {
        all: { edge: { tcp: { connect_timeout: "3s" } } },
        a: {
          limits,
          table: [
            { ...entry, source: NOBODY },
            { ...entry, source: hosts.client, destination_port: 9103, accept: "confirmed" },
            { ...entry, source: hosts.client },
          ],
        },
      },
    });
    await ground.lab.exec("server", [
      "nft",
      `add table ip silent; add chain ip silent in { type filter hook input priority 0; }; add rule ip silent in tcp dport { ${SILENT}, 9103 } drop`,
    ]);
  });
  after(() => ground?.down());

  /** Connections that are being opened for some seconds. */
  const floodOf = (port: number) =>
    script(
      ground.lab,
      "client",
      `for (let i = 0; i < 300; i++) net.connect(${port}, "${hosts.server}").on("error", () => {});
      setTimeout(() => process.exit(), 4000);`,
    );

  const ceilings = async () => (await ground.status("a", 2000 * patience))?.ceilings.join();

  test("of SYNs that nothing follows: new connections go direct, open ones go on, and it ends by itself", async (t) => {
    const held = await Held.start(ground.lab, "client", hosts.server, ECHO, 4);
    const openings = await ground.openings();
    const words = ["hping3", "-q", "-S", "-i", "u300", "-a", NOBODY, "-p", "++1", hosts.server];
    const flood = ground.lab.spawn("a-host2", words, { stdio: "ignore" });
    try {
      const since = Date.now();
      await until(
        "the switch is crowded",
        async () => (await ceilings()) === "limits.switch_flows: br0",
        30_000,
      );
      told(t, "crowded", since, Date.now());
      const direct = await openings.first("direct", since);
      await sleep(4000);
      const asked = Date.now();
      assert.ok(await ground.status("a", 2000 * patience), "it answers");
      told(t, "in the flood the status was there in", asked, Date.now());
      flood.kill("SIGKILL");
      await once(flood, "exit");
      const over = Date.now();
      await until("no ceiling is passed", async () => (await ceilings()) === "", 40_000);
      const back = await openings.first("optimized", over, 20_000);
      told(t, "after the flood, optimized again", over, back);
      await sleep(SECOND_SYN);
      const all = openings.since(since, Date.now() - SECOND_SYN);
      const lost = all.filter(({ result }) => result !== "ok");
      t.diagnostic(
        `${all.length} opened meanwhile, ${lost.length} lost; direct from ${direct - since} ms on`,
      );
      assert.deepEqual(lost, []);
      assert.deepEqual([...held.ends], []);
      t.diagnostic(`an echo took ${held.longestGap} ms at most`);
    } finally {
      flood.kill("SIGKILL");
      await Promise.all([openings.stop(), held.stop()]);
    }
  });

  test("past a ceiling, a connection whose SYN is sent again goes on being taken", async () => {
    const deaf = `add table ip deaf; add chain ip deaf in { type filter hook input priority 0; };
      add rule ip deaf in tcp sport ${GREETER} tcp dport ${LATE} tcp flags & (syn|ack) == syn|ack drop`;
    assert.equal((await ground.lab.exec("client", ["nft", deaf])).status, 0);
    const opened = Date.now();
    const late = script(
      ground.lab,
      "client",
      `net.connect({ host: "${hosts.server}", port: ${GREETER}, localPort: ${LATE} })
        .on("data", function (data) { console.log(String(data)); this.end(); })
        .on("error", ({ code }) => console.log(code));`,
    );
    // It sends its SYN at once, and after 1, 3 and 7 s.
    await sleep(1200);
    const flood = floodOf(SILENT);
    await until("the ceiling is passed", async () => (await ceilings()) === "limits.opening_per_peer: b");
    await sleep(Math.max(0, opened + 3500 - Date.now()));
    assert.equal(await ceilings(), "limits.opening_per_peer: b", "still passed, after its third SYN");
    await ground.lab.exec("client", ["nft", "delete table ip deaf"]);
    const { stdout } = await late;
    assert.equal(stdout.trim(), "ok");
    await flood;
    await until("the ceiling is not passed any more", async () => (await ceilings()) === "", 20_000);
  });

  for (const [accept, port] of [
    ["early", SILENT],
    ["confirmed", 9103],
  ] as const) {
    test(`of connections to a server that does not answer, accepted ${accept}: others go direct meanwhile`, async (t) => {
      const held = await Held.start(ground.lab, "client", hosts.server, ECHO, 4);
      const openings = await ground.openings();
      try {
        const since = Date.now();
        const flood = floodOf(port);
        await until("the ceiling is passed", async () => (await ceilings()) === "limits.opening_per_peer: b");
        const { connections } = (await ground.status())!;
        t.diagnostic(`${connections.opening} are being opened`);
        await openings.first("direct", since);
        await flood;
        await until("the ceiling is not passed any more", async () => (await ceilings()) === "", 20_000);
        await openings.first("optimized", Date.now());
        await sleep(SECOND_SYN);
        const lost = openings.since(since, Date.now() - SECOND_SYN).filter(({ result }) => result !== "ok");
        assert.deepEqual(lost, []);
        assert.deepEqual([...held.ends], []);
      } finally {
        await Promise.all([openings.stop(), held.stop()]);
      }
    });
  }
});
