import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab as LabType } from "../../ovs-lab/index.js";
import { Lab } from "../../ovs-lab/index.js";
import { Capture, carried, listening, SERVER, script, until } from "./site.js";

/** An address on the server's LAN that nobody has. */
const NOBODY = "10.2.0.77";

const ENTRY = {
  protocol: "tcp",
  source: "10.1.0.11",
  destination: "10.2.0.0/24",
  action: "optimize",
  peer: "b",
  accept: "confirmed",
};

/** Behind the far LAN's router, which has no way to any of them. */
const BEYOND = "10.9.0.0/24";
const EARLY_BEYOND = "10.9.0.9";

/** Longer than it takes until a SYN without an answer is sent again (RFC 6298 §2), milliseconds. */
const SYN_SENT_AGAIN = 1500;

/** What a client sees of its attempt to connect: `connected`, an error's code, or `silence`. */
async function attempt(lab: LabType, host: string, port: number, patience = 15_000): Promise<string> {
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

describe("connections that the far edge confirms", () => {
  let lab: LabType;
  before(async () => {
    lab = await Lab.up({
      name: "e2e-conf",
      rate: "100mbit",
      rtt: "20ms",
      plugins: {
        a: {
          table: [
            ENTRY,
            { ...ENTRY, destination: EARLY_BEYOND, accept: "early" },
            { ...ENTRY, destination: BEYOND },
          ],
        },
      },
    });
  });
  after(() => lab?.down());

  test("a closed port refuses, through us as without us", async () => {
    assert.equal(await attempt(lab, SERVER, 9999), "ECONNREFUSED");
    const direct = await script(
      lab,
      "a-host2",
      `net.connect(9999, "${SERVER}").on("error", (e) => console.log(e.code));`,
    );
    assert.equal(direct.stdout.trim(), "ECONNREFUSED");
  });

  test("a host that is not there cannot be reached", async () => {
    assert.equal(await attempt(lab, NOBODY, 80), "EHOSTUNREACH");
  });

  test("what a router beyond the far LAN says reaches the client", async () => {
    const routes = [
      ["unreachable", "10.9.0.1", "EHOSTUNREACH"],
      ["prohibit", "10.9.0.2", "EHOSTUNREACH"],
    ] as const;
    for (const [kind, address] of [...routes, ["unreachable", EARLY_BEYOND]])
      await lab.exec("b-router", ["ip", "route", "add", kind!, address!]);
    // It would say it to one host a few times at once, and then but once a second.
    await lab.exec("b-router", ["sysctl", "-q", "net.ipv4.icmp_ratelimit=0"]);
    const asked = await Capture.start(lab, "b-router", "tcp[tcpflags] & tcp-syn != 0", "lan0");
    const capture = await Capture.start(lab, "client", "icmp", "eth0");
    for (const [kind, address, seen] of routes)
      assert.equal(await attempt(lab, address, 80), seen, `${kind} ${address}`);
    assert.equal(await attempt(lab, "10.9.0.3", 80), "ENETUNREACH");
    const early = await script(
      lab,
      "client",
      `net.connect(80, "${EARLY_BEYOND}").on("connect", () => console.log("connected")).on("error", (e) => console.log(e.code));`,
    );
    assert.equal(early.stdout, "connected\nECONNRESET\n");
    await until("the client was told by our own port", () => {
      const told = capture.packets.filter((line) => line.includes("IP 10.1.0.2 > 10.1.0.11"));
      return told.length === 3 && told.some((line) => line.includes("admin prohibited"));
    });
    await capture.stop();
    // Whom nobody waits for any more the far edge does not ask again.
    await sleep(SYN_SENT_AGAIN);
    await asked.stop();
    const destinations = asked.packets.map((line) => / > ([\d.]+)\.80:/.exec(line)?.[1]);
    assert.deepEqual(destinations, ["10.9.0.1", "10.9.0.2", "10.9.0.3", EARLY_BEYOND]);
  });

  test("silence stays silence", async () => {
    await lab.exec("server", [
      "nft",
      "add table ip quiet; add chain ip quiet in { type filter hook input priority 0; }",
    ]);
    await lab.exec("server", ["nft", "add rule ip quiet in tcp dport 9010 drop"]);
    assert.equal(await attempt(lab, SERVER, 9010, 6000), "silence");
    await lab.exec("server", ["nft", "delete table ip quiet"]);
  });

  test("what a server says first waits for its client", async () => {
    const server = lab.spawn("server", [
      process.execPath,
      "-e",
      `require("net").createServer((s) => {
        s.write("220 ready\\r\\n");
        s.on("data", (d) => s.end("250 " + d)).on("error", () => {});
      }).listen(9011);`,
    ]);
    try {
      await listening(lab, "server", 9011);
      const capture = await Capture.start(lab, "b-router", "tcp");
      const before = await carried(lab, "a");
      const { stdout } = await script(
        lab,
        "client",
        `const s = net.connect(9011, "${SERVER}").once("data", (d) => {
          process.stdout.write(d);
          s.write("hello");
          s.on("data", (d) => process.stdout.write(d));
        });`,
      );
      assert.equal(stdout, "220 ready\r\n250 hello");
      assert.equal(await carried(lab, "a"), before + 1);
      await capture.stop();
      assert.deepEqual(capture.packets, [], "nothing of it crosses the WAN but by the movers");
    } finally {
      server.kill();
    }
  });

  test("a hundred at once, each with its own answer", async () => {
    const server = lab.spawn("server", [
      process.execPath,
      "-e",
      `require("net").createServer((s) => {
        s.write(s.remotePort + "\\n");
        s.on("data", (d) => s.end(d)).on("error", () => {});
      }).listen(9012, undefined, 1000);`,
    ]);
    try {
      await listening(lab, "server", 9012);
      const before = await carried(lab, "a");
      const { stdout } = await script(
        lab,
        "client",
        `let right = 0;
        for (let i = 0; i < 100; i++) {
          let heard = "";
          const s = net.connect(9012, "${SERVER}", () => s.write("number " + i));
          let mine;
          s.on("connect", () => { mine = s.localPort; });
          s.on("data", (d) => { heard += d; });
          s.on("error", (e) => console.log(e.code));
          s.on("close", () => { if (heard === mine + "\\nnumber " + i && ++right === 100) console.log("all"); });
        }`,
      );
      assert.equal(stdout.trim(), "all");
      assert.equal(await carried(lab, "a"), before + 100);
    } finally {
      server.kill();
    }
  });

  test("with the WAN and the LAN losing one packet in ten, every client gets its own answer", async () => {
    const server = lab.spawn("server", [
      process.execPath,
      "-e",
      `require("net").createServer((s) => s.on("error", () => {}).end("ok")).listen(9013);`,
    ]);
    try {
      await listening(lab, "server", 9013);
      await lab.set({ loss: "10%" });
      // The client's first two SYNs in three never arrive: it sends them again.
      await lab.exec("client", [
        "nft",
        "add table ip lossy; add chain ip lossy out { type filter hook postrouting priority 0; }; add rule ip lossy out tcp flags & (syn | ack) == syn numgen inc mod 3 < 1 drop",
      ]);
      const { stdout } = await script(
        lab,
        "client",
        `let done = 0;
        for (let i = 0; i < 30; i++) {
          let heard = "";
          net.connect(9013, "${SERVER}").on("data", (d) => { heard += d; })
            .on("error", (e) => console.log(e.code))
            .on("close", () => { if (heard === "ok") done++; if (done === 30) console.log("all"); });
        }`,
        60_000,
      );
      assert.equal(stdout.trim(), "all");
    } finally {
      await lab.exec("client", ["nft", "delete table ip lossy"]);
      await lab.set({ loss: "0%" });
      server.kill();
    }
  });

  test("a client that gives up makes the far edge drop its connection", async () => {
    const server = lab.spawn(
      "server",
      [
        process.execPath,
        "-e",
        `require("net").createServer((s) => s.on("error", (e) => console.log(e.code)).on("close", () => console.log("closed"))).listen(9014);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let said = "";
    server.stdout?.on("data", (text) => {
      said += text;
    });
    try {
      await listening(lab, "server", 9014);
      // It hears no answer to its SYN, and goes.
      await lab.exec("client", [
        "nft",
        "add table ip deaf; add chain ip deaf in { type filter hook prerouting priority -300; }; add rule ip deaf in tcp sport 9014 drop",
      ]);
      assert.equal(await attempt(lab, SERVER, 9014, 500), "silence");
      await until("the far edge drops it", () => said.includes("closed"), 15_000);
    } finally {
      await lab.exec("client", ["nft", "delete table ip deaf"]);
      server.kill();
    }
  });
});

describe("new connections while their peer is down", () => {
  let lab: LabType;
  before(async () => {
    const entry = (port: number, whenPeerDown: string) => ({
      ...ENTRY,
      accept: "early",
      destination_port: port,
      when_peer_down: whenPeerDown,
    });
    lab = await Lab.up({
      name: "e2e-down-policy",
      rate: "100mbit",
      rtt: "20ms",
      plugins: { a: { table: [entry(9021, "pass"), entry(9022, "hold"), entry(9023, "refuse")] } },
    });
  });
  after(() => lab?.down());

  test("they pass, wait for the peer, or are refused, each as its entry says", async () => {
    const server = lab.spawn("server", [
      process.execPath,
      "-e",
      `for (const port of [9021, 9022, 9023]) require("net").createServer((s) => s.on("error", () => {}).end()).listen(port);`,
    ]);
    try {
      for (const port of [9021, 9022, 9023]) await listening(lab, "server", port);
      const before = await carried(lab, "a");
      for (const port of [9021, 9022, 9023]) assert.equal(await attempt(lab, SERVER, port), "connected");
      assert.equal(await carried(lab, "a"), before + 3);

      await lab.plugin("b").stop();
      await until("the refusal", async () => (await attempt(lab, SERVER, 9023, 1000)) === "ECONNREFUSED");
      assert.equal(await attempt(lab, SERVER, 9021), "connected");
      assert.equal(await carried(lab, "a"), before + 3, "it passed");
      assert.equal(await attempt(lab, SERVER, 9022, 1500), "silence");

      // One that is held is connected once the peer is back, by its own retransmission.
      const held = attempt(lab, SERVER, 9022, 40_000);
      await lab.plugin("b").start();
      assert.equal(await held, "connected");
      assert.equal(await carried(lab, "a"), before + 4);

      // A plugin that is dead holds nobody.
      await lab.plugin("b").stop();
      await until("the refusal", async () => (await attempt(lab, SERVER, 9023, 1000)) === "ECONNREFUSED");
      await lab.plugin("a").kill();
      assert.equal(await attempt(lab, SERVER, 9022), "connected");
      assert.equal(await attempt(lab, SERVER, 9023), "connected");
    } finally {
      server.kill();
    }
  });
});
