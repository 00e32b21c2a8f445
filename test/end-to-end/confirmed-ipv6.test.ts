import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import { Capture, carried, listening, SERVER6, script, until } from "./site.js";

/** An address on the server's LAN that nobody has, and one behind its router, which has no way there. */
const NOBODY = "fd00:2::77";
const BEYOND = "fd00:9::3";

describe("connections over IPv6 that the far edge confirms", { timeout: 120_000 }, () => {
  let lab: Lab;

  before(async () => {
    lab = await Lab.up({
      ...{ name: "e2e-conf6", rate: "100mbit", rtt: "20ms" },
      plugins: {
        a: {
          table: [
            {
              ...{ protocol: "tcp", action: "optimize", peer: "b", accept: "confirmed" },
              source: "fd00:1::11",
              destination: ["fd00:2::/64", "fd00:9::/64"],
            },
          ],
        },
      },
    });
  });
  after(() => lab?.down());

  /** What a client sees of its attempt to connect: `connected`, an error's code, or `silence`. */
  async function attempt(host: string, port: number, patience = 15_000): Promise<string> {
    const { stdout } = await script(
      lab,
      "client",
      `const say = (text) => { console.log(text); process.exit(); };
      net.connect(${port}, "${host}").on("connect", () => say("connected")).on("error", (e) => say(e.code));
      setTimeout(() => say("silence"), ${patience});`,
      patience + 10_000,
    );
    return stdout.trim();
  }

  test("a closed port refuses", async () => {
    assert.equal(await attempt(SERVER6, 9999), "ECONNREFUSED");
  });

  test("what cannot be reached is said to be so, by our own port", async () => {
    const capture = await Capture.start(lab, "client", "icmp6 and ip6[40] == 1", "eth0");
    assert.equal(await attempt(NOBODY, 80), "EHOSTUNREACH");
    assert.equal(await attempt(BEYOND, 80), "ENETUNREACH");
    await until(
      "both errors",
      () => capture.packets.filter((line) => line.includes("IP6 fd00:1::2 > fd00:1::11")).length === 2,
    );
    await capture.stop();
  });

  test("silence stays silence", async () => {
    const rule = "add table ip6 quiet; add chain ip6 quiet in { type filter hook input priority 0; }";
    await lab.exec("server", ["nft", `${rule}; add rule ip6 quiet in tcp dport 9010 drop`]);
    assert.equal(await attempt(SERVER6, 9010, 6000), "silence");
    await lab.exec("server", ["nft", "delete table ip6 quiet"]);
  });

  test("what a server says first waits for its client", async () => {
    const server = lab.spawn("server", [
      process.execPath,
      "-e",
      `require("net").createServer((s) => s.end("220 " + s.remoteAddress)).listen(9011, "${SERVER6}");`,
    ]);
    try {
      await listening(lab, "server", 9011);
      const before = await carried(lab, "a");
      const { stdout } = await script(
        lab,
        "client",
        `net.connect(9011, "${SERVER6}").on("data", (d) => process.stdout.write(d));`,
      );
      assert.equal(stdout, "220 fd00:1::11");
      assert.equal(await carried(lab, "a"), before + 1);
    } finally {
      server.kill();
    }
  });
});
