import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lab } from "../../ovs-lab/index.js";
import {
  bridgeDump,
  Capture,
  carried,
  hostDump,
  inUrl,
  listening,
  SERVER,
  SERVER6,
  script,
  until,
  WebServer,
} from "./site.js";

const ENTRY = { protocol: "tcp", action: "optimize" };
const SITE_A = ["10.1.0.0/24", "fd00:1::/64"];
const SITE_B = ["10.2.0.0/24", "fd00:2::/64"];
const FAMILIES = [
  { client: "10.1.0.11", port: 40123, server: SERVER, edges: ["10.1.0.2", "10.2.0.2"] },
  { client: "fd00:1::11", port: 40124, server: SERVER6, edges: ["fd00:1::2", "fd00:2::2"] },
] as const;

let lab: Lab;
let web: WebServer;
let found: string[];
const dumps = () => Promise.all(["a", "b"].flatMap((site) => [bridgeDump(lab, site), hostDump(lab, site)]));

before(async () => {
  lab = await Lab.up({
    name: "e2e-rewrite",
    rate: "100mbit",
    rtt: "20ms",
    plugin: false,
    plugins: {
      a: {
        form: "rewrite",
        table: [
          {
            ...ENTRY,
            source: SITE_A,
            destination: [SERVER, SERVER6],
            destination_port: 81,
            peer: "b",
            accept: "confirmed",
          },
          { ...ENTRY, source: SITE_A, destination: SITE_B, peer: "b" },
        ],
      },
      b: {
        form: "rewrite",
        table: [{ ...ENTRY, source: SITE_B, destination: SITE_A, peer: "a" }],
      },
    },
  });
  found = await dumps();
  await Promise.all(["a", "b"].map((site) => lab.plugin(site).start()));
  await Promise.all(["a", "b"].map((site) => lab.plugin(site).ready()));
  web = await WebServer.start(lab, "server", SERVER, SERVER6);
});
after(async () => {
  await web?.stop();
  await lab?.down();
});

test("there is neither nftables nor policy routing", async () => {
  for (const node of ["a-switch", "b-switch"]) {
    assert.equal((await lab.exec(node, ["nft", "list", "ruleset"])).stdout, "");
    const { stdout } = await lab.exec(node, ["ip", "rule"]);
    assert.deepEqual(stdout.match(/lookup \S+/g), ["lookup local", "lookup main", "lookup default"]);
  }
});

test("client and server see each other's addresses and ports, and only the mover's UDP crosses the WAN", async () => {
  const hash = web.put("blob", 8_000_000);
  const capture = await Capture.start(lab, "b-router", "tcp");
  for (const { client, port, server } of FAMILIES) {
    const before = await carried(lab, "a");
    const said = "%{remote_ip} %{remote_port} %{local_ip} %{local_port}";
    const words = `curl -sS --local-port ${port} -o /dev/fd/3 -w '${said}' '${blobAt(server)}' 3>&1 >&2 | sha256sum`;
    const curl = await lab.exec("client", ["sh", "-c", words]);
    assert.equal(curl.stdout.split(" ")[0], hash, curl.stderr);
    assert.equal(curl.stderr, `${server} 80 ${client} ${port}`);
    assert.equal(web.log().at(-1), `${client}:${port} ${server}:80 /blob 200`);
    assert.equal(await carried(lab, "a"), before + 1);
  }
  await capture.stop();
  assert.deepEqual(capture.packets, []);
});

test("on the wire, the edge's address stands in for the server's at one site, and for the client's at the other", async () => {
  for (const { client, server, edges } of FAMILIES) {
    const family = server === SERVER ? "ip" : "ip6";
    const captures = await Promise.all(
      ["a", "b"].map((site) => Capture.start(lab, `${site}-switch`, `${family} and tcp`, "tpo0")),
    );
    assert.equal((await lab.exec("client", ["curl", "-sSo", "/dev/null", blobAt(server)])).status, 0);
    await until("packets at both", () => captures.every(({ packets }) => packets.length > 10));
    for (const capture of captures) await capture.stop();
    const [near, far] = captures.map(({ packets }) => packets);
    assert.deepEqual(others(near!, client, `${edges[0]}.4755`), []);
    assert.deepEqual(others(far!, edges[1], `${server}.80`), []);
  }
});

const blobAt = (server: string) => `http://${inUrl(server)}/blob`;

/** Packets that are of no connection from any port of an address to an end, as tcpdump writes it. */
function others(packets: readonly string[], from: string, to: string): string[] {
  const isPort = (end: string) => end.startsWith(`${from}.`) && !end.slice(from.length + 1).includes(".");
  return packets.filter((line) => {
    const [, source, destination] = / IP6? (\S+) > (\S+):/.exec(line)!;
    return !((isPort(source!) && destination === to) || (source === to && isPort(destination!)));
  });
}

test("one port of a client to several servers, from several clients at once: each to its own", async () => {
  const program = (address: string) => `
    for (const port of [9031, 9032, 9033]) net.createServer((s) => {
      s.end([s.remoteAddress, s.remotePort, "${address}", port].join(" "));
    }).listen(port, "${address}");`;
  const servers = ["10.2.0.11", "10.2.0.12"];
  const processes = servers.map((address, i) =>
    lab.spawn(`b-host${i + 1}`, [
      process.execPath,
      "-e",
      `const net = require("node:net");${program(address)}`,
    ]),
  );
  try {
    for (const i of [1, 2]) await listening(lab, `b-host${i}`, 9033);
    const before = await carried(lab, "a");
    const clients = ["10.1.0.11", "10.1.0.12"].map(async (own, i) => {
      const { stdout, stderr } = await script(
        lab,
        `a-host${i + 1}`,
        `let left = 120;
        for (let local = 41000; local < 41020; local++)
          for (const host of ["10.2.0.11", "10.2.0.12"])
            for (const port of [9031, 9032, 9033]) {
              let heard = "";
              net.connect({ host, port, localPort: local, localAddress: "${own}" })
                .on("data", (d) => { heard += d; })
                .on("error", (e) => console.log(e.code, local, host, port))
                .on("close", () => {
                  const wanted = ["${own}", local, host, port].join(" ");
                  if (heard !== wanted) console.log("heard", heard, "not", wanted);
                  if (--left === 0) console.log("all");
                });
            }`,
      );
      assert.equal(stdout.trim(), "all", stderr);
    });
    await Promise.all(clients);
    assert.equal(await carried(lab, "a"), before + 240);
  } finally {
    for (const server of processes) server.kill();
  }
});

test("a confirmed connection's refusal is the true one, and what answers is carried", async () => {
  for (const { server } of FAMILIES) {
    const refused = await script(
      lab,
      "client",
      `net.connect(81, "${server}").on("error", (e) => console.log(e.code));`,
    );
    assert.equal(refused.stdout.trim(), "ECONNREFUSED");
  }
  const application = lab.spawn("server", [
    process.execPath,
    "-e",
    `for (const own of ["${SERVER}", "${SERVER6}"])
      require("net").createServer((s) => s.end(s.remoteAddress)).listen(81, own);`,
  ]);
  try {
    await listening(lab, "server", 81);
    for (const { client, server } of FAMILIES) {
      const { stdout } = await script(
        lab,
        "client",
        `net.connect(81, "${server}").on("data", (d) => console.log(d + ""));`,
      );
      assert.equal(stdout.trim(), client);
    }
  } finally {
    application.kill();
  }
});

test("whoever addresses the edge itself is nobody", async () => {
  for (const { edges } of FAMILIES) {
    const { stdout } = await script(
      lab,
      "a-host2",
      `net.connect(4755, "${edges[0]}").on("error", (e) => console.log(e.code)).on("data", () => {});`,
    );
    assert.equal(stdout.trim(), "ECONNRESET");
  }
});

test("after the port has been made anew, new connections are carried again", async () => {
  const directory = `${lab.directory}/a`;
  const before = await carried(lab, "a");
  await lab.exec("a-switch", ["ovs-vsctl", `--db=unix:${directory}/db.sock`, "del-port", "tpo0"]);
  await until(
    "it is carried",
    async () => {
      await lab.exec("client", ["curl", "-sSo", "/dev/null", "--max-time", "2", `http://${SERVER}/blob`]);
      return (await carried(lab, "a")) > before;
    },
    30_000,
  );
});

test("killed, started and stopped, bridges and hosts are as they were found", async () => {
  await lab.plugin("a").kill();
  await lab.plugin("a").start();
  for (const site of ["a", "b"]) await lab.plugin(site).stop();
  assert.deepEqual(await dumps(), found);
});
